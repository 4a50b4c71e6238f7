//! What was counted.

use super::trees::Found;

/// What came of one state.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    /// As it was found.
    pub(super) found: Found,
    /// After what the updater has for recovering; the same where it has nothing.
    pub(super) recovered: Found,
    /// After the updater was run once more, where it was not the new tree yet.
    pub(super) last: Found,
    /// Whether success had been reported.
    pub(super) was_done: bool,
    /// What was in the tree at the end and belongs to neither build.
    pub(super) left: Vec<String>,
    /// Lines that did not end.
    pub(super) hung: u64,
    /// What was wrong with the tree at the end, or as it was found; and with the program that should have mended it.
    pub(super) why: Option<String>,
}

/// Of all states.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) recordings: u64,
    pub(super) states: u64,
    /// The file system did not mount: its own affair.
    pub(super) unmountable: u64,
    /// As found.
    pub(super) old: u64,
    pub(super) new: u64,
    pub(super) mixed: u64,
    pub(super) damaged: u64,
    /// Of the torn: whole after what the updater has for recovering.
    pub(super) recovered: u64,
    /// Of the torn: whole after the updater was run once more.
    pub(super) repaired: u64,
    /// Torn at the end.
    pub(super) lost: u64,
    /// Whole, but it can no longer be updated.
    pub(super) stuck: u64,
    /// Success had been reported, and it is not the new tree, recovered or not.
    pub(super) early: u64,
    pub(super) leftovers: u64,
    pub(super) hung: u64,
    /// By one update without a power cut: bytes sent to the device in all, and flushes until success was reported.
    pub(super) written: Option<u64>,
    pub(super) flushes: Option<u64>,
    /// The first state that was lost, else of those that were torn.
    pub(super) example: Option<(bool, String)>,
}

impl Tally {
    pub(super) fn note(&mut self, judged: &Judged, name: &str) {
        self.states += 1;
        match judged.found {
            Found::Old => self.old += 1,
            Found::New => self.new += 1,
            Found::Mixed => self.mixed += 1,
            Found::Damaged => self.damaged += 1,
        }
        if judged.found.is_torn() && !judged.recovered.is_torn() {
            self.recovered += 1;
        } else if judged.found.is_torn() && judged.last == Found::New {
            self.repaired += 1;
        }
        let is_lost = judged.last != Found::New;
        self.lost += u64::from(judged.last.is_torn());
        self.stuck += u64::from(judged.last == Found::Old);
        self.early += u64::from(judged.was_done && judged.recovered != Found::New);
        self.leftovers += u64::from(!judged.left.is_empty());
        self.hung += judged.hung;
        let has_better = self.example.as_ref().is_some_and(|(was_lost, _)| *was_lost || !is_lost);
        if !has_better && let Some(why) = &judged.why {
            self.example = Some((is_lost, format!("{name}: {why}")));
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.recordings += other.recordings;
        self.states += other.states;
        self.unmountable += other.unmountable;
        self.old += other.old;
        self.new += other.new;
        self.mixed += other.mixed;
        self.damaged += other.damaged;
        self.recovered += other.recovered;
        self.repaired += other.repaired;
        self.lost += other.lost;
        self.stuck += other.stuck;
        self.early += other.early;
        self.leftovers += other.leftovers;
        self.hung += other.hung;
        self.written = self.written.or(other.written);
        self.flushes = self.flushes.or(other.flushes);
        let is_better = |(is_lost, _): &(bool, String)| self.example.as_ref().is_none_or(|(was_lost, _)| *is_lost && !was_lost);
        if other.example.as_ref().is_some_and(is_better) {
            self.example = other.example;
        }
    }

    /// Found torn.
    pub(super) fn torn(&self) -> u64 {
        self.mixed + self.damaged
    }

    /// Whether, after its own recovery, no tree was torn, none could not be updated, and what was said was true.
    pub(super) fn keeps_all(&self) -> bool {
        self.torn() == self.recovered && self.lost + self.stuck + self.early + self.hung == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(found: Found, recovered: Found, last: Found, was_done: bool) -> Judged {
        Judged { found, recovered, last, was_done, left: Vec::new(), hung: 0, why: Some(format!("{last:?}")) }
    }

    #[test]
    fn each_state_is_counted_for_what_became_of_it() {
        use Found::{Damaged, Mixed, New, Old};
        let mut tally = Tally::default();
        for (number, (found, recovered, last, was_done)) in [
            (Old, Old, New, false),
            (New, New, New, true),
            (Mixed, New, New, true),
            (Damaged, Damaged, New, true),
            (Mixed, Damaged, Damaged, false),
            (Old, Old, Old, true),
        ]
        .into_iter()
        .enumerate()
        {
            tally.note(&judged(found, recovered, last, was_done), &number.to_string());
            assert_eq!(tally.keeps_all(), number < 3, "{tally:?}");
        }
        let Tally { states, old, new, recovered, repaired, lost, stuck, early, .. } = tally;
        assert_eq!((states, old, new, tally.mixed + tally.damaged), (6, 2, 1, 3));
        assert_eq!((recovered, repaired, lost, stuck, early), (1, 1, 1, 1, 2));
        assert_eq!(tally.example, Some((true, "4: Damaged".into())));
    }
}
