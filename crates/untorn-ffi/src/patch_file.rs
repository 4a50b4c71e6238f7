//! Patches in files.

use std::{
    fs::File,
    io::{self, BufReader},
    path::Path,
};

use untorn::{Error, escape};

/// Opens a patch.
pub(crate) fn open(path: &str) -> Result<BufReader<File>, Error> {
    let failed = |doing, source| Error::Io { doing, path: escape(path.as_bytes()), source };
    if Path::new(path).is_dir() {
        return Err(failed("read", io::ErrorKind::IsADirectory.into()));
    }
    File::open(path).map(BufReader::new).map_err(|source| failed("open", source))
}
