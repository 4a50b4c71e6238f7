//! Manifests and indexes as files.

use std::{io::Write, path::Path};

use untorn_format::manifest::{MANIFEST_LEN_MAX, Manifest};
use untorn_fs::{Fs, OpenMode};
use untorn_store::IndexFile;

use crate::{Error, Result, ScanOptions, error::shown, open, part_file::PartFile, scan};

/// The manifest of the build at `path`: of a directory by reading all of it, of a file by reading the manifest in it.
///
/// # Errors
/// As [`scan`] for a directory; [`Error::Document`] for a file that is no manifest; [`Error::Io`].
pub fn read_manifest(path: &Path, options: &ScanOptions) -> Result<Manifest> {
    let real = path.canonicalize().map_err(|source| Error::io("open", path, source))?;
    if real.is_dir() {
        return scan(path, options);
    }
    let bytes = read_file(&real)?;
    Manifest::decode(&bytes).map_err(|source| Error::Document { path: shown(path), source })
}

/// Reads a file whole; of one that is too long for a manifest only as much as shows that.
fn read_file(path: &Path) -> Result<Vec<u8>> {
    let (fs, name) = open::beside(path)?;
    let read = || {
        let file = fs.open(&name, OpenMode::Read)?;
        let len = file.metadata()?.len.min(MANIFEST_LEN_MAX + 1);
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    };
    read().map_err(|source| Error::io("read", path, source))
}

/// Writes a manifest to the file `path`, replacing it. After this returns, the whole manifest is there and durable; after an error, or a crash, whatever was
/// there before.
///
/// # Errors
/// [`Error::Io`].
pub fn write_manifest(path: &Path, manifest: &Manifest) -> Result<()> {
    write(path, &manifest.encode())
}

/// Writes bytes to the file `path`, replacing it. After this returns, all of them are there and durable; after an error, or a crash, whatever was there before.
///
/// # Errors
/// [`Error::Io`].
pub fn write_document(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes)
}

/// Writes an index to the file `path`, as [`write_manifest`] does a manifest.
///
/// # Errors
/// [`Error::Io`].
pub fn write_index(path: &Path, index: &IndexFile) -> Result<()> {
    write(path, &index.bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut part = PartFile::new(path, "part")?;
    part.write_all(bytes).map_err(|source| Error::io("write", path, source))?;
    part.publish()
}
