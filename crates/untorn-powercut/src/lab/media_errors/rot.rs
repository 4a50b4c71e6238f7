//! A bit that flips in what untorn keeps.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use untorn_sim::Rng;

use crate::lab::{look, oracle::Verdict, round::Round, state::State};

/// A file of the old tree under another name.
const KEPT_WHOLE: &str = "file kept whole";

/// What a way back is kept in: nobody needs it before somebody goes back.
const OF_THE_WAY_BACK: &[&str] = &["undo plan", "undo", KEPT_WHOLE];

/// What can rot, and where it is kept.
type Kinds = BTreeMap<&'static str, Vec<PathBuf>>;

impl Round<'_> {
    /// A bit of the state directory flips. The tree is one of the two all the same, or the program refuses, and can repair it.
    pub(super) fn rot(&mut self, state: &State, rng: &mut Rng) -> Result<(), String> {
        self.ground.disk.cut(state)?;
        if let Err(why) = self.ground.mount() {
            return self.note_media(&Verdict::Unmountable(why.into()), "rot");
        }
        let flipped = self.flip(rng).map_err(|error| format!("rot: {error}"))?;
        self.ground.unmount()?;
        let Some((kind, flipped)) = flipped else { return Ok(()) };
        self.ground.mount()?;
        let answer = self.answer_about_tree(&["recover"])?;
        let verdict = if answer.is_success() {
            match self.found(state.done..=state.done + 1)? {
                Some(found) if OF_THE_WAY_BACK.contains(&kind) => self.back(found, kind)?,
                Some(found) => Verdict::Tree(found),
                None => Verdict::Broken("the tree is none that it may be, and recovery succeeded".into()),
            }
        } else {
            self.tally.rotten(self.ground.file_system.name, kind).refused += 1;
            self.mended(&answer.error("code"), &answer.said)?
        };
        self.ground.unmount()?;
        let rotten = self.tally.rotten(self.ground.file_system.name, kind);
        rotten.flipped += 1;
        rotten.broken += u64::from(matches!(verdict, Verdict::Broken(_)));
        self.note_media(&verdict, &format!("state {state}, {flipped}"))
    }

    /// Goes back on a way that has rotted: to the old tree, or not at all, and says so.
    fn back(&mut self, found: usize, kind: &'static str) -> Result<Verdict, String> {
        if found == 0 {
            return Ok(Verdict::Tree(0));
        }
        let answer = self.answer_about_tree(&["rollback"])?;
        let now = self.found(0..=1)?;
        let rotten = self.tally.rotten(self.ground.file_system.name, kind);
        rotten.refused += u64::from(!answer.is_success());
        // A file kept whole was never read, so nothing knows what it should be.
        if kind == KEPT_WHOLE && answer.is_success() && now.is_none() {
            rotten.passed_on += 1;
            return Ok(Verdict::Tree(found));
        }
        Ok(match (answer.is_success(), answer.error("tree").as_str(), now) {
            // What is kept for going back is part of the journal: where that is not understood, nothing was changed.
            (true, _, Some(0)) | (false, "unchanged" | "not-understood", Some(1)) => Verdict::Tree(found),
            _ => Verdict::Broken(format!("rollback on a rotten way back leaves tree {now:?}: {}", answer.said)),
        })
    }

    /// A journal that cannot be understood is refused by its name, and repair makes the new build of the tree.
    fn mended(&mut self, code: &str, said: &str) -> Result<Verdict, String> {
        if code != "UNT-JOURNAL-DAMAGED" && code != "UNT-JOURNAL-NEWER" {
            return Ok(Verdict::Broken(format!("recovery fails with {said}")));
        }
        let answer = self.answer_about_tree(&["repair", "--from", "new"])?;
        let now = look::snapshot(&self.ground.tree()).map_err(|error| format!("the tree: {error}"))?;
        let new = self.workload.trees.len() - 1;
        // What stands beside the build is not touched.
        let is_whole = self.workload.trees[new].0.iter().all(|(path, entry)| now.0.get(path) == Some(entry));
        let is_mended = answer.is_success() && is_whole;
        Ok(if is_mended { Verdict::Tree(new) } else { Verdict::Broken(format!("repair does not help: {}", answer.said)) })
    }

    /// Flips a bit of what rotted the least so far. Says of what kind it is, and which.
    fn flip(&mut self, rng: &mut Rng) -> io::Result<Option<(&'static str, String)>> {
        let state = self.ground.tree().join(look::STATE);
        let mut kinds = Kinds::new();
        collect(&state, &mut kinds)?;
        let name = self.ground.file_system.name;
        let Some((kind, mut paths)) = kinds.into_iter().min_by_key(|(kind, _)| self.tally.rotten(name, kind).flipped) else {
            return Ok(None);
        };
        paths.sort();
        let path = &paths[usize::try_from(rng.below(paths.len() as u64)).unwrap_or(0)];
        let at = flip(path, kind, rng)?;
        Ok(Some((kind, format!("byte {at} of {}", path.strip_prefix(&state).unwrap_or(path).display()))))
    }
}

/// Flips a bit of a file, behind the back of its times. Says where.
fn flip(path: &Path, kind: &str, rng: &mut Rng) -> io::Result<u64> {
    let file = fs::OpenOptions::new().read(true).write(true).open(path)?;
    let metadata = file.metadata()?;
    // Records stand at the beginning of their slots.
    let len = if kind == "slot" { 512 } else { metadata.len() };
    let at = rng.below(len.min(metadata.len()));
    let mut byte = [0; 1];
    file.read_exact_at(&mut byte, at)?;
    byte[0] ^= 1 << rng.below(8);
    file.write_all_at(&byte, at)?;
    file.set_modified(metadata.modified()?)?;
    Ok(at)
}

/// What a file in the state directory is.
fn kind(path: &Path) -> &'static str {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    match (&*folder, &*name) {
        (_, name) if name.starts_with("slot") => "slot",
        ("s", _) => "staged object",
        ("u", _) => KEPT_WHOLE,
        (_, "head") => "head document",
        (_, "plan") => "plan",
        (_, "redo") => "redo",
        (_, "undo.plan") => "undo plan",
        (_, "undo") => "undo",
        _ => "other",
    }
}

fn collect(dir: &Path, kinds: &mut Kinds) -> io::Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), kinds)?;
        } else if entry.metadata()?.len() > 0 && entry.metadata()?.nlink() == 1 {
            // One with a second name is a file of the tree that moves: it is not read, so it is not checked, and not promised to be.
            kinds.entry(kind(&entry.path())).or_default().push(entry.path());
        }
    }
    Ok(())
}
