//! One tree, and what is done to it, round after round.

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use untorn_sim::Rng;

use super::{
    arena::{Arena, GAME, said},
    full::Filler,
    process::{Fate, Running},
    tally::Tally,
    trouble::Trouble,
};
use crate::lab::look;

/// Another updater, or a program that uses the tree, holds it.
const BUSY: i32 = 30;
/// With `--exit-code`.
const NOTHING_TO_DO: i32 = 3;

/// Names beside the tree.
const BESIDE: &[&str] = &["tree", "filler", "lost+found"];

/// A tree at work.
pub(super) struct Site<'a> {
    arena: &'a Arena,
    /// The tree is in it.
    root: PathBuf,
    /// What programs say; not on a disk that is full.
    logs: PathBuf,
    rng: Rng,
    /// Whether it is the new build.
    is_new: bool,
    /// Takes the space away, where that is what is tried.
    filler: Option<Filler>,
    /// How long an update takes, and a recovery: kills are spread over that.
    update_takes: Duration,
    recovery_takes: Duration,
    pub(super) tally: Tally,
}

impl<'a> Site<'a> {
    /// The old build in `root`, under care.
    ///
    /// # Errors
    /// It cannot be put there.
    pub(super) fn new(arena: &'a Arena, root: &Path, logs: PathBuf, seed: u64, filler: Option<Filler>) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", root.display());
        std::fs::create_dir_all(root).and_then(|()| std::fs::create_dir_all(&logs)).map_err(failed)?;
        look::make(&root.join("tree"), &arena.old).map_err(failed)?;
        said(Command::new(&arena.program).arg("recover").arg(root.join("tree")), &logs)?;
        let takes = Duration::from_millis(200);
        let (rng, tally) = (Rng::new(seed), Tally::default());
        let root = root.to_owned();
        Ok(Self { arena, root, logs, rng, is_new: false, filler, update_takes: takes, recovery_takes: takes / 4, tally })
    }

    /// One round; afterwards the tree must be whole.
    ///
    /// # Errors
    /// What was not as promised.
    pub(super) fn round(&mut self) -> Result<(), Trouble> {
        self.tally.rounds += 1;
        if let Some(filler) = &self.filler {
            self.tally.full += 1;
            filler.fill(&mut self.rng)?;
        }
        let is_done = match self.rng.below(20) {
            0..3 => self.pair(),
            3..6 if self.arena.digests.is_some() => self.game_first(),
            6..8 if self.arena.digests.is_some() => self.game_after(),
            8..10 => self.alone(),
            _ => self.killed(),
        }?;
        self.settle(is_done)
    }

    fn tree(&self) -> PathBuf {
        self.root.join("tree")
    }

    /// Update to the other build. Going back is either.
    fn update(&mut self, may_roll_back: bool) -> Command {
        let mut command = Command::new(&self.arena.program);
        command.current_dir(&self.arena.dir);
        if self.is_new && may_roll_back && self.rng.below(2) == 0 {
            command.arg("rollback").arg(self.tree());
            return command;
        }
        let way = ["auto", "put", "patch", "clone"][usize::try_from(self.rng.below(4)).unwrap_or(0)];
        command.args(["apply", if self.is_new { "back" } else { "there" }]).arg(self.tree()).args(["--unsigned", "--way", way]);
        if self.rng.below(2) == 0 {
            command.arg("--no-undo");
        }
        command
    }

    fn start(&self, command: &mut Command, name: &str) -> Result<Running, String> {
        Running::start(command, self.logs.join(name))
    }

    /// An update by itself, to its end.
    fn alone(&mut self) -> Result<bool, Trouble> {
        let began = Instant::now();
        let mut command = self.update(true);
        let fate = self.start(&mut command, "update")?.wait()?;
        if fate.code == Some(0) {
            self.update_takes = (self.update_takes + began.elapsed()) / 2;
        }
        Ok(self.note(&fate))
    }

    /// An update that is killed, and now and then the recovery from that, and the next.
    fn killed(&mut self) -> Result<bool, Trouble> {
        let mut command = self.update(true);
        let pause = self.pause(self.update_takes);
        let fate = self.start(&mut command, "update")?.kill_after(pause)?;
        let is_done = self.note(&fate);
        for _ in 0..self.rng.below(3) {
            let pause = self.pause(self.recovery_takes);
            let mut recover = self.recover();
            let fate = self.start(&mut recover, "recover")?.kill_after(pause)?;
            self.tally.kills_in_recovery += u64::from(fate.code.is_none());
        }
        Ok(is_done)
    }

    /// Two updaters at once, of which one may be killed.
    fn pair(&mut self) -> Result<bool, Trouble> {
        self.tally.pairs += 1;
        let (mut one, mut other) = (self.update(false), self.update(false));
        let pause = self.pause(self.update_takes);
        let is_kill = self.rng.below(2) == 0;
        let first = self.start(&mut one, "one")?;
        thread::sleep(pause / 4);
        let second = self.start(&mut other, "other")?;
        let first = if is_kill { first.kill_after(pause)? } else { first.wait()? };
        let second = second.wait()?;
        Ok(self.note(&first) | self.note(&second))
    }

