//! The files of the repository.

use std::path::{Path, PathBuf};

/// Not looked into: made by tools, or found by fuzzers.
const SKIPPED_DIRS: [&str; 4] = ["target", "artifacts", "corpus", "node_modules"];

/// One text file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Relative to the repository, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl Source {
    /// Whether it is Rust.
    #[must_use]
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// The root of the repository this program was built from.
#[must_use]
pub fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// Every text file below `root`, sorted by path. What cannot be read as text is not a source.
pub(crate) fn sources(root: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    collect(root, root, &mut found);
    found.sort_by(|a: &Source, b| a.path.cmp(&b.path));
    found
}

fn collect(root: &Path, dir: &Path, found: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !is_skipped(&name.to_string_lossy()) => collect(root, &path, found),
            // In a second work tree of git, `.git` is a file.
            Ok(kind) if kind.is_file() && name != ".git" => found.extend(read(root, &path)),
            _ => {}
        }
    }
}

/// Hidden directories belong to tools, but for those of ours.
fn is_skipped(name: &str) -> bool {
    SKIPPED_DIRS.contains(&name) || (name.starts_with('.') && name != ".ci" && name != ".cargo")
}

fn read(root: &Path, path: &Path) -> Option<Source> {
    let text = std::fs::read_to_string(path).ok()?;
    let path = path.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
    Some(Source { path, text })
}
