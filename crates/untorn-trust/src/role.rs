//! Who may sign what, and whether a root can be believed at all.

use std::fmt;

use untorn_format::{
    DecodeError,
    release::{PublicKey, Role, Root},
};

use crate::{TrustError, key_text::key_line, weak::is_weak};

/// Which role signs a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoleName {
    /// Signs roots.
    Root,
    /// Signs releases.
    Release,
    /// Signs channels.
    Channel,
}

impl RoleName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Root, Self::Release, Self::Channel];

    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Release => "release",
            Self::Channel => "channel",
        }
    }

    /// What a root says about it.
    #[must_use]
    pub const fn of(self, root: &Root) -> &Role {
        match self {
            Self::Root => &root.root,
            Self::Release => &root.release,
            Self::Channel => &root.channel,
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Whether a key may stand in a root.
///
/// # Errors
/// [`TrustError::WeakKey`].
pub fn check_key(key: &PublicKey) -> Result<(), TrustError> {
    if is_weak(&key.key) { Err(TrustError::WeakKey { key: key_line(key) }) } else { Ok(()) }
}

/// Whether a root can be used: that it decodes, as it was encoded, and that no key is weak.
///
/// # Errors
/// [`TrustError::WeakKey`], [`TrustError::Document`].
pub fn check_root(root: &Root) -> Result<(), TrustError> {
    let again = Root::decode(&root.encode()).map_err(|source| TrustError::Document { role: RoleName::Root, source })?;
    if again != *root {
        return Err(TrustError::Document {
            role: RoleName::Root,
            source: DecodeError::Field("a root that changes when it is written"),
        });
    }
    RoleName::ALL.iter().flat_map(|role| &role.of(root).keys).try_for_each(check_key)
}
