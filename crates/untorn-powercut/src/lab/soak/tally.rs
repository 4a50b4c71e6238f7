//! What was counted.

use std::collections::BTreeMap;

/// Of one tree, or of all.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) rounds: u64,
    /// Updates that died of a kill, and recoveries that did.
    pub(super) kills: u64,
    pub(super) kills_in_recovery: u64,
    /// Recoveries that had something to do, by what they did.
    pub(super) recovered: BTreeMap<String, u64>,
    /// Updates that ended by themselves: success, or by the code of their message.
    pub(super) ends: BTreeMap<String, u64>,
    /// Rounds with two updaters, and with a game.
    pub(super) pairs: u64,
    pub(super) games: u64,
    /// Games that were told to come back later.
    pub(super) games_refused: u64,
    /// Rounds on a disk with nearly no space.
    pub(super) full: u64,
    pub(super) old: u64,
    pub(super) new: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.kills += other.kills;
        self.kills_in_recovery += other.kills_in_recovery;
        self.pairs += other.pairs;
        self.games += other.games;
        self.games_refused += other.games_refused;
        self.full += other.full;
        self.old += other.old;
        self.new += other.new;
        for (what, count) in other.recovered {
            *self.recovered.entry(what).or_default() += count;
        }
        for (code, count) in other.ends {
            *self.ends.entry(code).or_default() += count;
        }
    }

    /// Some lines for people.
    pub(super) fn text(&self, lost: usize, seconds: f64) -> String {
        let recovered: Vec<String> = self.recovered.iter().map(|(what, count)| format!("{what} {count}")).collect();
        let ends: Vec<String> = self.ends.iter().map(|(code, count)| format!("{code} {count}")).collect();
        format!(
            "{} rounds in {seconds:.0} s: {} updates killed, {} recoveries killed; recoveries: {}\n\
             updates that ended by themselves: {}\n\
             {} rounds with two updaters, {} with a game ({} games were refused), {} on a disk that was nearly full\n\
             the tree was the old one {} times, the new one {} times; {lost} lost\n",
            self.rounds,
            self.kills,
            self.kills_in_recovery,
            recovered.join(", "),
            ends.join(", "),
            self.pairs,
            self.games,
            self.games_refused,
            self.full,
            self.old,
            self.new
        )
    }
}
