//! What publishing failed of, for the person who must act.

use std::{error::Error as StdError, fmt, io};

use untorn_trust::TrustError;

use crate::{BackendError, Trouble};

/// What an operation answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. Unless it says otherwise, players see what they saw before: the pointer of a channel moves last.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The store failed.
    Backend(BackendError),
    /// A document or a key is not to be believed.
    Trust {
        /// Which.
        name: String,
        /// Why.
        source: TrustError,
    },
    /// The build could not be read, or a patch could not be made.
    Build(untorn::Error),
    /// Chunks, packs or indexes.
    Chunks {
        /// What it is about.
        name: String,
        /// Why.
        source: untorn_store::Error,
    },
    /// A file beside the store could not be read or written.
    Io {
        /// The verb.
        doing: &'static str,
        /// The file, escaped.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// An object is not what it should be.
    Damaged {
        /// The object.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The store has no root, and none was given.
    NoRoot,
    /// Something is not called as it may be, or a number is none that may be chosen.
    Choice(String),
    /// Nobody could sign.
    Sign {
        /// Why.
        why: String,
    },
    /// There is no such channel, platform or build.
    NotFound(String),
    /// Somebody else published meanwhile.
    Raced {
        /// The channel.
        channel: String,
    },
    /// A clean-up runs, or was killed; or a publication runs, or was killed.
    Busy {
        /// What is in the way.
        what: String,
    },
    /// A patch does not do what it should.
    Patch {
        /// What it came to.
        why: String,
    },
    /// The observer asked to stop.
    Stopped,
}

impl Error {
    /// A code that never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Backend(error) => error.code(),
            Self::Trust { source, .. } => source.code(),
            Self::Build(error) => error.code(),
            Self::Chunks { source: untorn_store::Error::OtherManifest, .. } => "UNT-CHANGED",
            Self::Chunks { source, .. } => source.code(),
            Self::Io { .. } => "UNT-IO",
            Self::Damaged { .. } => "UNT-STORE-DAMAGED",
            Self::NoRoot => "UNT-STORE-ROOT",
            Self::Choice(_) => "UNT-PUBLISH-CHOICE",
            Self::Sign { .. } => "UNT-PUBLISH-SIGN",
            Self::NotFound(_) => "UNT-STORE-NOT-FOUND",
            Self::Raced { .. } => "UNT-STORE-RACE",
            Self::Busy { .. } => "UNT-STORE-BUSY",
            Self::Patch { .. } => "UNT-PUBLISH-PATCH",
            Self::Stopped => "UNT-STOPPED",
        }
    }

    /// What to do next, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Backend(error) => error.advice(),
            Self::Trust { source, .. } => source.advice(),
            Self::Build(error) => error.advice(),
            Self::Chunks { source: untorn_store::Error::OtherManifest, .. } => {
                "make sure nothing writes to the build, then publish again"
            }
            Self::Chunks { .. } | Self::Damaged { .. } => "`untorn store check` says what the store lacks",
            Self::Io { .. } => "check the path and who may write there, then do the same again",
            Self::NoRoot => "name the root document with --root: `untorn key new` made it",
            Self::Choice(_) => "choose another one",
            Self::Sign { .. } => "check the key and its password",
            Self::NotFound(_) => "check the names",
            Self::Raced { .. } => "look at what the other one published, then publish again if it is still right",
            Self::Busy { .. } => "wait until it has ended; if it was killed, say so with --forget",
            Self::Patch { .. } => "publish without --patch-from, and report it",
            Self::Stopped => "do the same again: what was sent already is not sent twice",
        }
    }

    /// The file or object it is about, where it is about one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Backend(error) => Some(&error.name),
            Self::Build(error) => error.path(),
            Self::Trust { name, .. } | Self::Chunks { name, .. } | Self::Damaged { name, .. } => Some(name),
            Self::Io { path, .. } => Some(path),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backend(error) => write!(f, "{error}")?,
            Self::Trust { name, source } => write!(f, "{name}: {source}")?,
            // It has said the rest.
            Self::Build(error) => return write!(f, "{error}"),
            Self::Chunks { name, source } => write!(f, "{name}: {source}")?,
            Self::Io { doing, path, source } => write!(f, "{path}: cannot {doing}: {source}")?,
            Self::Damaged { name, what } => write!(f, "{name}: {what}")?,
            Self::NoRoot => f.write_str("the store has no root document yet")?,
            Self::Choice(why) | Self::NotFound(why) => f.write_str(why)?,
            Self::Sign { why } => write!(f, "cannot sign: {why}")?,
            Self::Raced { channel } => write!(f, "somebody else changed the channel {channel} meanwhile")?,
            Self::Busy { what } => f.write_str(what)?,
            Self::Patch { why } => write!(f, "a patch that was made does not lead to the build: {why}")?,
            Self::Stopped => f.write_str("stopped, as asked")?,
        }
        write!(f, "; what players see was not changed; {} [{}]", self.advice(), self.code())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Backend(error) => error.source(),
            Self::Trust { source, .. } => Some(source),
            Self::Build(error) => error.source(),
            Self::Chunks { source, .. } => Some(source),
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<BackendError> for Error {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

impl From<untorn::Error> for Error {
    fn from(error: untorn::Error) -> Self {
        if matches!(error, untorn::Error::Stopped) { Self::Stopped } else { Self::Build(error) }
    }
}

impl Error {
    /// That a conditional write of the pointer of `channel` came too late; any other trouble as it is.
    pub(crate) fn of_pointer(error: BackendError, channel: &str) -> Self {
        match error.trouble {
            Trouble::Conflict => Self::Raced { channel: channel.into() },
            _ => Self::Backend(error),
        }
    }
}
