//! A disk that fails instead of a power cut: errors of writes and flushes at each moment of an update, and rot in what untorn keeps.

use std::{
    fs,
    ops::RangeInclusive,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use untorn_sim::Rng;

use super::{
    look,
    oracle::{Oracle, Verdict},
    round::Round,
    state::{Event, State, states},
    workload::{Step, arguments},
};

/// Workloads of one command each, which say what became of the tree when they fail.
pub(super) const WORKLOADS: &[&str] = &["apply-put", "apply-patch", "apply-signed", "rollback", "update", "write", "repair"];

/// The workload whose state rots: every staged file of it is checked whole.
const ROTTEN: &str = "apply-put";

/// So many moments of each workload are tried, each four times.
const MOMENTS_MAX: usize = 24;

/// So many states rot.
const ROTTEN_MAX: usize = 80;

/// One error of the disk.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// Of the writes and flushes so many succeed before it.
    after: usize,
    /// Whether all later ones fail, too, until the command ends.
    lasts: bool,
    /// Whether the tree is opened again before it is unmounted, with the page cache as the error left it.
    keeps_cache: bool,
}

impl Round<'_> {
    /// Fails the disk at moments of the workload, then lets it rot.
    ///
    /// # Errors
    /// As [`Round::play`].
    pub(super) fn play_media(&mut self, image: &Path) -> Result<(), String> {
        let before = self.prepare(image)?;
        let (events, _) = self.record(before)?;
        self.count.recordings += 1;
        let mut rng = Rng::new(self.seed);
        for after in moments(&events, &mut rng) {
            for (lasts, keeps_cache) in [(false, false), (false, true), (true, false), (true, true)] {
                if self.is_over() {
                    return Ok(());
                }
                self.fail(Moment { after, lasts, keeps_cache })?;
            }
        }
        if self.workload.name == ROTTEN {
            for state in states(&events, self.seed, ROTTEN_MAX) {
                if self.is_over() {
                    return Ok(());
                }
                self.rot(&state, &mut rng)?;
            }
        }
        Ok(())
    }

    fn fail(&mut self, moment: Moment) -> Result<(), String> {
        let start = State { flushed: 0, kept: Vec::new(), torn: None, done: 0 };
        self.ground.disk.cut(&start)?;
        self.ground.mount()?;
        self.ground.disk.fail(moment.after, if moment.lasts { usize::MAX } else { 1 })?;
        let ended = self.command()?;
        let failed = self.ground.disk.failed()?;
        self.ground.disk.fail(0, 0)?;
        let what = format!("{moment:?}, {failed} failed: exit {:?}: {}", ended.0, ended.1);
        let verdict = match allowed(ended.0, &ended.1) {
            // Who cannot even say so has changed nothing that the next opening does not put right.
            _ if failed == 0 && ended.0 != Some(0) => Verdict::Broken("it failed, and the disk did not".into()),
            Err(why) => Verdict::Broken(why),
            Ok(allowed) => self.restart(moment, allowed)?,
        };
        if self.ground.is_mounted() {
            self.ground.unmount()?;
        }
        self.note_media(verdict, &what)
    }

    /// Opens the tree after an error.
    fn restart(&mut self, moment: Moment, mut allowed: RangeInclusive<usize>) -> Result<Verdict, String> {
        if moment.keeps_cache {
            let mut command = Command::new(self.program);
            let ended = self.ground.run(command.args(["recover", "--json"]).arg(self.ground.tree()))?;
            // A file system that stopped is for the next mount.
            if ended.code == Some(0) {
                let now = look::snapshot(&self.ground.tree()).map_err(|error| format!("the tree: {error}"))?;
                let Some(found) = allowed.clone().find(|number| self.workload.trees.get(*number) == Some(&now)) else {
                    return Ok(Verdict::Broken("recovered without unmounting, the tree is none that it may be".into()));
                };
                allowed = found..=found;
            }
        }
        if let Err(why) = self.ground.unmount() {
            return Ok(Verdict::Broken(why));
        }
        let oracle = Oracle { workload: self.workload, program: self.program, used_max: u64::MAX };
        oracle.judge(&mut self.ground, allowed, |_| Ok(()))
    }

    /// The step, with its answer as a document.
    fn command(&mut self) -> Result<(Option<i32>, String), String> {
        let Some(Step::Untorn(words)) = self.workload.steps.first() else { return Err("no command to fail".into()) };
        let mut command = Command::new(self.program);
        command.args(arguments(words, &self.ground.tree())).arg("--json").current_dir(&self.workload.dir);
        let ended = self.ground.run(&mut command)?;
        Ok((ended.code, ended.said.trim().to_owned()))
    }

    /// A bit of the state directory flips. The tree is one of the two all the same, or the program refuses, and can repair it.
    fn rot(&mut self, state: &State, rng: &mut Rng) -> Result<(), String> {
        self.ground.disk.cut(state)?;
        if let Err(why) = self.ground.mount() {
            return self.note_media(Verdict::Unmountable(why.into()), "rot");
        }
        let flipped = flip(&self.ground.tree().join(look::STATE), rng).map_err(|error| format!("rot: {error}"))?;
        self.ground.unmount()?;
        let Some(flipped) = flipped else { return Ok(()) };
        self.ground.mount()?;
        let mut command = Command::new(self.program);
        let ended = self.ground.run(command.args(["recover", "--json"]).arg(self.ground.tree()))?;
        let verdict = if ended.code == Some(0) { self.whole(state) } else { self.mended(&ended.said)? };
        self.ground.unmount()?;
        self.note_media(verdict, &format!("state {state}, {flipped}"))
    }

    fn whole(&self, state: &State) -> Verdict {
        let Ok(now) = look::snapshot(&self.ground.tree()) else { return Verdict::Broken("the tree cannot be read".into()) };
        let mut allowed = state.done..=state.done + 1;
        let found = allowed.find(|number| self.workload.trees.get(*number) == Some(&now));
        found.map_or_else(|| Verdict::Broken("the tree is none that it may be, and recovery succeeded".into()), Verdict::Tree)
    }

    /// A journal that cannot be understood is refused by its name, and repair makes the new build of the tree.
    fn mended(&mut self, said: &str) -> Result<Verdict, String> {
        let document: Value = serde_json::from_str(said).unwrap_or_default();
        let code = document["error"]["code"].as_str().unwrap_or_default();
        if code != "UNT-JOURNAL-DAMAGED" && code != "UNT-JOURNAL-NEWER" {
            return Ok(Verdict::Broken(format!("recovery fails with {said}")));
        }
        let mut command = Command::new(self.program);
        command.args(["repair", "--json", "--from", "new"]).arg(self.ground.tree()).current_dir(&self.workload.dir);
        let ended = self.ground.run(&mut command)?;
        let now = look::snapshot(&self.ground.tree()).map_err(|error| format!("the tree: {error}"))?;
        let new = self.workload.trees.len() - 1;
        // What stands beside the build is not touched.
        let is_whole = self.workload.trees[new].0.iter().all(|(path, entry)| now.0.get(path) == Some(entry));
        let is_mended = ended.code == Some(0) && is_whole;
        Ok(if is_mended { Verdict::Tree(new) } else { Verdict::Broken(format!("repair does not help: {}", ended.said.trim())) })
    }
}

