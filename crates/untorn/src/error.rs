//! Errors, for the person who must act.

use std::{error::Error as StdError, fmt, io, path::Path};

use untorn_delta::{DiffError, MergeError, PatchError};
use untorn_format::{DecodeError, Hash, PathError, escape, manifest::ManifestError, release::Steps};
use untorn_remote::Error as NetError;
use untorn_store::Error as StoreError;
use untorn_trust::TrustError;
use untorn_txn::{Error as TreeError, Observer, TreeState};

use crate::Difference;

/// What an operation answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. Says which file, which tree there is now, and what to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The tree could not be opened, changed or recovered.
    Tree(TreeError),
    /// The system refused an operation on a build, a patch or a manifest.
    Io {
        /// The verb: "open", "read", ...
        doing: &'static str,
        /// The file, escaped.
        path: String,
        /// What it said.
        source: io::Error,
    },
    /// A build holds a name, or a symlink, that not every system can hold.
    Name {
        /// The build, escaped.
        dir: String,
        /// The name and the rule.
        source: PathError,
    },
    /// A build holds something that is neither file nor directory nor symlink.
    Special {
        /// The file, escaped.
        path: String,
    },
    /// The paths of a build do not make a manifest.
    Manifest {
        /// The build, escaped.
        dir: String,
        /// Why.
        source: ManifestError,
    },
    /// A file that should be a manifest is none.
    Document {
        /// The file, escaped.
        path: String,
        /// Why.
        source: DecodeError,
    },
    /// What is to be written would lie inside a build that is read.
    OutputInside {
        /// The file, escaped.
        path: String,
    },
    /// No patch could be made.
    Diff(DiffError),
    /// Two patches could not be joined.
    Merge(MergeError),
    /// Two patches are not of the same product and platform.
    Products {
        /// Of what the first one is.
        first: String,
        /// Of what the second one is.
        second: String,
    },
    /// The patch cannot be used.
    Patch(PatchError),
    /// The patch does not lead where it says: whoever made it made a mistake, or means harm.
    Contradiction,
    /// The tree is not the build the patch starts from.
    WrongBase(WrongBase),
    /// Somebody changed a file while the update was being prepared.
    ChangedMeanwhile {
        /// Which.
        path: String,
    },
    /// The observer asked to stop, and nothing was decided yet.
    Stopped,
    /// Where bytes for a repair should come from, there are others.
    Source {
        /// The file, escaped.
        path: String,
    },
    /// Something could not be fetched, or was not what it should be.
    Net(NetError),
    /// Nobody signed the patch.
    Unsigned,
    /// The patch is signed, and nothing says whom to believe.
    NoRoot,
    /// The patch is not one that the signed release lists.
    OtherPatch,
    /// Something is not believed.
    Trust {
        /// What, escaped.
        what: String,
        /// Why.
        source: TrustError,
    },
    /// What lies in a store contradicts itself, though it was signed.
    Store {
        /// What, escaped.
        what: String,
        /// Why.
        source: StoreError,
    },
    /// The tree follows no releases.
    NotFollowing {
        /// The directory, escaped.
        dir: String,
    },
    /// Not everything that an update needs has been fetched.
    NotFetched {
        /// The directory, escaped.
        dir: String,
    },
    /// What somebody changed is in the way of an update, and is to stay.
    Modified {
        /// The build that is installed.
        installed: Hash,
        /// All of it.
        differences: Vec<Difference>,
    },
    /// An update in steps is half way: see [`apply_low_disk`](crate::apply_low_disk).
    HalfWay {
        /// The directory, escaped.
        dir: String,
        /// How far it is.
        steps: Steps,
    },
    /// An update in steps is half way that this version of untorn would divide into other steps than the one that began it.
    OtherSteps {
        /// The directory, escaped.
        dir: String,
        /// How far it is.
        steps: Steps,
    },
    /// A step of an update failed. Those before it are done.
    Step {
        /// How far the update is.
        steps: Steps,
        /// Why.
        source: Box<Self>,
    },
    /// The parts of a patch wait for each other in too many ways to be put in order.
    Unsteppable,
    /// Something stands where an update in steps makes files.
    Taken {
        /// Which.
        path: String,
    },
    /// Nothing says what should be installed.
    NotRecorded {
        /// The directory, escaped.
        dir: String,
    },
}

