//! `kill -9` at calls into the kernel, the page cache kept.

use std::{fs, path::Path, time::Instant};

use untorn_strace::{CALLS, Injection, WRITES, count_in_one, each};

use super::{
    judge::Judge,
    line::{self, Said},
    place::Place,
    tally::Tally,
};

/// An updater killed at its calls.
pub(super) struct Kills<'a> {
    pub(super) place: Place,
    pub(super) judge: Judge<'a>,
    /// At most so many of its calls, evenly spread.
    pub(super) kills_max: usize,
    pub(super) deadline: Option<Instant>,
}

impl Kills<'_> {
    /// Installs, kills, judges, for each call.
    ///
    /// # Errors
    /// What keeps it from being tried at all.
    pub(super) fn play(&self) -> Result<Tally, String> {
        let calls: Vec<&str> = CALLS.iter().chain(WRITES).copied().collect();
        let shell = self.place.fill(&self.judge.recipe.update);
        self.install()?;
        let counts = count_in_one(Path::new("sh"), &["-e", "-c", &shell], &self.place.work, &calls)?;
        let all: Vec<(String, usize)> = each(&counts).collect();
        let stride = all.len().div_ceil(self.kills_max.max(1)).max(1);
        let mut tally = Tally { recordings: 1, ..Tally::default() };
        for (call, number) in all.into_iter().step_by(stride) {
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                break;
            }
            self.install()?;
            let injection = Injection { call, number, what: "signal=KILL".into(), sticky: false };
            let name = format!("{} {}", injection.call, injection.number);
            let strace = [vec!["strace".to_owned()], injection.options()].concat();
            let words = [strace, ["sh", "-e", "-c", &shell].map(str::to_owned).into()].concat();
            let was_done = match line::words(&self.place, &words, self.judge.limit)? {
                Said::Ended(ended) => self.judge.is_success(ended.code, &ended.said),
                Said::Hung => {
                    tally.hung += 1;
                    false
                }
            };
            tally.note(&self.judge.judge(&self.place, was_done)?, &name);
        }
        Ok(tally)
    }

    /// Everything on the stand-in for a disk anew.
    fn install(&self) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.place.disk.display());
        if self.place.disk.exists() {
            fs::remove_dir_all(&self.place.disk).map_err(failed)?;
        }
        fs::create_dir_all(&self.place.disk).map_err(failed)?;
        line::expect(&self.place, "install", &self.judge.recipe.install, self.judge.limit).map(drop)
    }
}
