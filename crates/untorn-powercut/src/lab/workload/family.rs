//! The workloads that there are.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use untorn_sim::Snapshot;

use super::{Step, Workload, act, builds::builds, len, low_disk, random, untorn};
use crate::lab::{
    act::{MISTAKES, TRANSACTION},
    child, look,
};

/// A tree, its twin in the stage, what is kept to go back and what the file system needs must fit on the smallest disk.
const GAME_LEN_MAX: u64 = 12 << 20;

/// Those of the program. `update` and what follows it need a store.
const PROGRAM: &[&str] = &[
    "apply",
    "apply-put",
    "apply-patch",
    "apply-clone",
    "apply-signed",
    "apply-rollback",
    "rollback",
    "repair",
    "write",
    "first",
    "update",
    "update-rollback",
    "repair-store",
    "low-disk",
    "low-disk-full",
];

/// Those of the library only: whole trees are switched by no command yet.
const LIBRARY: &[&str] = &["switch", "switch-back"];

/// Mistakes that no power cut shows here: three that need a sync that fails, one that leaves a wrong tree without a cut, and two that these file systems forgive.
const NOT_BY_CUTS: &[&str] = &[
    "a-failed-decision-not-taken-back",
    "a-failed-sync-tried-again",
    "a-failed-sync-passed-over",
    "a-short-write-taken-for-whole",
    "b0-dropped",
    "the-ruling-record-overwritten",
];

/// So many different random transactions for each pass over all workloads.
const RANDOM: usize = 16;

/// What workloads are made of, on the ordinary disk: builds, patches, keys, a store.
pub(in crate::lab) struct Workshop {
    dir: PathBuf,
    old: Snapshot,
    new: Snapshot,
    /// A real update.
    game: Option<(Snapshot, Snapshot)>,
    /// An update in steps, with all that is between; made when it is first asked for.
    low_disk: OnceLock<Result<Vec<Snapshot>, String>>,
    program: PathBuf,
}