/// The tree is not the build a patch starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongBase {
    /// The build the patch starts from.
    pub from: Hash,
    /// The build that is installed according to the tree; [`Hash::NONE`] when nothing says so.
    pub installed: Hash,
    /// Every path that differs, of those the patch reads or changes; of the whole tree, where all of it was checked.
    pub differences: Vec<Difference>,
}

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: shown(path), source }
    }

    /// The same, or that the observer asked to stop, where that is why.
    pub(crate) fn or_stopped(self, observer: Option<&dyn Observer>) -> Self {
        let asked = !matches!(self, Self::Step { .. }) && observer.is_some_and(Observer::should_stop);
        if asked && self.state() == TreeState::Unchanged { Self::Stopped } else { self }
    }

    /// That the step after those of an update failed with it.
    pub(crate) fn in_step(self, steps: Steps) -> Self {
        Self::Step { steps, source: Box::new(self) }
    }

    /// A code that never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Tree(error) => error.code(),
            Self::Io { source, .. } => io_code(source),
            Self::Name { source, .. } => source.code(),
            Self::Special { .. } => "UNT-SPECIAL",
            Self::Manifest { source, .. } => source.code(),
            Self::Document { source, .. } => source.code(),
            Self::OutputInside { .. } => "UNT-OUTPUT",
            Self::Diff(error) => diff_code(error),
            Self::Merge(error) => merge_code(error),
            Self::Products { .. } => "UNT-MERGE-PRODUCT",
            Self::Patch(error) => patch_code(error),
            Self::Contradiction => "UNT-PATCH-CONTRADICTION",
            Self::WrongBase(_) => "UNT-BASE",
            Self::ChangedMeanwhile { .. } => "UNT-CHANGED",
            Self::Source { .. } => "UNT-SOURCE",
            Self::NotRecorded { .. } => "UNT-NOT-RECORDED",
            Self::Net(error) => error.code(),
            Self::Unsigned => "UNT-TRUST-UNSIGNED",
            Self::NoRoot => "UNT-TRUST-NO-ROOT",
            Self::OtherPatch => "UNT-TRUST-PATCH",
            Self::Trust { source, .. } => source.code(),
            Self::Store { source, .. } => source.code(),
            Self::NotFollowing { .. } => "UNT-NOT-FOLLOWING",
            Self::NotFetched { .. } => "UNT-NOT-FETCHED",
            Self::Modified { .. } => "UNT-MODIFIED",
            Self::Stopped => "UNT-STOPPED",
            Self::HalfWay { .. } => "UNT-HALF-WAY",
            Self::OtherSteps { .. } => "UNT-STEPS-OTHER",
            Self::Step { source, .. } => source.code(),
            Self::Unsteppable => "UNT-STEPS",
            Self::Taken { .. } => "UNT-TAKEN",
        }
    }

    /// Which tree there is now. Everything but [`Error::Tree`] happens before anything is changed.
    #[must_use]
    pub fn state(&self) -> TreeState {
        match self {
            Self::Tree(error) => error.state(),
            Self::Step { source, .. } => source.state(),
            _ => TreeState::Unchanged,
        }
    }

    /// The file it is about, where it is about one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Tree(error) => error.path(),
            Self::Io { path, .. }
            | Self::Special { path }
            | Self::Document { path, .. }
            | Self::OutputInside { path }
            | Self::ChangedMeanwhile { path }
            | Self::Source { path }
            | Self::Taken { path }
            | Self::HalfWay { dir: path, .. }
            | Self::OtherSteps { dir: path, .. }
            | Self::NotRecorded { dir: path }
            | Self::NotFollowing { dir: path }
            | Self::NotFetched { dir: path }
            | Self::Trust { what: path, .. }
            | Self::Store { what: path, .. } => Some(path),
            Self::Net(error) => Some(error.url()),
            Self::Step { source, .. } => source.path(),
            Self::Name { source, .. } => Some(&source.path),
            Self::Diff(DiffError::Read { path, .. } | DiffError::Changed { path }) => Some(path.as_str()),
            Self::Merge(MergeError::File { path, .. } | MergeError::Contradiction { path }) => Some(path.as_str()),
            Self::Patch(PatchError::Read { path, .. } | PatchError::Old { path } | PatchError::Made { path }) => {
                Some(path.as_str())
            }
            _ => None,
        }
    }

    /// What to do next, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Tree(error) => error.advice(),
            Self::Io { source, .. } => io_advice(source),
            Self::Name { .. } | Self::Manifest { .. } => "change the build, then try again",
            Self::Special { .. } => "remove it from the build",
            Self::Document { .. } => "name a file that `untorn manifest` wrote; a directory may stand for its manifest",
            Self::OutputInside { .. } => "write it somewhere else",
            Self::Diff(DiffError::Changed { .. }) => "make sure nothing writes to the builds, then try again",
            Self::Diff(DiffError::Read { source, .. } | DiffError::Write(source)) => io_advice(source),
            Self::Diff(DiffError::TooLarge(_)) => "pack small files together, or update in two steps",
            Self::Diff(_) => "try again with another level of compression",
            Self::Merge(error) => merge_advice(error),
            Self::Products { .. } => "name two patches of the same product",
            Self::Patch(PatchError::Joined) => {
                "apply the patches it was joined from, or repair the tree so that it is that build and nothing else"
            }
            Self::Patch(PatchError::Input(source) | PatchError::Read { source, .. }) => io_advice(source),
            Self::Patch(PatchError::Format(DecodeError::NewerFormat { .. } | DecodeError::UnknownFeatures { .. })) => {
                "use a newer untorn"
            }
            Self::Patch(PatchError::Encoder { .. }) => {
                "use the version of untorn that the patch was made with, or update by chunks: `untorn update`"
            }
            Self::Patch(PatchError::Format(DecodeError::Magic)) => "check that this file is the patch",
            Self::Patch(PatchError::Memory { .. }) => "allow more memory, or ask for a patch with smaller parts",
            Self::Patch(_) => "get the patch again",
            Self::Contradiction => "ask whoever made the patch for another one",
            Self::WrongBase(_) => "get the patch for the build you have, or bring these files back and try again",
            Self::ChangedMeanwhile { .. } => "make sure nothing else writes to the tree, then try again",
            Self::Stopped => "start again whenever you like",
            Self::Source { .. } => "name a directory that holds the build the tree should be",
            Self::Net(error) => error.advice(),
            Self::Unsigned => "get a signed one, or use --unsigned if you know where it comes from",
            Self::NoRoot => "name a root that you trust with --trust, or use --trust-on-first-use",
            Self::OtherPatch => "get the patch again, from whoever makes this product",
            Self::Trust { source, .. } => source.advice(),
            Self::Store { .. } => "ask whoever publishes it; every mirror would say the same",
            Self::NotFollowing { .. } => "name a source with --from, and a root that you trust with --trust",
            Self::NotFetched { .. } => "run the update without --commit",
            Self::Modified { .. } => "keep copies of these files elsewhere, or say what to do with them with --keep or --replace",
            Self::HalfWay { .. } => {
                "apply the patch that it began with again with --low-disk, which goes on where it stopped, or repair the tree from the new build"
            }
            Self::OtherSteps { .. } => "go on with the version of untorn that began it, or repair the tree from the new build",
            Self::Step { source, .. } => source.advice(),
            Self::Unsteppable => "free space, and apply the patch without steps",
            Self::Taken { .. } => "move it away, then try again",
            Self::NotRecorded { .. } => "say what it should be: verify it against a directory or a manifest",
        }
    }

    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tree(error) => write!(f, "{error}"),
            Self::Io { doing, path, source } => write!(f, "{path}: cannot {doing}: {source}"),
            Self::Name { dir, source } => write!(f, "in {dir}: {source}"),
            Self::Special { path } => write!(f, "{path}: a build cannot hold a device, socket or pipe"),
            Self::Manifest { dir, source } => write!(f, "{dir} is no valid build: {source}"),
            Self::Document { path, source } => write!(f, "{path}: {source}"),
            Self::OutputInside { path } => write!(f, "{path}: it would become part of the build"),
            Self::Diff(error) => write!(f, "{error}"),
            Self::Merge(error) => write!(f, "{error}"),
            Self::Products { first, second } => write!(f, "the first patch is one of {first}, the second one of {second}"),
            Self::Patch(error) => write!(f, "{error}"),
            Self::Contradiction => f.write_str("the patch does not lead to the build it names"),
            Self::WrongBase(wrong) => write!(f, "{wrong}"),
            Self::ChangedMeanwhile { path } => write!(f, "{path}: somebody changed it while the update was being prepared"),
            Self::Stopped => f.write_str("stopped, as asked"),
            Self::Source { path } => write!(f, "{path}: does not hold the bytes that are needed"),
            Self::Net(error) => write!(f, "{error}"),
            Self::Unsigned => f.write_str("nobody signed the patch"),
            Self::NoRoot => f.write_str("the patch is signed, and nothing says whom to believe"),
            Self::OtherPatch => f.write_str("the patch is not one that the signed release lists"),
            Self::Trust { what, source } => write!(f, "{what}: {source}"),
            Self::Store { what, source } => write!(f, "{what}: {source}"),
            Self::NotFollowing { dir } => write!(f, "{dir}: follows no releases"),
            Self::NotFetched { dir } => write!(f, "{dir}: not everything that the update needs has been fetched"),
            Self::Modified { differences, .. } => modified(f, differences),
            Self::HalfWay { dir, steps } => write!(f, "{dir}: {steps}"),
            Self::OtherSteps { dir, steps } => write!(f, "{dir}: {steps}, and another version of untorn began it"),
            Self::Step { steps, source } => {
                write!(f, "step {} of {}: ", steps.done.saturating_add(1), steps.count)?;
                match &**source {
                    Self::Tree(error) => write!(f, "{}", error.cause()),
                    source => source.what(f),
                }
            }
            Self::Unsteppable => f.write_str("the parts of the patch wait for each other in too many ways"),
            Self::Taken { path } => write!(f, "{path}: an update in steps needs this name"),
            Self::NotRecorded { dir } => write!(f, "{dir}: nothing says what is installed there"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what(f)?;
        if matches!(self, Self::Tree(_)) {
            // It has said the rest.
            return Ok(());
        }
        if let Self::Step { .. } = self {
            let now = "the steps before it are done; applying the patch again with --low-disk goes on";
            return write!(f, "; {now}; {} [{}]", self.advice(), self.code());
        }
        write!(f, "; nothing was changed; {} [{}]", self.advice(), self.code())
    }
}

