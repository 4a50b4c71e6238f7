//! Writing keys and roots.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use untorn_keys::{KeyError, SecretKey};

use crate::{failure::Failure, keys::Password, text::path};

/// Writes a file that is not there yet. After this returns, it is durable. A secret one can be read by its owner only.
pub(super) fn write_new(file: &Path, bytes: &[u8], is_secret: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict(&mut options, is_secret);
    let write = || {
        let mut opened = options.open(file)?;
        opened.write_all(bytes)?;
        opened.sync_all()
    };
    write().map_err(|source| Failure::io("make", file, source))
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions, is_secret: bool) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(if is_secret { 0o600 } else { 0o644 });
}

#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions, _: bool) {}

/// Makes a key and writes both halves: `name.key` and `name.pub`.
pub(super) fn write_new_key(
    dir: &Path,
    name: &str,
    password: Option<&mut Password>,
) -> Result<(SecretKey, [PathBuf; 2]), Failure> {
    let (secret, public) = (dir.join(format!("{name}.key")), dir.join(format!("{name}.pub")));
    for file in [&secret, &public] {
        if fs::symlink_metadata(file).is_ok() {
            return Err(Failure::io("make", file, std::io::ErrorKind::AlreadyExists.into()));
        }
    }
    let password = password.map(|password| password.choose(&path(&secret))).transpose()?;
    let failed = |error: KeyError| Failure::key(&path(&secret), &error);
    let (key, text) = SecretKey::generate_with_text(password).map_err(failed)?;
    write_new(&secret, text.as_bytes(), true)?;
    write_new(&public, key.public_text().as_bytes(), false)?;
    Ok((key, [secret, public]))
}
