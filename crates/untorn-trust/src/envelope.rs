//! Signatures as minisign writes them.

use base64::{Engine, prelude::BASE64_STANDARD};
use untorn_format::release::{PublicKey, SIGNATURES_LEN_MAX};

use crate::{TrustError, key_text::key_line};

/// The most signatures of one document.
pub const SIGNATURE_COUNT_MAX: usize = 64;

/// The lines of one signature.
const LINES: usize = 4;

const UNTRUSTED: &str = "untrusted comment: ";
const TRUSTED: &str = "trusted comment: ";

/// Algorithm, number of the key, signature.
const SIGNATURE_LEN: usize = 2 + 8 + 64;

/// One signature of a document.
#[derive(Clone)]
pub struct Signature {
    key_id: [u8; 8],
    comment: String,
    signature: minisign_verify::Signature,
}

impl Signature {
    /// Reads a file `.minisig`: one or more signatures of four lines each.
    ///
    /// # Errors
    /// [`TrustError::Envelope`] when it is none; [`TrustError::Algorithm`] when one of them is not Ed25519 over the hash of the document.
    pub fn read_all(text: &str) -> Result<Vec<Self>, TrustError> {
        if text.len() as u64 > SIGNATURES_LEN_MAX {
            return Err(TrustError::Envelope);
        }
        let lines: Vec<&str> = text.lines().collect();
        let count = lines.len() / LINES;
        if lines.is_empty() || !lines.len().is_multiple_of(LINES) || count > SIGNATURE_COUNT_MAX {
            return Err(TrustError::Envelope);
        }
        lines.chunks_exact(LINES).map(Self::read).collect()
    }

    fn read(lines: &[&str]) -> Result<Self, TrustError> {
        let [untrusted, signature, trusted, _] = lines else { return Err(TrustError::Envelope) };
        let comment = trusted.strip_prefix(TRUSTED).ok_or(TrustError::Envelope)?;
        if !untrusted.starts_with(UNTRUSTED) {
            return Err(TrustError::Envelope);
        }
        let decoded = minisign_verify::Signature::decode(&lines.join("\n"));
        Ok(Self {
            key_id: key_id_of(signature)?,
            comment: comment.to_owned(),
            signature: decoded.map_err(|_| TrustError::Envelope)?,
        })
    }

    /// The number of the key that is said to have signed: a hint.
    #[must_use]
    pub fn key_id(&self) -> [u8; 8] {
        self.key_id
    }

    /// What is said in words, and signed, too. For people; nothing is decided by it.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// Whether `key` signed `document` with it.
    #[must_use]
    pub fn is_of(&self, key: &PublicKey, document: &[u8]) -> bool {
        key.id == self.key_id
            && minisign_verify::PublicKey::from_base64(&key_line(key))
                .is_ok_and(|key| key.verify(document, &self.signature, false).is_ok())
    }
}

fn key_id_of(line: &str) -> Result<[u8; 8], TrustError> {
    let bytes: [u8; SIGNATURE_LEN] =
        BASE64_STANDARD.decode(line).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(TrustError::Envelope)?;
    match bytes {
        [b'E', b'D', id @ ..] => id.first_chunk().copied().ok_or(TrustError::Envelope),
        [b'E', b'd', ..] => Err(TrustError::Algorithm { is_legacy: true }),
        _ => Err(TrustError::Algorithm { is_legacy: false }),
    }
}

/// Those of `keys` that signed `document`: each once, however often it signed.
pub(crate) fn signers(signatures: &[Signature], keys: &[PublicKey], document: &[u8]) -> Vec<PublicKey> {
    let mut signers: Vec<PublicKey> = Vec::new();
    for key in keys {
        let is_new = !signers.iter().any(|signer| signer.key == key.key);
        if is_new && signatures.iter().any(|signature| signature.is_of(key, document)) {
            signers.push(*key);
        }
    }
    signers
}

#[cfg(test)]
mod tests {
    use super::{Signature, signers};
    use crate::public_key;

    const TEXT: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
";

    #[test]
    fn u12_a_key_that_is_listed_twice_signs_once() {
        // No root that is read lists a key twice; this holds even so.
        let key = public_key("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3").unwrap();
        let signatures = Signature::read_all(&TEXT.repeat(3)).unwrap();
        assert_eq!(signers(&signatures, &[key, key], b"test"), [key]);
        assert!(signers(&signatures, &[key], b"Test").is_empty());
    }
}
