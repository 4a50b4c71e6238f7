//! What is done to a tree while the power fails, by name.

mod builds;
mod family;
mod low_disk;
mod random;

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use untorn_sim::{Entry, Snapshot};

pub(super) use family::Workshop;
pub(super) use low_disk::NAMES as NEEDS_STRACE;
pub(super) use random::start;

/// A tree, what is done to it, and what it must be after each step.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    pub(super) name: String,
    /// What is put on the disk.
    pub(super) start: Snapshot,
    /// What is done before the recording begins.
    pub(super) prepare: Vec<Step>,
    /// What is recorded.
    pub(super) steps: Vec<Step>,
    /// The tree before the steps, and after each of them; where there is something that goes on, before it, after each of the parts it is done in, and at the end.
    pub(super) trees: Vec<Snapshot>,
    /// The one step is done in parts, and the power may fail between them: this is what goes on from there to the last of the trees.
    pub(super) goes_on: Option<Step>,
    /// Where the steps find what they name.
    pub(super) dir: PathBuf,
    /// Whether the library behaves as if it had a mistake: then something must be found.
    pub(super) is_control: bool,
}

impl Workload {
    /// Which of the trees there may be when so many steps had been reported done.
    pub(super) fn allowed(&self, done: usize) -> RangeInclusive<usize> {
        let last = self.trees.len().saturating_sub(1);
        match &self.goes_on {
            None => done..=done + 1,
            Some(_) if done == 0 => 0..=last,
            Some(_) => last..=last,
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The program, with these arguments; `{tree}` is the tree.
    Untorn(Vec<String>),
    /// The library, through [`super::act`].
    Act(Vec<String>),
    /// Somebody damages a file.
    Damage { path: &'static str, at: u64, bytes: &'static [u8] },
    /// Somebody fills the disk, beside the tree, up to so many bytes, and what the file system keeps for itself.
    Fill { leave: u64 },
}

/// A step of the program.
fn untorn(words: &[&str]) -> Step {
    Step::Untorn(words.iter().map(|&word| word.into()).collect())
}

/// A step of the library.
fn act(words: &[&str]) -> Step {
    Step::Act(words.iter().map(|&word| word.into()).collect())
}

/// Its arguments for the tree in `dir`.
pub(super) fn arguments(words: &[String], tree: &Path) -> Vec<String> {
    words.iter().map(|word| word.replace("{tree}", &tree.to_string_lossy())).collect()
}

/// Bytes in all files.
pub(super) fn len(tree: &Snapshot) -> u64 {
    let len = |entry: &Entry| if let Entry::File { bytes, .. } = entry { bytes.len() as u64 } else { 0 };
    tree.0.values().map(len).sum()
}
