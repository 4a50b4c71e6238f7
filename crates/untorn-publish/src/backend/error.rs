//! What a store failed of.

use std::{error::Error as StdError, fmt, io};

/// An operation on a store failed.
#[derive(Debug)]
pub struct BackendError {
    /// The verb: "read", "write", ...
    pub doing: &'static str,
    /// The object.
    pub name: String,
    /// Where.
    pub place: String,
    /// Why.
    pub trouble: Trouble,
}

/// Why an operation on a store failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Trouble {
    /// The system refused it.
    Io(io::Error),
    /// The service refused it, or could not be reached.
    Service(String),
    /// There is no such object, or it is shorter than it should be.
    Missing,
    /// There is another object under that name.
    Differs,
    /// Somebody else wrote it meanwhile.
    Conflict,
    /// It is longer than it may be.
    TooLong {
        /// How long it is, in bytes.
        len: u64,
    },
    /// No object can have that name.
    Name,
    /// Such a store cannot be reached by this program.
    Unsupported(String),
}

impl BackendError {
    /// A code that never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.trouble {
            Trouble::Io(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "UNT-SPACE",
                _ => "UNT-IO",
            },
            Trouble::Service(_) => "UNT-STORE-SERVICE",
            Trouble::Missing => "UNT-STORE-MISSING",
            Trouble::Differs | Trouble::TooLong { .. } => "UNT-STORE-DAMAGED",
            Trouble::Conflict => "UNT-STORE-RACE",
            Trouble::Name | Trouble::Unsupported(_) => "UNT-STORE-PLACE",
        }
    }

    /// What to do next, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match &self.trouble {
            Trouble::Io(_) => "check the disk and who owns the store, then do the same again",
            Trouble::Service(_) => "check the address, the credentials and the network, then do the same again",
            Trouble::Missing | Trouble::Differs | Trouble::TooLong { .. } => "`untorn store check` says what the store lacks",
            Trouble::Conflict => "look at what the other one did, then do the same again",
            Trouble::Name | Trouble::Unsupported(_) => "name a directory, or a bucket as s3://BUCKET/PREFIX",
        }
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { doing, name, place, trouble } = self;
        let slash = if name.is_empty() || place.ends_with('/') { "" } else { "/" };
        write!(f, "{place}{slash}{name}: cannot {doing}: {trouble}")
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Service(said) => f.write_str(said),
            Self::Missing => f.write_str("it is not there, or not all of it"),
            Self::Differs => f.write_str("something else lies under that name"),
            Self::Conflict => f.write_str("somebody else wrote it meanwhile"),
            Self::TooLong { len } => write!(f, "it is {len} bytes long, which is too much"),
            Self::Name => f.write_str("that is no name of an object"),
            Self::Unsupported(why) => f.write_str(why),
        }
    }
}

impl StdError for BackendError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        if let Trouble::Io(error) = &self.trouble { Some(error) } else { None }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