fn modified(f: &mut fmt::Formatter<'_>, differences: &[Difference]) -> fmt::Result {
    write!(f, "somebody changed what the update changes, too: ")?;
    some(f, differences)
}

fn some(f: &mut fmt::Formatter<'_>, differences: &[Difference]) -> fmt::Result {
    for (number, difference) in differences.iter().take(SHOWN).enumerate() {
        write!(f, "{}{difference}", if number == 0 { "" } else { ", " })?;
    }
    f.write_str(if differences.len() > SHOWN { ", ..." } else { "" })
}

/// How many differences a message names.
const SHOWN: usize = 5;

impl fmt::Display for WrongBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tree is not the build this patch starts from")?;
        if self.differences.is_empty() {
            return f.write_str(", though every file that the patch changes is");
        }
        write!(f, "; {} differ: ", self.differences.len())?;
        some(f, &self.differences)
    }
}

fn io_code(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "UNT-SPACE",
        _ => "UNT-IO",
    }
}

fn io_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => "check the path",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "check who owns it and what its permissions are",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space, then try again",
        _ => "check the disk and its cable, then try again",
    }
}

fn diff_code(error: &DiffError) -> &'static str {
    match error {
        DiffError::Read { source, .. } | DiffError::Write(source) => io_code(source),
        DiffError::Changed { .. } => "UNT-CHANGED",
        DiffError::TooLarge(_) => "UNT-DIFF-SIZE",
        _ => "UNT-DIFF-COMPRESS",
    }
}

