//! All updaters on all file systems, on several disks at once.

use std::{
    io::Write,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use untorn_format::Hash;

use super::{
    args::Args,
    boot::Boots,
    cuts::Cuts,
    judge::Judge,
    kills::Kills,
    line, made,
    place::Place,
    recipe::Recipe,
    table::{self, Log},
    tally::Tally,
    trees::Trees,
};
use crate::lab::{file_system::FileSystem, ground::Ground};

/// What is played.
pub(super) struct Campaign<'a> {
    pub(super) args: &'a Args,
    /// A directory of its own; the two builds are in it.
    pub(super) dir: &'a Path,
    pub(super) trees: &'a Trees,
    pub(super) recipes: Vec<Recipe>,
    /// What is done is written down at once.
    pub(super) log: Option<Log>,
}

/// An updater on a file system.
pub(super) struct Row {
    pub(super) recipe: Recipe,
    pub(super) version: String,
    /// Where: a file system, or that it was killed.
    pub(super) ground: &'static str,
    pub(super) tally: Tally,
    /// Recordings that are still to be made.
    left: u64,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) rows: Vec<Row>,
    /// What could not be played, and why.
    pub(super) failures: Vec<String>,
    pub(super) elapsed: Duration,
}

/// A recording to be made.
struct Task<'a> {
    row: usize,
    recipe: &'a Recipe,
    /// `None` where it is killed.
    fs: Option<&'static FileSystem>,
    number: u64,
}

