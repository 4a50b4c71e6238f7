//! Why a key cannot be used, or a root cannot be made.

use std::{error::Error, fmt};

use untorn_trust::{RoleName, TrustError, key_id};

/// Why a key cannot be used, or a root cannot be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// Text that is no secret key.
    NotAKey,
    /// The key is encrypted, and no password was given.
    NeedsPassword,
    /// The password is wrong, or the key is damaged.
    Password,
    /// The system gave no random numbers, or not the memory that encrypting takes.
    System(String),
    /// A key that was named stands in no role of the root.
    NotInRoot {
        /// Its number.
        id: [u8; 8],
    },
    /// A role would have fewer keys than its threshold.
    TooFewKeys {
        /// Which.
        role: RoleName,
    },
    /// The root that would come out could not be believed.
    Trust(TrustError),
    /// A version or an epoch has no room left.
    NoRoom,
}

impl KeyError {
    /// A code that never changes its meaning.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAKey => "UNT-KEY-FILE",
            Self::NeedsPassword | Self::Password => "UNT-KEY-PASSWORD",
            Self::System(_) => "UNT-KEY-SYSTEM",
            Self::NotInRoot { .. } => "UNT-KEY-UNKNOWN",
            Self::TooFewKeys { .. } | Self::NoRoom => "UNT-KEY-THRESHOLD",
            Self::Trust(error) => error.code(),
        }
    }

    /// What to do next, in one sentence.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NotAKey => "name a secret key that untorn or minisign made",
            Self::NeedsPassword => "set UNTORN_KEY_PASSWORD, or use --password-stdin, or start it on a terminal",
            Self::Password => "try again with the right password",
            Self::System(_) => "free some memory, then try again",
            Self::NotInRoot { .. } => "`untorn key show` lists the keys of a root",
            Self::TooFewKeys { .. } => "name a new key in its place",
            Self::Trust(error) => error.advice(),
            Self::NoRoom => "begin with a new root",
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAKey => f.write_str("this is no secret key"),
            Self::NeedsPassword => f.write_str("the key is encrypted, and there is no password"),
            Self::Password => f.write_str("the password does not fit the key"),
            Self::System(what) => write!(f, "the system refused: {what}"),
            Self::NotInRoot { id } => write!(f, "the key {} stands in no role of the root", key_id(id)),
            Self::TooFewKeys { role } => write!(f, "the role {role} would have fewer keys than must sign"),
            Self::Trust(error) => error.fmt(f),
            Self::NoRoom => f.write_str("the numbers of this root are used up"),
        }
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if let Self::Trust(error) = self { error.source() } else { None }
    }
}

impl From<TrustError> for KeyError {
    fn from(error: TrustError) -> Self {
        Self::Trust(error)
    }
}