fn merge_code(error: &MergeError) -> &'static str {
    match error {
        MergeError::First(error) | MergeError::Second(error) => patch_code(error),
        MergeError::File { .. } => "UNT-MERGE-FILE",
        MergeError::TooLarge(_) => "UNT-MERGE-SIZE",
        MergeError::Write(error) => diff_code(error),
        _ => "UNT-MERGE-APART",
    }
}

fn merge_advice(error: &MergeError) -> &'static str {
    match error {
        MergeError::First(_) | MergeError::Second(_) => "get the patch again",
        MergeError::File { .. } | MergeError::TooLarge(_) => "make a patch from the builds with `untorn diff`",
        MergeError::Write(DiffError::Write(source)) => io_advice(source),
        _ => "name the patch that leads to a build, and then the one that starts from it",
    }
}

fn patch_code(error: &PatchError) -> &'static str {
    match error {
        PatchError::Input(source) | PatchError::Read { source, .. } => io_code(source),
        PatchError::Format(source) => source.code(),
        PatchError::Damaged(_) => "UNT-PATCH-DAMAGED",
        PatchError::Memory { .. } => "UNT-PATCH-MEMORY",
        PatchError::Encoder { .. } => "UNT-PATCH-ENCODER",
        PatchError::Trailing => "UNT-PATCH-TRAILING",
        PatchError::Joined => "UNT-PATCH-JOINED",
        PatchError::Made { .. } => "UNT-PATCH-CONTRADICTION",
        _ => "UNT-BASE",
    }
}

/// A path for messages.
pub(crate) fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Tree(error) => error.source(),
            Self::Io { source, .. } => Some(source),
            Self::Name { source, .. } => Some(source),
            Self::Manifest { source, .. } => Some(source),
            Self::Document { source, .. } => Some(source),
            Self::Net(error) => Some(error),
            Self::Trust { source, .. } => Some(source),
            Self::Store { source, .. } => Some(source),
            Self::Diff(error) => error.source(),
            Self::Patch(error) => error.source(),
            _ => None,
        }
    }
}

impl From<TreeError> for Error {
    fn from(error: TreeError) -> Self {
        Self::Tree(error)
    }
}

impl From<NetError> for Error {
    fn from(error: NetError) -> Self {
        match error.fault() {
            untorn_remote::Fault::Stopped => Self::Stopped,
            _ => Self::Net(error),
        }
    }
}

impl From<PatchError> for Error {
    fn from(error: PatchError) -> Self {
        Self::Patch(error)
    }
}

impl From<MergeError> for Error {
    fn from(error: MergeError) -> Self {
        Self::Merge(error)
    }
}

impl From<DiffError> for Error {
    fn from(error: DiffError) -> Self {
        Self::Diff(error)
    }
}