impl Campaign<'_> {
    /// Plays everything.
    pub(super) fn play(&self) -> Outcome {
        let (began, boots) = (Instant::now(), Boots::new(self.dir));
        let deadline = self.args.time.and_then(|time| began.checked_add(time));
        let mut outcome = Outcome::default();
        let ready: Vec<&Recipe> = self.recipes.iter().filter(|recipe| self.set_up(recipe, &mut outcome)).collect();
        let tasks = self.tasks(&ready, &mut outcome);
        let (next, shared) = (AtomicUsize::new(0), Mutex::new(outcome));
        thread::scope(|scope| {
            for job in 0..self.args.jobs {
                let (next, shared, tasks, boots) = (&next, &shared, &tasks, &boots);
                scope.spawn(move || {
                    while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                            break;
                        }
                        let dir = self.dir.join(format!("{job}-{}-{}", task.row, task.number));
                        let played = self.round(task, job, &dir, deadline, boots);
                        drop(std::fs::remove_dir_all(&dir));
                        self.note(&mut lock(shared), task, played);
                    }
                });
            }
        });
        let mut outcome = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome.rows.retain(|row| row.tally.recordings > 0);
        // The time was over before they were done.
        let cut_short = outcome.rows.iter().filter(|row| row.left > 0);
        let failed: Vec<String> = cut_short.filter_map(|row| self.log.as_ref()?.row(row).err()).collect();
        outcome.failures.extend(failed);
        outcome.elapsed = began.elapsed();
        outcome
    }

    fn note(&self, outcome: &mut Outcome, task: &Task<'_>, played: Result<Tally, String>) {
        match played {
            Ok(tally) => outcome.rows[task.row].tally.add(tally),
            Err(why) => {
                let ground = outcome.rows[task.row].ground;
                self.fail(outcome, format!("{}, {ground}: {why}", task.recipe.name));
            }
        }
        let row = &mut outcome.rows[task.row];
        row.left -= 1;
        if row.left == 0 && row.tally.recordings > 0 {
            tell(&table::line(row));
            if let Some(Err(why)) = self.log.as_ref().map(|log| log.row(row)) {
                outcome.failures.push(why);
            }
        }
    }

    fn fail(&self, outcome: &mut Outcome, why: String) {
        tell(&format!("could not be played: {why}\n"));
        if let Some(Err(why)) = self.log.as_ref().map(|log| log.failure(&why)) {
            outcome.failures.push(why);
        }
        outcome.failures.push(why);
    }

    /// Runs its setup line; one that fails takes no part.
    fn set_up(&self, recipe: &Recipe, outcome: &mut Outcome) -> bool {
        let place = self.place(recipe, &self.dir.join("nowhere"));
        let setup = || {
            made(&place.work)?;
            if recipe.setup.is_empty() {
                Ok(String::new())
            } else {
                line::expect(&place, "setup", &recipe.setup, 3 * self.args.limit)
            }
        };
        setup().map_err(|why| self.fail(outcome, format!("{}: {why}", recipe.name))).is_ok()
    }

    fn place(&self, recipe: &Recipe, dir: &Path) -> Place {
        let work = self.dir.join("work").join(&recipe.name);
        let log = if dir.is_dir() { dir.join("said") } else { work.join("said") };
        Place::new(self.dir, &work, &dir.join("mounted"), log, &self.args.with)
    }

    /// The quiet recording of each row first.
    fn tasks<'a>(&self, recipes: &[&'a Recipe], outcome: &mut Outcome) -> Vec<Task<'a>> {
        let mut tasks = Vec::new();
        let there = self.args.file_systems.iter().copied().filter(|fs| fs.lacks().is_none()).map(Some);
        let grounds: Vec<Option<&'static FileSystem>> = if self.args.kills { vec![None] } else { there.collect() };
        for recipe in recipes {
            let version = self.version(recipe);
            for fs in &grounds {
                let ground = fs.map_or("kill -9", |fs| fs.name);
                let recordings = if fs.is_some() { self.args.recordings } else { 1 };
                outcome.rows.push(Row {
                    recipe: (*recipe).clone(),
                    version: version.clone(),
                    ground,
                    tally: Tally::default(),
                    left: recordings,
                });
                tasks.extend((0..recordings).map(|number| Task { row: outcome.rows.len() - 1, recipe, fs: *fs, number }));
            }
        }
        tasks
    }

    /// The first line of what it says of itself.
    fn version(&self, recipe: &Recipe) -> String {
        if recipe.version.is_empty() {
            return String::new();
        }
        let said = line::expect(&self.place(recipe, &self.dir.join("nowhere")), "version", &recipe.version, self.args.limit);
        said.ok()
            .and_then(|said| said.lines().find(|line| !line.is_empty()).map(|line| line.trim().to_owned()))
            .unwrap_or_default()
    }

    fn round(&self, task: &Task<'_>, job: usize, dir: &Path, deadline: Option<Instant>, boots: &Boots) -> Result<Tally, String> {
        made(dir)?;
        let (recipe, args) = (task.recipe, self.args);
        let judge = Judge { recipe, trees: self.trees, limit: args.limit };
        let place = self.place(recipe, dir);
        let states_max = args.states_max;
        let Some(fs) = task.fs else {
            return Kills { place, judge, kills_max: states_max, deadline }.play();
        };
        let image = fs.image(self.dir, job)?;
        let ground = Ground::new(fs, dir)?;
        let bystander = (task.number > 0).then_some(args.bystander);
        let seed = seed(args.seed, &recipe.name, fs.name, task.number);
        Cuts { ground, place, judge, boots, seed, states_max, deadline, bystander }.play(&image)
    }
}

/// Each recording has a choice of its own, and none has that of a campaign of `untorn-powercut` with the same number.
fn seed(seed: u64, recipe: &str, ground: &str, number: u64) -> u64 {
    let name = format!("torture {seed} {recipe} {ground} {number}");
    let bytes = Hash::of(name.as_bytes()).0;
    bytes[..8].try_into().map_or(seed, u64::from_le_bytes)
}

fn lock(outcome: &Mutex<Outcome>) -> MutexGuard<'_, Outcome> {
    outcome.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whoever listens no more does not end a campaign.
fn tell(text: &str) {
    drop(std::io::stdout().write_all(text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_recordings_have_the_same_choice_of_states() {
        let mut all: Vec<u64> = (0..200).collect();
        for recipe in ["untorn", "cp"] {
            for ground in ["xfs", "btrfs"] {
                all.extend((0..20).flat_map(|from| (0..5).map(move |number| seed(from, recipe, ground, number))));
            }
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
