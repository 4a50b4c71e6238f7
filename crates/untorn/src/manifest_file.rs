//! Manifests as files.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
};

use untorn_format::manifest::{MANIFEST_LEN_MAX, Manifest};

use crate::{Error, Result, ScanOptions, error::shown, part_file::PartFile, scan};

/// The manifest of the build at `path`: of a directory by reading all of it, of a file by reading the manifest in it.
///
/// # Errors
/// As [`scan`] for a directory; [`Error::Document`] for a file that is no manifest; [`Error::Io`].
pub fn read_manifest(path: &Path, options: &ScanOptions) -> Result<Manifest> {
    let meta = fs::metadata(path).map_err(|source| Error::io("open", path, source))?;
    if meta.is_dir() {
        return scan(path, options);
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|source| Error::io("open", path, source))?;
    file.take(MANIFEST_LEN_MAX + 1).read_to_end(&mut bytes).map_err(|source| Error::io("read", path, source))?;
    Manifest::decode(&bytes).map_err(|source| Error::Document { path: shown(path), source })
}

/// Writes a manifest to the file `path`, replacing it. After this returns, the whole manifest is there and durable; after an error, or a crash, whatever was
/// there before.
///
/// # Errors
/// [`Error::Io`].
pub fn write_manifest(path: &Path, manifest: &Manifest) -> Result<()> {
    let mut part = PartFile::new(path, "part")?;
    part.file.write_all(&manifest.encode()).map_err(|source| Error::io("write", path, source))?;
    part.publish(path)
}