impl Workshop {
    /// Makes everything in `dir`.
    pub(in crate::lab) fn new(dir: &Path, program: &Path, game: Option<&(PathBuf, PathBuf)>) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", dir.display());
        std::fs::create_dir_all(dir).map_err(failed)?;
        let (old, new) = builds();
        for (name, tree) in [("old", &old), ("new", &new)] {
            look::make(&dir.join(name), tree).map_err(failed)?;
        }
        let lines = "{\"file\":\"data/pak\",\"at\":1000,\"data\":\"written\"}\n{\"file\":\"text\",\"at\":4,\"data\":\"TEXT\"}\n{\"file\":\"log/new\",\"at\":0,\"data\":\"first\"}\n";
        std::fs::write(dir.join("lines"), lines).map_err(failed)?;
        let signing = ["--key", "keys/game.key", "--root", "keys/game.1.root"];
        let mut commands = vec![
            vec!["diff", "old", "new", "-o", "patch"],
            vec!["key", "new", "keys", "--product", "game", "--no-password"],
            [&["diff", "old", "new", "-o", "signed", "--build", "2"][..], &signing].concat(),
            [&["publish", "old", "store"][..], &signing].concat(),
        ];
        let game = game.map(|(old, new)| Self::game(dir, old, new)).transpose()?;
        if game.is_some() {
            commands.push(vec!["diff", "game-old", "game-new", "-o", "game-patch"]);
        }
        commands.iter().try_for_each(|words| untorn_in(dir, program, words))?;
        // The store before its second release: published anew it would be another one, whose documents say another time.
        let first = look::snapshot(&dir.join("store")).map_err(failed)?;
        look::make(&dir.join("first-store"), &first).map_err(failed)?;
        untorn_in(dir, program, &[&["publish", "new", "store"][..], &signing].concat())?;
        let (dir, program) = (dir.to_owned(), program.to_owned());
        Ok(Self { dir, old, new, game, low_disk: OnceLock::new(), program })
    }

    /// Copies of two builds of somebody's.
    fn game(dir: &Path, old: &Path, new: &Path) -> Result<(Snapshot, Snapshot), String> {
        let copy = |from: &Path, name: &str| {
            let tree = look::snapshot(from).map_err(|error| format!("{}: {error}", from.display()))?;
            if len(&tree) > GAME_LEN_MAX {
                return Err(format!("{}: more than {} MiB; take a part of it", from.display(), GAME_LEN_MAX >> 20));
            }
            look::make(&dir.join(name), &tree).map_err(|error| format!("{name}: {error}"))?;
            Ok(tree)
        };
        Ok((copy(old, "game-old")?, copy(new, "game-new")?))
    }

    /// The names of all, in the order in which they are tried; those of a pass differ in their random transactions.
    pub(in crate::lab) fn names(&self) -> Vec<String> {
        let game = self.game.iter().flat_map(|_| ["game", "game-put"]);
        let program = PROGRAM.iter().copied().chain(LIBRARY.iter().copied()).chain(game).map(str::to_owned);
        let mut single = random::single().into_iter();
        let mut names = Vec::new();
        for name in program {
            names.push(name);
            names.extend(single.by_ref().take(2));
            names.push("random".into());
        }
        names.extend(single);
        names.extend(vec!["random".into(); RANDOM]);
        names
    }

    /// The names of the mistakes that a power cut can show.
    pub(in crate::lab) fn controls() -> Vec<String> {
        let shown = MISTAKES.iter().filter(|(name, _)| !NOT_BY_CUTS.contains(name));
        shown.map(|(name, _)| format!("mistake/{name}")).collect()
    }

    /// The workload of that name; `random` depends on the seed.
    pub(in crate::lab) fn workload(&self, name: &str, seed: u64) -> Result<Workload, String> {
        if name == "random" {
            return random::of_seed(seed);
        }
        if let Some(mistake) = name.strip_prefix("mistake/") {
            return self.control(name, mistake);
        }
        if name.contains('/') {
            return random::named(name);
        }
        if low_disk::NAMES.contains(&name) {
            return self.low_disk(name);
        }
        self.program(name).ok_or_else(|| format!("there is no workload {name:?}"))
    }

    /// Several files, in place and by name; the recovery is the program's own.
    fn control(&self, name: &str, mistake: &str) -> Result<Workload, String> {
        let transaction = TRANSACTION;
        let mut workload = random::named(transaction)?;
        if !mistake.starts_with("none") {
            workload.is_control = true;
        }
        if mistake == "b0-dropped" {
            // The directory comes under care with it.
            workload.prepare.clear();
        }
        workload.steps = vec![act(&["{tree}", transaction, mistake])];
        workload.name = name.into();
        workload.dir.clone_from(&self.dir);
        Ok(workload)
    }

    fn program(&self, name: &str) -> Option<Workload> {
        let (old, new) = (&self.old, &self.new);
        let apply = |patch: &str, more: &[&str]| untorn(&[&["apply", patch, "{tree}"], more].concat());
        let unsigned = |more: &[&str]| apply("patch", &[&["--unsigned"], more].concat());
        let install = untorn(&["install", "first-store", "{tree}", "--trust", "keys/game.1.root"]);
        let update = untorn(&["update", "{tree}", "--from", "store"]);
        let rollback = untorn(&["rollback", "{tree}"]);
        let recover = untorn(&["recover", "{tree}"]);
        let damage = vec![
            Step::Damage { path: "data/pak", at: 5000, bytes: b"rotten" },
            Step::Damage { path: "text", at: 1, bytes: b"?" },
        ];
        let damaged = damaged(new, &damage);
        let then = |prepare: &[Step], steps: &[Step], trees: &[&Snapshot]| {
            Some(self.made(name, old, prepare.to_vec(), steps.to_vec(), trees))
        };
        match name {
            "apply" => then(&[], &[unsigned(&[])], &[old, new]),
            "apply-put" => then(&[recover], &[unsigned(&["--way", "put", "--no-undo"])], &[old, new]),
            "apply-patch" => then(&[recover], &[unsigned(&["--way", "patch"])], &[old, new]),
            "apply-clone" => then(&[recover], &[unsigned(&["--way", "clone"])], &[old, new]),
            "apply-signed" => then(&[recover], &[apply("signed", &["--trust", "keys/game.1.root"])], &[old, new]),
            "apply-rollback" => then(&[recover], &[unsigned(&[]), rollback], &[old, new, old]),
            "rollback" => then(&[unsigned(&[])], &[rollback], &[new, old]),
            "repair" => {
                let prepare = [vec![unsigned(&["--no-undo"])], damage].concat();
                then(&prepare, &[untorn(&["repair", "{tree}", "--from", "new"])], &[&damaged, new])
            }
            "write" => then(&[recover], &[untorn(&["write", "{tree}", "lines"])], &[old, &written(old)?]),
            "first" => then(&[], &[recover], &[old, old]),
            "update" => then(&[install], &[update], &[old, new]),
            "update-rollback" => then(&[install, update], &[rollback], &[new, old]),
            "repair-store" => {
                let prepare = [vec![install, update], damage].concat();
                then(&prepare, &[untorn(&["repair", "{tree}", "--from", "store"])], &[&damaged, new])
            }
            "switch" => self.switch(name, &["write-a+move-d-f+link-b"]),
            "switch-back" => self.switch(name, &["write-a+remove-b", "back"]),
            "game" | "game-put" => {
                let (old, new) = self.game.as_ref()?;
                let way = if name == "game" { "auto" } else { "put" };
                let steps = vec![apply("game-patch", &["--unsigned", "--way", way])];
                Some(self.made(name, old, vec![recover], steps, &[old, new]))
            }
            _ => None,
        }
    }

    /// An update in steps of a mebibyte; on a disk that is full, too, where nothing else would fit.
    fn low_disk(&self, name: &str) -> Result<Workload, String> {
        let trees = self.low_disk.get_or_init(|| low_disk::trees(&self.dir, &self.program)).as_ref()?;
        let step = untorn(low_disk::STEP);
        let trees: Vec<&Snapshot> = trees.iter().collect();
        let mut prepare = vec![untorn(&["recover", "{tree}"])];
        prepare.extend((name == low_disk::NAMES[1]).then_some(Step::Fill { leave: low_disk::LEAVE }));
        let made = self.made(name, trees[0], prepare, vec![step.clone()], &trees);
        Ok(Workload { goes_on: Some(step), ..made })
    }

    fn switch(&self, name: &str, steps: &[&str]) -> Option<Workload> {
        let start = random::start().ok()?;
        let mut ops = steps[0].split('+').filter_map(untorn_crash::op);
        let new = ops.try_fold(start.clone(), |tree, op| op.expected(&tree))?;
        let trees = [&start, &new, &start];
        let steps: Vec<Step> = steps.iter().map(|step| act(&["{tree}", &format!("switch/{step}")])).collect();
        let prepare = vec![untorn(&["recover", "{tree}"])];
        Some(self.made(name, &start, prepare, steps.clone(), &trees[..=steps.len()]))
    }

    fn made(&self, name: &str, start: &Snapshot, prepare: Vec<Step>, steps: Vec<Step>, trees: &[&Snapshot]) -> Workload {
        let trees = trees.iter().map(|&tree| tree.clone()).collect();
        let (name, start, dir) = (name.into(), start.clone(), self.dir.clone());
        Workload { name, start, prepare, steps, trees, dir, goes_on: None, is_control: false }
    }
}

