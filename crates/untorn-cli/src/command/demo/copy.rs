//! A plain copy of a build: no links, no shared blocks asked for.

use std::{fs, io, path::Path};

use untorn::{
    Manifest,
    manifest::{Entry, Kind},
};

use crate::failure::Failure;

/// Copies what `manifest` lists from `from` to the new directory `to`.
pub(super) fn copy(manifest: &Manifest, from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir(to).map_err(|source| Failure::io("make", to, source))?;
    for entry in manifest.entries() {
        copy_entry(entry, from, to).map_err(|source| Failure::io("copy", &from.join(entry.path.as_str()), source))?;
    }
    Ok(())
}

fn copy_entry(entry: &Entry, from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (from.join(entry.path.as_str()), to.join(entry.path.as_str()));
    match &entry.kind {
        Kind::Dir => fs::create_dir(to),
        Kind::File { .. } => fs::copy(from, to).map(drop),
        Kind::Symlink { target } => link(target, &to),
    }
}

#[cfg(unix)]
fn link(target: &str, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn link(_: &str, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