/// Moments between the mark of the beginning and that of the end.
fn moments(events: &[Event], rng: &mut Rng) -> Vec<usize> {
    let work = events.split(|event| *event == Event::Mark).nth(1).unwrap_or_default();
    let mut all: Vec<usize> = (0..work.len()).collect();
    while all.len() > MOMENTS_MAX {
        let gone = usize::try_from(rng.below(all.len() as u64)).unwrap_or(0);
        all.remove(gone);
    }
    all
}

/// Which trees the answer leaves open.
fn allowed(code: Option<i32>, said: &str) -> Result<RangeInclusive<usize>, String> {
    let document: Value = serde_json::from_str(said).unwrap_or_default();
    match (code, document["error"]["tree"].as_str()) {
        (Some(0), _) | (Some(_), Some("will-complete" | "new")) => Ok(1..=1),
        (Some(_), Some("unchanged")) => Ok(0..=0),
        (Some(_), Some("in-doubt" | "not-understood")) => Ok(0..=1),
        // Killed by a fault while it was loaded.
        (None | Some(127), _) => Ok(0..=1),
        (code, _) => Err(format!("it ended with {code:?} and did not say what became of the tree")),
    }
}

/// Flips a bit of a file below `dir` that is not empty, behind the back of its times. Says which.
fn flip(dir: &Path, rng: &mut Rng) -> std::io::Result<Option<String>> {
    let mut files = Vec::new();
    collect(dir, &mut files)?;
    files.sort();
    if files.is_empty() {
        return Ok(None);
    }
    let path = &files[usize::try_from(rng.below(files.len() as u64)).unwrap_or(0)];
    let file = fs::OpenOptions::new().read(true).write(true).open(path)?;
    let metadata = file.metadata()?;
    // Records stand at the beginning of their slots.
    let len = if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("slot")) { 512 } else { metadata.len() };
    let at = rng.below(len.min(metadata.len()));
    let mut byte = [0; 1];
    file.read_exact_at(&mut byte, at)?;
    byte[0] ^= 1 << rng.below(8);
    file.write_all_at(&byte, at)?;
    file.set_modified(metadata.modified()?)?;
    Ok(Some(format!("byte {at} of {}", path.strip_prefix(dir).unwrap_or(path).display())))
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else if entry.metadata()?.len() > 0 && entry.metadata()?.nlink() == 1 {
            // One with a second name is a file of the tree that moves: it is not read, so it is not checked, and not promised to be.
            files.push(entry.path());
        }
    }
    Ok(())
}
