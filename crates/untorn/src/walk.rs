//! Everything in a directory, name by name.

use std::{io, path::Path};

use untorn_format::{PathError, STATE_DIR, TreePath};
use untorn_fs::{Fs, Metadata};

use crate::{Error, Result, content::for_each};

/// A name that was found.
pub(crate) enum Found {
    /// A path and what stands there.
    Entry(TreePath, Metadata),
    /// A name that breaks the rules.
    Refused(PathError),
}

/// Calls `visit` for everything below the root of `fs` but untorn's own state, parents first. A directory is entered when `visit` says so; those of one depth are
/// listed by `jobs` threads at a time. `dir` is what the root is called in messages.
pub(crate) fn walk(fs: &dyn Fs, dir: &Path, jobs: usize, visit: &mut dyn FnMut(Found) -> Result<bool>) -> Result<()> {
    let mut dirs = vec![String::new()];
    while !dirs.is_empty() {
        let lists = for_each(jobs, dirs.len(), &|number| list(fs, dir, &dirs[number]));
        let mut inner = Vec::new();
        for found in lists.into_iter().flat_map(transposed) {
            let found = found?;
            let below = match &found {
                Found::Entry(path, meta) if meta.is_dir() => Some(path.as_str().to_owned()),
                _ => None,
            };
            if visit(found)? {
                inner.extend(below);
            }
        }
        dirs = inner;
    }
    Ok(())
}

/// What is in the directory `below`.
fn list(fs: &dyn Fs, dir: &Path, below: &str) -> Result<Vec<Found>> {
    let entries = fs.read_dir_metadata(below).map_err(|source| Error::io("list", &dir.join(below), source))?;
    let is_state = |name: &Result<String, String>| below.is_empty() && name.as_deref() == Ok(STATE_DIR);
    let entries = entries.into_iter().filter(|(entry, _)| !is_state(&entry.name));
    entries.map(|(entry, metadata)| found(dir, below, entry.name, metadata)).collect()
}

fn transposed(list: Result<Vec<Found>>) -> Vec<Result<Found>> {
    list.map_or_else(|error| vec![Err(error)], |found| found.into_iter().map(Ok).collect())
}

fn found(dir: &Path, below: &str, name: Result<String, String>, metadata: io::Result<Metadata>) -> Result<Found> {
    let join = |name: &str| if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
    let path = match name {
        Ok(name) => TreePath::new(&join(&name)),
        // The name itself is lost; the rule is that of any name which is not text.
        Err(escaped) => TreePath::from_bytes(NOT_TEXT).map_err(|mut error| {
            error.path = join(&escaped);
            error
        }),
    };
    match path {
        Ok(path) => {
            let meta = metadata.map_err(|source| Error::io("look at", &dir.join(path.as_str()), source))?;
            Ok(Found::Entry(path, meta))
        }
        Err(error) => Ok(Found::Refused(error)),
    }
}

const NOT_TEXT: &[u8] = &[0xff];
