//! Keys from files.

use std::path::{Path, PathBuf};

use untorn::{
    release::PublicKey,
    trust::{TrustError, public_key},
};
use untorn_keys::{KeyError, SecretKey};

use super::Password;
use crate::{documents, failure::Failure, text::path};

/// No key is longer.
const KEY_LEN_MAX: u64 = 64 << 10;

/// Reads secret keys, asking for a password where one takes it.
pub(crate) fn read_keys(files: &[PathBuf], password: &mut Password) -> Result<Vec<SecretKey>, Failure> {
    files.iter().map(|file| read_key(file, password)).collect()
}

fn read_key(file: &Path, password: &mut Password) -> Result<SecretKey, Failure> {
    let name = path(file);
    let failed = |error: KeyError| Failure::key(&name, &error);
    let text = text_of(file)?;
    let password = if SecretKey::is_encrypted(&text).map_err(failed)? { Some(password.get(&name)?) } else { None };
    SecretKey::read(&text, password).map_err(failed)
}

/// Reads a public key.
pub(crate) fn read_public(file: &Path) -> Result<PublicKey, Failure> {
    let refused = |source: TrustError| Failure::from(untorn::Error::Trust { what: path(file), source });
    public_key(&text_of(file)?).map_err(refused)
}

pub(super) fn text_of(file: &Path) -> Result<String, Failure> {
    let bytes = documents::read(file, KEY_LEN_MAX)?;
    String::from_utf8(bytes).map_err(|_| Failure::key(&path(file), &KeyError::NotAKey))
}
