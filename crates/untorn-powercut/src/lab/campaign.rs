//! Rounds, on several disks at once, until the time is over.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    file_system::FileSystem,
    finding::Finding,
    ground::Ground,
    media_errors::Tally,
    round::{Count, Limits, Round},
    workload::Workshop,
};

/// How often it says how far it is.
const REPORT_EVERY: Duration = Duration::from_secs(30);

/// So many rounds that could not be played end it: the machine is not fit for this.
const FAILURES_MAX: usize = 5;

/// What is played: each of these on each file system, in turn. A round is a number, and a campaign those from `seed` on: two that have no number in common have no round in common, and
/// so no state.
pub(super) struct Campaign<'a> {
    pub(super) workshop: &'a Workshop,
    pub(super) program: &'a Path,
    /// A directory of its own.
    pub(super) dir: &'a Path,
    pub(super) keep: Option<&'a Path>,
    pub(super) file_systems: Vec<&'static FileSystem>,
    pub(super) workloads: Vec<String>,
    pub(super) seed: u64,
    pub(super) limits: Limits,
    pub(super) jobs: usize,
    /// Whether the disk fails instead of the power.
    pub(super) is_media: bool,
}

/// What came of a round.
type Played = (Count, Vec<Finding>, Tally);

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// By file system.
    pub(super) counts: BTreeMap<&'static str, Count>,
    /// By workload and file system: how many states were judged, and in how many a promise was broken.
    pub(super) broken: BTreeMap<(String, &'static str), (u64, u64)>,
    pub(super) findings: Vec<Finding>,
    /// What errors of the disk came to.
    pub(super) tally: Tally,
    /// Rounds that could not be played, and why.
    pub(super) failures: Vec<String>,
    pub(super) elapsed: Duration,
    /// How many numbers were played; the next campaign begins behind them.
    pub(super) rounds: u64,
    reported: Option<Instant>,
}

impl Campaign<'_> {
    /// Plays until the deadline; without one, each workload once on each file system.
    pub(super) fn play(&self) -> Outcome {
        let began = Instant::now();
        let (next, outcome) = (AtomicUsize::new(0), Mutex::new(Outcome::default()));
        thread::scope(|scope| {
            for job in 0..self.jobs {
                let (next, outcome) = (&next, &outcome);
                scope.spawn(move || self.work(job, next, outcome, began));
            }
        });
        let mut outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome.elapsed = began.elapsed();
        outcome
    }

    fn work(&self, job: usize, next: &AtomicUsize, outcome: &Mutex<Outcome>, began: Instant) {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let is_over = match self.limits.deadline {
                Some(deadline) => Instant::now() >= deadline,
                None => number >= self.file_systems.len() * self.workloads.len(),
            };
            if is_over || lock(outcome).failures.len() >= FAILURES_MAX {
                return;
            }
            let seed = self.seed.wrapping_add(number as u64);
            let (fs, name) = self.turn(seed);
            let dir = self.dir.join(format!("{job}-{number}"));
            let played = self.round(fs, name, seed, job, &dir);
            drop(std::fs::remove_dir_all(&dir));
            let mut outcome = lock(outcome);
            outcome.rounds = outcome.rounds.max(number as u64 + 1);
            self.note(&mut outcome, played, fs, name, began);
        }
    }

    /// Whose turn it is in the round of this number.
    fn turn(&self, seed: u64) -> (&'static FileSystem, &str) {
        let at = |number: u64, len: usize| usize::try_from(number % len as u64).unwrap_or(0);
        let fs = self.file_systems[at(seed, self.file_systems.len())];
        (fs, &self.workloads[at(seed / self.file_systems.len() as u64, self.workloads.len())])
    }

    fn round(&self, fs: &'static FileSystem, name: &str, seed: u64, job: usize, dir: &Path) -> Result<Played, String> {
        let image = fs.image(self.dir, job)?;
        let workload = self.workshop.workload(name, seed)?;
        let limits = Limits { nested_max: if workload.is_control { 0 } else { self.limits.nested_max }, ..self.limits.clone() };
        let (ground, count) = (Ground::new(fs, dir)?, Count::default());
        let (program, keep, findings) = (self.program, self.keep, Vec::new());
        let tally = Tally::default();
        let mut round = Round { ground, workload: &workload, program, seed, limits: &limits, keep, count, findings, tally };
        let played = if self.is_media { round.play_media(&image) } else { round.play(&image) };
        played.map_err(|why| format!("{}, {}, seed {seed}: {why}", fs.name, workload.name))?;
        Ok((round.count, round.findings, round.tally))
    }

    fn note(&self, outcome: &mut Outcome, played: Result<Played, String>, fs: &'static FileSystem, name: &str, began: Instant) {
        match played {
            Ok((count, findings, tally)) => {
                for finding in &findings {
                    println!("{finding}");
                }
                let (states, broken) = outcome.broken.entry((name.to_owned(), fs.name)).or_default();
                (*states, *broken) = (*states + count.states, *broken + count.broken);
                outcome.counts.entry(fs.name).or_default().add(&count);
                outcome.findings.extend(findings);
                outcome.tally.join(&tally);
            }
            Err(why) => {
                println!("could not be played: {why}");
                outcome.failures.push(why);
            }
        }
        if outcome.reported.unwrap_or(began).elapsed() >= REPORT_EVERY {
            outcome.reported = Some(Instant::now());
            let mut all = Count::default();
            outcome.counts.values().for_each(|count| all.add(count));
            let seconds = began.elapsed().as_secs_f64();
            println!(
                "{seconds:.0} s: {} recordings, {} states ({} in recovery), {:.0} a second, {} unmountable, {} findings",
                all.recordings,
                all.states,
                all.nested,
                all.states as f64 / seconds,
                all.unmountable,
                outcome.findings.len()
            );
        }
    }
}

fn lock(outcome: &Mutex<Outcome>) -> MutexGuard<'_, Outcome> {
    outcome.lock().unwrap_or_else(PoisonError::into_inner)
}
