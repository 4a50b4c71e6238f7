//! Signed documents in files: one file with both, or a document with its signatures beside it.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use untorn::{
    escape,
    release::{RELEASE_LEN_MAX, SIGNED_LEN_MAX, Signed},
};

use crate::failure::Failure;

/// Reads a signed document: a file that holds both, or `FILE` and `FILE.minisig`. Whether the signatures are right is not looked at.
pub(crate) fn read_signed(path: &Path) -> Result<Signed, Failure> {
    let bytes = read(path, SIGNED_LEN_MAX)?;
    if is_in_one_file(&bytes) {
        return Signed::decode(&bytes).map_err(|source| untorn::Error::Document { path: shown(path), source }.into());
    }
    let beside = signatures_of(path);
    let text = match fs::metadata(&beside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        _ => read(&beside, RELEASE_LEN_MAX)?,
    };
    let signatures = String::from_utf8(text).map_err(|_| Failure::io("read", &beside, io::ErrorKind::InvalidData.into()))?;
    Ok(Signed { signatures, document: bytes })
}

/// Whether a file holds document and signatures.
pub(crate) fn is_in_one_file(bytes: &[u8]) -> bool {
    bytes.starts_with(b"untorn:s")
}

/// Where the signatures of a document stand.
pub(crate) fn signatures_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(".minisig");
    name.into()
}

/// Reads a file that must not be long.
pub(crate) fn read(path: &Path, len_max: u64) -> Result<Vec<u8>, Failure> {
    let read = || {
        if fs::metadata(path)?.len() > len_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        fs::read(path)
    };
    read().map_err(|source| Failure::io("read", path, source))
}

fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}

/// Writes a file in the place of what is there. After this returns, it is durable; a crash leaves the old one or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    Ok(untorn::write_document(path, bytes)?)
}