/// Runs the program in the workshop.
pub(super) fn untorn_in(dir: &Path, program: &Path, words: &[&str]) -> Result<(), String> {
    let mut command = Command::new(program);
    match child::run(command.args(words).current_dir(dir), &dir.join("log")) {
        Ok(ended) if ended.code == Some(0) => Ok(()),
        Ok(ended) => Err(format!("untorn {}: {}", words.join(" "), ended.said.trim())),
        Err(silence) => Err(format!("untorn {}: {silence}", words.join(" "))),
    }
}

fn damaged(tree: &Snapshot, damage: &[Step]) -> Snapshot {
    let mut tree = tree.clone();
    for step in damage {
        if let Step::Damage { path, at, bytes } = step {
            overwrite(&mut tree, path, usize::try_from(*at).unwrap_or(0), bytes);
        }
    }
    tree
}

/// What the lines of `write` make of the old build.
fn written(old: &Snapshot) -> Option<Snapshot> {
    let mut tree = old.clone();
    overwrite(&mut tree, "data/pak", 1000, b"written");
    overwrite(&mut tree, "text", 4, b"TEXT");
    tree.0.insert("log".into(), untorn_sim::Entry::Dir);
    tree.0.insert("log/new".into(), untorn_sim::Entry::File { bytes: b"first".to_vec(), executable: false });
    Some(tree)
}

fn overwrite(tree: &mut Snapshot, path: &str, at: usize, with: &[u8]) {
    if let Some(untorn_sim::Entry::File { bytes, .. }) = tree.0.get_mut(path) {
        bytes[at..at + with.len()].copy_from_slice(with);
    }
}
