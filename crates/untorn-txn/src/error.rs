//! Errors, for the person who must act.

use std::{error::Error as StdError, fmt, io};

use untorn_format::{PathError, release::Steps};
use untorn_fs::is_in_use;

/// What an operation answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Which tree there is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeState {
    /// The old tree, untouched.
    Unchanged,
    /// The new tree, complete and durable.
    New,
    /// The transaction is decided and will be completed when the tree is opened next.
    WillComplete,
    /// A sync failed at the decision: opening the tree again finds out whether it is the old or the new one, and makes it exactly that.
    InDoubt,
    /// The journal cannot be understood, or not even be read; nothing was changed by this call.
    NotUnderstood,
}

impl fmt::Display for TreeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unchanged => "the tree is unchanged",
            Self::New => "the tree is the new one, complete",
            Self::WillComplete => "the update is decided and will be completed when the tree is opened next",
            Self::InDoubt => "opening the tree again decides whether it is the old or the new one, and makes it exactly that",
            Self::NotUnderstood => "nothing was changed",
        })
    }
}

/// What is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The path may not be used.
    Path(PathError),
    /// The system refused an operation.
    Io {
        /// The verb: "open", "write", ...
        doing: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// The disk is full.
    NoSpace {
        /// How many bytes are missing, where that is known.
        missing: Option<u64>,
    },
    /// Another updater holds the tree.
    Busy {
        /// Who, if it said so.
        holder: Option<String>,
    },
    /// A reader, such as the running game, holds the tree.
    InUse,
    /// There is nothing at the path.
    Missing,
    /// There is something at the path already.
    Exists,
    /// Something of another kind is at the path.
    WrongKind {
        /// What was found.
        found: &'static str,
        /// What was needed.
        needed: &'static str,
    },
    /// The directory is not empty.
    NotEmpty,
    /// A directory would move into itself.
    IntoItself,
    /// Something that untorn never touches is in the way: a name that breaks the rules, a device, a link that leads out of the tree.
    Foreign {
        /// What it is.
        what: String,
    },
    /// A precondition does not hold.
    Expected {
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// Somebody changed the file while the transaction was being prepared.
    ChangedMeanwhile,
    /// Somebody changed files while a whole-tree switch was being prepared, or since the one that should be undone, and the switch may not or cannot carry
    /// them over.
    Conflict {
        /// Which, sorted.
        paths: Vec<String>,
    },
    /// Somebody changed the file since the transaction that should be undone.
    ChangedSince,
    /// Nothing is kept to go back with.
    NoUndo,
    /// The journal contradicts itself or does not fit its hashes.
    JournalDamaged {
        /// Which part.
        what: String,
    },
    /// The journal belongs to another tree.
    JournalForeign,
    /// The journal was written by a newer version.
    JournalNewer {
        /// Its format number.
        format: u32,
    },
    /// An update in steps is half way: the tree is neither the old nor the new one.
    HalfWay(Steps),
    /// An earlier error forbids further work with this handle.
    Poisoned,
    /// The producer of the updates reported an error.
    Producer(Box<dyn StdError + Send + Sync>),
    /// The updates ended without the end-of-set mark.
    Unfinished,
    /// The caller asked to stop before anything was decided: see [`Observer::should_stop`](crate::Observer::should_stop).
    Stopped,
    /// A directory that must never be put under care, such as the root of the disk.
    DangerousRoot,
    /// The system cannot do what was asked for.
    Unsupported {
        /// What, and why.
        what: &'static str,
    },
}

/// An error: what happened, to which file, and which tree there is now.
#[derive(Debug)]
pub struct Error {
    cause: Box<Cause>,
    path: Option<String>,
    state: TreeState,
}

impl Error {
    /// An error that left the tree unchanged.
    pub(crate) fn new(cause: Cause) -> Self {
        Self { cause: Box::new(cause), path: None, state: TreeState::Unchanged }
    }

    pub(crate) fn io(doing: &'static str, path: &str, source: io::Error) -> Self {
        let cause = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Cause::NoSpace { missing: None },
            _ => Cause::Io { doing, source },
        };
        Self::new(cause).at(path)
    }

    pub(crate) fn at(mut self, path: impl AsRef<str>) -> Self {
        self.path.get_or_insert_with(|| path.as_ref().to_owned());
        self
    }

    pub(crate) fn with_state(mut self, state: TreeState) -> Self {
        self.state = state;
        self
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::new(Cause::JournalDamaged { what: what.into() }).with_state(TreeState::NotUnderstood)
    }

    /// An error of the system before the journal had said which tree there is.
    pub(crate) fn before_knowing(self) -> Self {
        match *self.cause {
            Cause::Io { .. } | Cause::NoSpace { .. } => self.with_state(TreeState::NotUnderstood),
            _ => self,
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The file it is about, relative to the root of the tree.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Which tree there is now.
    #[must_use]
    pub fn state(&self) -> TreeState {
        self.state
    }

    /// A code that never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &*self.cause {
            Cause::Path(error) => error.code(),
            Cause::Io { source, .. } if is_in_use(source) => "UNT-IN-USE",
            Cause::Io { .. } => "UNT-IO",
            Cause::NoSpace { .. } => "UNT-SPACE",
            Cause::Busy { .. } => "UNT-BUSY",
            Cause::InUse => "UNT-IN-USE",
            Cause::Missing => "UNT-MISSING",
            Cause::Exists => "UNT-EXISTS",
            Cause::WrongKind { .. } => "UNT-KIND",
            Cause::NotEmpty => "UNT-NOT-EMPTY",
            Cause::IntoItself => "UNT-INTO-ITSELF",
            Cause::Foreign { .. } => "UNT-FOREIGN",
            Cause::Expected { .. } => "UNT-EXPECT",
            Cause::ChangedMeanwhile => "UNT-CHANGED",
            Cause::Conflict { .. } => "UNT-CONFLICT",
            Cause::ChangedSince => "UNT-CHANGED-SINCE",
            Cause::NoUndo => "UNT-NO-UNDO",
            Cause::JournalDamaged { .. } => "UNT-JOURNAL-DAMAGED",
            Cause::JournalForeign => "UNT-JOURNAL-FOREIGN",
            Cause::JournalNewer { .. } => "UNT-JOURNAL-NEWER",
            Cause::HalfWay(_) => "UNT-HALF-WAY",
            Cause::Poisoned => "UNT-POISONED",
            Cause::Producer(_) => "UNT-PRODUCER",
            Cause::Unfinished => "UNT-UNFINISHED",
            Cause::Stopped => "UNT-STOPPED",
            Cause::DangerousRoot => "UNT-ROOT",
            Cause::Unsupported { .. } => "UNT-UNSUPPORTED",
        }
    }

    /// What to do next, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match &*self.cause {
            Cause::Path(_) => "use a name that every system can hold",
            Cause::Io { source, .. } if is_in_use(source) => "close the program that has it open, then try again",
            Cause::Io { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "check who owns the folder and whether it may be written, then try again"
                }
                io::ErrorKind::NotFound => "check the path",
                _ => "check the disk and its cable, then open the tree again",
            },
            Cause::NoSpace { .. } => "free some space, then try again",
            Cause::Busy { .. } => "wait until the other updater is done",
            Cause::InUse => "close the program that uses the tree, then try again",
            Cause::Missing | Cause::Exists | Cause::WrongKind { .. } | Cause::NotEmpty | Cause::IntoItself => "check the path",
            Cause::Foreign { .. } => "move it away, or leave its directory out of the update",
            Cause::Expected { .. } => "verify the tree: it is not the one this change was made for",
            Cause::ChangedMeanwhile => "make sure nothing else writes to the tree, then try again",
            Cause::Conflict { .. } => {
                "keep copies of these files elsewhere, put the old ones back or remove them, then try again"
            }
            Cause::ChangedSince => "keep a copy of the changed file, then force the roll-back or leave it",
            Cause::NoUndo => "ask for undo to be kept before the next change",
            Cause::JournalDamaged { .. } => {
                "repair the tree from its build, which begins the journal anew; keep a copy of the state directory for analysis"
            }
            Cause::JournalForeign => {
                "remove the state directory if it was copied here by mistake, or recover the tree it came from"
            }
            Cause::JournalNewer { .. } => "use the newer version that wrote it",
            Cause::HalfWay(_) => {
                "apply the same patch again with --low-disk, which goes on where it stopped, or repair the tree from the new build"
            }
            Cause::Poisoned => "open the tree again",
            Cause::Stopped => "start again whenever you like",
            Cause::Producer(_) | Cause::Unfinished => "mend the producer of the updates, then try again",
            Cause::DangerousRoot => "name the directory of the game itself",
            Cause::Unsupported { .. } => "choose another way",
        }
    }
}

