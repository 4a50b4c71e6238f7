//! What has to be changed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Names that the libraries keep in a tree, and those of temporaries.
fn is_private(name: &str) -> bool {
    name.contains(".fstx") || (name.starts_with('.') && name.ends_with(".tmp"))
}

/// What makes one directory what another is. All paths are relative.
#[derive(Debug, Default)]
pub struct Change {
    /// Files that are new or differ.
    pub written: Vec<(PathBuf, Vec<u8>)>,
    /// Files that go.
    pub removed: Vec<PathBuf>,
    /// Directories that come, outermost first.
    pub dirs: Vec<PathBuf>,
    /// Directories that go, innermost first.
    pub dirs_removed: Vec<PathBuf>,
}

impl Change {
    /// Compares them byte by byte.
    pub fn between(tree: &Path, new: &Path) -> anyhow::Result<Self> {
        let (mut here, mut wanted) = (BTreeMap::new(), BTreeMap::new());
        collect(tree, Path::new(""), &mut here)?;
        collect(new, Path::new(""), &mut wanted)?;
        let mut change = Self::default();
        for (path, bytes) in &wanted {
            match bytes {
                Some(bytes) if here.get(path) != Some(&Some(bytes.clone())) => change.written.push((path.clone(), bytes.clone())),
                None if !here.contains_key(path) => change.dirs.push(path.clone()),
                _ => {}
            }
        }
        for (path, bytes) in here.into_iter().rev().filter(|(path, _)| !wanted.contains_key(path)) {
            if bytes.is_some() { change.removed.push(path) } else { change.dirs_removed.push(path) }
        }
        Ok(change)
    }
}

/// Files with their bytes, directories with nothing.
fn collect(root: &Path, below: &Path, found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) -> anyhow::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        if is_private(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            found.insert(path.clone(), None);
            collect(root, &path, found)?;
        } else {
            found.insert(path, Some(fs::read(entry.path())?));
        }
    }
    Ok(())
}