    /// A game holds the tree while an update is tried.
    fn game_first(&mut self) -> Result<bool, Trouble> {
        self.tally.games += 1;
        let hold = Duration::from_millis(20 + self.rng.below(300));
        let game = self.game(hold)?;
        while game.is_running() && !game.said().contains('\n') {
            thread::sleep(Duration::from_millis(1));
        }
        let mut command = self.update(true);
        let update = self.start(&mut command, "update")?;
        let fate = if self.rng.below(2) == 0 {
            let pause = self.pause(self.update_takes);
            update.kill_after(pause)?
        } else {
            update.wait()?
        };
        if fate.code == Some(0) && game.is_running() {
            return Err(Trouble::Lost(format!("an update succeeded while a game held the tree: {}", fate.said.trim())));
        }
        let seen = game.wait()?;
        self.judge_game(&seen)?;
        Ok(self.note(&fate))
    }

    /// A game starts right after an update was killed.
    fn game_after(&mut self) -> Result<bool, Trouble> {
        self.tally.games += 1;
        let mut command = self.update(true);
        let pause = self.pause(self.update_takes);
        let fate = self.start(&mut command, "update")?.kill_after(pause)?;
        let seen = self.game(Duration::ZERO)?.wait()?;
        self.judge_game(&seen)?;
        Ok(self.note(&fate))
    }

    fn game(&self, hold: Duration) -> Result<Running, String> {
        let mut command = Command::new(&self.arena.program);
        command.arg("run").arg(self.tree()).args(["--", "python3", "-c", GAME]);
        command.arg(self.tree()).arg(hold.as_secs_f64().to_string());
        self.start(&mut command, "game")
    }

    /// What it mapped, what was in the maps later, and what it read then, is one and the same build.
    fn judge_game(&mut self, seen: &Fate) -> Result<(), Trouble> {
        if seen.code == Some(BUSY) {
            self.tally.games_refused += 1;
            return Ok(());
        }
        let words: Vec<&str> = seen.said.split_whitespace().collect();
        let (old, new) = self.arena.digests.as_ref().ok_or_else(|| Trouble::Laboratory("there is no game".into()))?;
        match (seen.code, &words[..]) {
            (Some(0), ["mapped", one, "held", two, three])
                if one == two && two == three && [old, new].contains(&&(*one).to_owned()) =>
            {
                Ok(())
            }
            _ => Err(Trouble::Lost(format!("a game saw a tree that changed, or is neither build: {seen:?}"))),
        }
    }

    fn recover(&self) -> Command {
        let mut command = Command::new(&self.arena.program);
        command.args(["recover", "--json", "--exit-code"]).arg(self.tree());
        command
    }

    /// Somewhere in the time that it takes, or a little later.
    fn pause(&mut self, takes: Duration) -> Duration {
        let micros = u64::try_from(takes.as_micros()).unwrap_or(u64::MAX);
        // What is decided is done quickly, at the end: every other kill is meant for that.
        let first = if self.rng.below(2) == 0 { 0 } else { micros / 2 };
        Duration::from_micros(first + self.rng.below(micros + micros / 4 + 1 - first))
    }

    /// Counts it; whether it reported success.
    fn note(&mut self, fate: &Fate) -> bool {
        match fate.code {
            None => self.tally.kills += 1,
            Some(code) => *self.tally.ends.entry(end(code, &fate.said)).or_default() += 1,
        }
        fate.code == Some(0)
    }

    /// Opens the tree undisturbed, twice, and looks.
    fn settle(&mut self, is_done: bool) -> Result<(), Trouble> {
        let began = Instant::now();
        let first = self.start(&mut self.recover(), "recover")?.wait()?;
        let answer: Value = serde_json::from_str(&first.said).unwrap_or_default();
        let what = answer["result"]["recovery"].as_str().unwrap_or("").to_owned();
        if !matches!(first.code, Some(0 | NOTHING_TO_DO)) || what.is_empty() {
            return Err(Trouble::Lost(format!("recovery ends with {:?}: {}", first.code, first.said.trim())));
        }
        if what != "clean" {
            self.recovery_takes = (self.recovery_takes + began.elapsed()) / 2;
            *self.tally.recovered.entry(what).or_default() += 1;
        }
        let now = look::snapshot(&self.tree()).map_err(|error| Trouble::Lost(format!("the tree cannot be read: {error}")))?;
        let was_new = self.is_new;
        self.is_new = now == self.arena.new;
        if !self.is_new && now != self.arena.old {
            return Err(Trouble::Lost(format!(
                "the tree is neither build; from the new one: {}",
                look::difference(&self.arena.new, &now)
            )));
        }
        if is_done && self.is_new == was_new {
            return Err(Trouble::Lost("success was reported, and the tree is the one before".into()));
        }
        self.tally.new += u64::from(self.is_new);
        self.tally.old += u64::from(!self.is_new);
        let second = self.start(&mut self.recover(), "recover")?.wait()?;
        if second.code != Some(NOTHING_TO_DO) {
            return Err(Trouble::Lost(format!("a second recovery ends with {:?}: {}", second.code, second.said.trim())));
        }
        match look::leftover(&self.root, BESIDE, None) {
            Ok(None) => Ok(self.filler.as_ref().map_or(Ok(()), Filler::empty)?),
            Ok(Some(name)) => Err(Trouble::Lost(format!("left behind: {name}"))),
            Err(error) => Err(Trouble::Lost(format!("the state directory: {error}"))),
        }
    }
}

/// How it ended: the code of its message, where it failed.
fn end(code: i32, said: &str) -> String {
    let of_message = said.split_once("[UNT-").and_then(|(_, rest)| rest.split(']').next());
    match (code, of_message) {
        (0, _) => "success".into(),
        (_, Some(name)) => format!("UNT-{name}"),
        (code, None) => format!("exit {code}"),
    }
}