/// How many paths of a list a message names.
const SHOWN_MAX: usize = 8;

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(error) => error.fmt(f),
            Self::Io { doing, source } => write!(f, "cannot {doing}: {source}"),
            Self::NoSpace { missing: Some(missing) } => write!(f, "the disk is full: {missing} bytes more are needed"),
            Self::NoSpace { missing: None } => f.write_str("the disk is full"),
            Self::Busy { holder: Some(holder) } => write!(f, "another updater holds the tree ({holder})"),
            Self::Busy { holder: None } => f.write_str("another updater holds the tree"),
            Self::InUse => f.write_str("a program that uses the tree is running"),
            Self::Missing => f.write_str("there is no such file"),
            Self::Exists => f.write_str("there is something of that name already"),
            Self::WrongKind { found, needed } => write!(f, "it is a {found}, not a {needed}"),
            Self::NotEmpty => f.write_str("the directory is not empty"),
            Self::IntoItself => f.write_str("a directory cannot move into itself"),
            Self::Foreign { what } => write!(f, "something untorn never touches is in the way: {what}"),
            Self::Expected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::ChangedMeanwhile => f.write_str("somebody changed it while the update was being prepared"),
            Self::Conflict { paths } => {
                let shown: Vec<String> = paths.iter().take(SHOWN_MAX).map(|path| path.escape_debug().to_string()).collect();
                let more = paths.len().saturating_sub(SHOWN_MAX);
                write!(f, "somebody changed {}", shown.join(", "))?;
                if more == 0 { Ok(()) } else { write!(f, " and {more} more") }
            }
            Self::ChangedSince => f.write_str("somebody changed it since the update"),
            Self::NoUndo => f.write_str("nothing was kept to go back with"),
            Self::JournalDamaged { what } => write!(f, "the journal is damaged: {what}"),
            Self::JournalForeign => f.write_str("the journal belongs to another tree"),
            Self::JournalNewer { format } => write!(f, "the journal has format {format}, which a newer version wrote"),
            Self::HalfWay(steps) => write!(f, "{steps}"),
            Self::Poisoned => f.write_str("an earlier error ended the work with this tree"),
            Self::Producer(error) => write!(f, "the producer of the updates failed: {error}"),
            Self::Unfinished => f.write_str("the updates ended without their end mark"),
            Self::Stopped => f.write_str("stopped, as asked"),
            Self::DangerousRoot => f.write_str("this directory must not be put under care"),
            Self::Unsupported { what } => write!(f, "not possible here: {what}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(path), false) = (&self.path, matches!(*self.cause, Cause::Path(_))) {
            write!(f, "{}: ", path.escape_debug())?;
        }
        write!(f, "{}; {}; {} [{}]", self.cause, self.state, self.advice(), self.code())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.cause {
            Cause::Io { source, .. } => Some(source),
            Cause::Producer(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<PathError> for Error {
    fn from(error: PathError) -> Self {
        Self::new(Cause::Path(error))
    }
}

/// Puts the verb and the path into an error of the seam.
pub(crate) trait Context<T> {
    fn context(self, doing: &'static str, path: &str) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, doing: &'static str, path: &str) -> Result<T> {
        self.map_err(|source| Error::io(doing, path, source))
    }
}
