//! Two builds of thousands of files, and the patches between them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use untorn_sim::{Entry, Rng, Snapshot};

use super::args::Args;
use crate::lab::{child, look};

/// The game, in a language whose interpreter maps files.
pub(super) const GAME: &str = include_str!("game.py");

/// What all trees share.
pub(super) struct Arena {
    pub(super) program: PathBuf,
    /// Patches, and the two builds, are in it.
    pub(super) dir: PathBuf,
    pub(super) old: Snapshot,
    pub(super) new: Snapshot,
    /// What the game sees of each; `None` where there is no Python to play it.
    pub(super) digests: Option<(String, String)>,
}

impl Arena {
    /// Makes everything in `dir`.
    ///
    /// # Errors
    /// What keeps it from being made.
    pub(super) fn new(dir: &Path, args: &Args) -> Result<Self, String> {
        let (old, new) = builds(args.seed, args.files);
        for (name, tree) in [("old", &old), ("new", &new)] {
            look::make(&dir.join(name), tree).map_err(|error| format!("{name}: {error}"))?;
        }
        let mut arena = Self { program: args.program.clone(), dir: dir.to_owned(), old, new, digests: None };
        for words in [["diff", "old", "new", "-o", "there"], ["diff", "new", "old", "-o", "back"]] {
            said(Command::new(&arena.program).args(words).current_dir(dir), dir)?;
        }
        arena.digests = arena.digest("old").and_then(|old| Ok((old, arena.digest("new")?))).map_or_else(
            |why| {
                println!("skipped: games: {why}");
                None
            },
            Some,
        );
        Ok(arena)
    }

    fn digest(&self, build: &str) -> Result<String, String> {
        let said = said(Command::new("python3").args(["-c", GAME, build, "0"]).current_dir(&self.dir), &self.dir)?;
        said.split_whitespace().nth(1).map(str::to_owned).ok_or_else(|| format!("the game says {said:?}"))
    }
}

/// What a program that has to succeed says.
pub(super) fn said(command: &mut Command, dir: &Path) -> Result<String, String> {
    let name = format!("{} {:?}", command.get_program().to_string_lossy(), command.get_args().next().unwrap_or_default());
    match child::run(command, &dir.join("said")) {
        Ok(ended) if ended.code == Some(0) => Ok(ended.said),
        Ok(ended) => Err(format!("{name} ends with {:?}: {}", ended.code, ended.said.trim())),
        Err(silence) => Err(format!("{name}: {silence}")),
    }
}

/// Of many small files and some large ones one in six changes: in the middle, in length, as a whole; some come, go and move.
fn builds(seed: u64, files: u64) -> (Snapshot, Snapshot) {
    let mut rng = Rng::new(seed);
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    for number in 0..files {
        let dir = format!("d{:02}", number % 40);
        for tree in [&mut old, &mut new] {
            tree.entry(dir.clone()).or_insert(Entry::Dir);
        }
        let len = if number % 500 == 7 { 1_500_000 } else { 200 + rng.below(12_000) };
        let before = noise(&mut rng, len);
        let (path, other) = (format!("{dir}/f{number:05}"), format!("{dir}/g{number:05}"));
        let after = match rng.below(36) {
            0 | 1 => Some((path.clone(), changed(&before, &mut rng))),
            2 => Some((path.clone(), [&before[..], &noise(&mut rng, 3000)].concat())),
            3 => Some((path.clone(), noise(&mut rng, len))),
            4 => None,
            5 => Some((other, before.clone())),
            _ => Some((path.clone(), if len > 1_000_000 { changed(&before, &mut rng) } else { before.clone() })),
        };
        old.insert(path, file(before));
        new.extend(after.map(|(path, bytes)| (path, file(bytes))));
    }
    (Snapshot(old), Snapshot(new))
}

fn file(bytes: Vec<u8>) -> Entry {
    Entry::File { bytes, executable: false }
}

fn changed(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = usize::try_from(rng.below(bytes.len() as u64)).unwrap_or(0);
    let end = (at + 900).min(bytes.len());
    let len = (end - at) as u64;
    bytes[at..end].copy_from_slice(&noise(rng, len));
    bytes
}

fn noise(rng: &mut Rng, len: u64) -> Vec<u8> {
    let len = usize::try_from(len).unwrap_or(0);
    (0..len.div_ceil(8)).flat_map(|_| rng.next_u64().to_le_bytes()).take(len).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_two_builds_that_differ() {
        let (old, new) = builds(1, 200);
        assert_eq!((&old, &new), (&builds(1, 200).0, &builds(1, 200).1));
        assert!(old.difference(&new).len() > 10);
        assert_ne!(old, builds(2, 200).0);
    }
}
