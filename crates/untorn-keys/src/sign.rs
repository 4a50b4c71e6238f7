//! Signing documents.

use untorn_format::release::Signed;
use untorn_trust::{Document, Signature, facts};

use crate::{KeyError, SecretKey};

/// A document with a signature of each key.
///
/// # Errors
/// [`KeyError::System`]; [`KeyError::Trust`] for a document that could not be read.
pub fn sign(document: &Document, keys: &[&SecretKey]) -> Result<Signed, KeyError> {
    let mut signed = Signed { signatures: String::new(), document: document.encode() };
    for key in keys {
        add_signature(&mut signed, key)?;
    }
    Ok(signed)
}

/// Adds the signature of one more key, behind those that are there; in the place of its old one if that key signed before.
///
/// # Errors
/// [`KeyError::Trust`] when the document or the signatures cannot be read; [`KeyError::System`].
pub fn add_signature(signed: &mut Signed, key: &SecretKey) -> Result<(), KeyError> {
    let document = Document::decode(&signed.document).map_err(|source| untorn_trust::TrustError::Unknown { source })?;
    let new = key.sign_bytes(&signed.document, &facts(&document))?;
    let mut kept = without(&signed.signatures, key, &signed.document)?;
    kept.push_str(&new);
    Signature::read_all(&kept)?;
    signed.signatures = kept;
    Ok(())
}

/// The signatures of all others.
fn without(signatures: &str, key: &SecretKey, document: &[u8]) -> Result<String, KeyError> {
    if signatures.is_empty() {
        return Ok(String::new());
    }
    let read = Signature::read_all(signatures)?;
    let texts: Vec<&str> = signatures.lines().collect();
    let others = texts.chunks(4).zip(read).filter(|(_, signature)| !signature.is_of(&key.public(), document));
    Ok(others.flat_map(|(lines, _)| lines.iter().flat_map(|line| [line, "\n"])).collect())
}
