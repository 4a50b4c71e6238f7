//! What is done to a tree while the power fails, by name.

mod builds;
mod family;
mod random;

use std::path::{Path, PathBuf};

use untorn_sim::{Entry, Snapshot};

pub(super) use family::Workshop;
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
    /// The tree before the steps, and after each of them.
    pub(super) trees: Vec<Snapshot>,
    /// Where the steps find what they name.
    pub(super) dir: PathBuf,
    /// Whether the library behaves as if it had a mistake: then something must be found.
    pub(super) is_control: bool,
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
