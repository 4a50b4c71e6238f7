//! Whoever signs.

use untorn_format::release::PublicKey;
use untorn_trust::{Document, RoleName, Signature, TrustError, facts};

use crate::{Error, Result, roots::Roots};

/// Holds secret keys. What holds them, and how they are kept, is the caller's: this crate sees signatures only.
pub trait Signer {
    /// The public keys it signs with.
    fn keys(&self) -> Vec<PublicKey>;

    /// The signatures of `document` by all of its keys, as minisign writes them, one behind the other. `comment` is their trusted comment.
    ///
    /// # Errors
    /// A sentence that says why not.
    fn sign(&self, document: &[u8], comment: &str) -> Result<String, String>;
}

/// Before a build is read, and anything sent: whether these keys are enough for a role at all.
pub(crate) fn check(signer: &dyn Signer, role: RoleName, roots: &Roots) -> Result<()> {
    let (mine, wanted) = (signer.keys(), role.of(roots.newest().root()));
    let have = mine.iter().filter(|key| wanted.keys.iter().any(|other| other.key == key.key)).count();
    if u32::try_from(have).is_ok_and(|have| have >= wanted.threshold) {
        return Ok(());
    }
    let keys = mine.iter().map(|key| key.id).collect();
    let source = TrustError::Signature { role, have: u32::try_from(have).unwrap_or(0), need: wanted.threshold, keys };
    Err(Error::Trust { name: "the key".into(), source })
}

/// The signatures of a document by those of the signer's keys that may sign it: no other one vouches for it.
pub(crate) fn sign(signer: &dyn Signer, document: &Document, roots: &Roots) -> Result<String> {
    let text = signer.sign(&document.encode(), &facts(document)).map_err(|why| Error::Sign { why })?;
    let unreadable = |source| Error::Trust { name: "the signatures".into(), source };
    let (signatures, wanted) = (Signature::read_all(&text).map_err(unreadable)?, document.role().of(roots.newest().root()));
    let may = |signature: &Signature| wanted.keys.iter().any(|key| key.id == signature.key_id());
    let lines: Vec<&str> = text.lines().collect();
    let kept = lines.chunks(SIGNATURE_LINES).zip(&signatures).filter(|(_, signature)| may(signature));
    Ok(kept.flat_map(|(lines, _)| lines.iter().flat_map(|line| [line, "\n"])).collect())
}

/// How many lines a signature of minisign has.
const SIGNATURE_LINES: usize = 4;
