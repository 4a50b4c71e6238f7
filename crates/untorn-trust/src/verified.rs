//! Documents whose signatures were right.

use untorn_format::{
    DecodeError, Hash,
    release::{Channel, PublicKey, Release, Role, Root, Signed},
};

use crate::{RoleName, Signature, TrustError, envelope::signers};

/// A document that enough of the right keys signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T> {
    /// What it says.
    pub document: T,
    /// Its hash.
    pub id: Hash,
    /// Those who signed it.
    pub signers: Vec<PublicKey>,
    /// As it came.
    pub signed: Signed,
}

/// A kind of document that is signed.
pub(crate) trait Statement: Sized {
    const ROLE: RoleName;

    fn read(bytes: &[u8]) -> Result<Self, DecodeError>;
}

impl Statement for Root {
    const ROLE: RoleName = RoleName::Root;

    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode(bytes)
    }
}

impl Statement for Release {
    const ROLE: RoleName = RoleName::Release;

    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode(bytes)
    }
}

impl Statement for Channel {
    const ROLE: RoleName = RoleName::Channel;

    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode(bytes)
    }
}

/// Checks the signatures first, and reads the document only then.
pub(crate) fn verify<T: Statement>(role: &Role, signed: &Signed) -> Result<Verified<T>, TrustError> {
    let signers = check(T::ROLE, role, signed)?;
    let document = T::read(&signed.document).map_err(|source| TrustError::Document { role: T::ROLE, source })?;
    Ok(Verified { document, id: signed.id(), signers, signed: signed.clone() })
}

/// That enough different keys of a role signed. Says which.
pub(crate) fn check(name: RoleName, role: &Role, signed: &Signed) -> Result<Vec<PublicKey>, TrustError> {
    let signatures = Signature::read_all(&signed.signatures)?;
    let signers = signers(&signatures, &role.keys, &signed.document);
    let have = u32::try_from(signers.len()).unwrap_or(u32::MAX);
    if role.threshold == 0 || have < role.threshold {
        return Err(TrustError::Signature {
            role: name,
            have,
            need: role.threshold,
            keys: signatures.iter().map(Signature::key_id).collect(),
        });
    }
    Ok(signers)
}
