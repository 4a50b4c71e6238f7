//! Public keys as minisign writes them.

use base64::{Engine, prelude::BASE64_STANDARD};
use untorn_format::release::PublicKey;

use crate::TrustError;

/// What begins every key: the algorithm.
const ALGORITHM: [u8; 2] = *b"Ed";

/// Reads a public key: the line that minisign prints, or a whole file `.pub`.
///
/// # Errors
/// [`TrustError::KeyText`]; [`TrustError::WeakKey`].
pub fn public_key(text: &str) -> Result<PublicKey, TrustError> {
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let bytes: [u8; 42] = BASE64_STANDARD.decode(line).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(TrustError::KeyText)?;
    let (algorithm, rest) = bytes.split_first_chunk::<2>().ok_or(TrustError::KeyText)?;
    let (id, key) = rest.split_first_chunk::<8>().ok_or(TrustError::KeyText)?;
    let key = PublicKey { id: *id, key: key.try_into().map_err(|_| TrustError::KeyText)? };
    if *algorithm != ALGORITHM {
        return Err(TrustError::KeyText);
    }
    crate::check_key(&key)?;
    Ok(key)
}

/// A public key as minisign prints it, for `minisign -P`.
#[must_use]
pub fn key_line(key: &PublicKey) -> String {
    BASE64_STANDARD.encode([&ALGORITHM[..], &key.id, &key.key].concat())
}

/// The number of a key as minisign prints it.
#[must_use]
pub fn key_id(id: &[u8; 8]) -> String {
    format!("{:X}", u64::from_le_bytes(*id))
}
