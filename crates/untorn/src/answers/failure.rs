//! An error for programs, and the number it ends with.

use untorn_store::Error as StoreError;
use untorn_txn::{Cause, Error as TreeError, TreeState};

use super::{Json, reports::difference, value::object};
use crate::{Difference, Error};

/// How many differences are listed.
const LISTED_MAX: usize = 1000;

/// The `error` of a document.
#[must_use]
pub fn error(error: &Error) -> Json {
    let differences = error.differences();
    object! {
        "code": error.code(),
        "message": error.to_string(),
        "path": error.path(),
        "tree": tree_word(error.state()),
        "advice": error.advice(),
        "differences": Json::list(differences.iter().take(LISTED_MAX), difference),
        "differences_total": differences.len(),
    }
}

/// The state of the tree in one word.
fn tree_word(state: TreeState) -> &'static str {
    match state {
        TreeState::Unchanged => "unchanged",
        TreeState::New => "new",
        TreeState::WillComplete => "will-complete",
        TreeState::InDoubt => "in-doubt",
        _ => "not-understood",
    }
}

impl Error {
    /// What is not as it should be, where that is what is wrong.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        match self {
            Self::WrongBase(wrong) => &wrong.differences,
            Self::Modified { differences, .. } => differences,
            _ => &[],
        }
    }

    /// The kind of error as a small number that never changes its meaning: what the command line exits with, and what the C interface returns. `untorn explain
    /// exit-codes` lists them.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::WrongBase(_) | Self::Modified { .. } => WRONG_BASE,
            Self::Tree(error) => of_tree(error),
            Self::Net(_) => match self.code() {
                "UNT-SPACE" => NO_SPACE,
                "UNT-IO" => IO,
                _ => NETWORK,
            },
            Self::Store { source, .. } => of_store(source),
            Self::Unsigned | Self::NoRoot | Self::OtherPatch => REFUSED,
            Self::Trust { .. } => of_trust(self.code()),
            _ => match self.code() {
                "UNT-SPACE" => NO_SPACE,
                "UNT-IO" => IO,
                "UNT-BASE" => WRONG_BASE,
                "UNT-STOPPED" => STOPPED,
                "UNT-HALF-WAY" => BUSY,
                _ => OTHER,
            },
        }
    }
}

const OTHER: u8 = 1;
const REFUSED: u8 = 20;
const ROLLBACK: u8 = 21;
const WRONG_BASE: u8 = 22;
const BUSY: u8 = 30;
const NO_SPACE: u8 = 31;
const IO: u8 = 32;
const NETWORK: u8 = 40;
const OLD_AGAIN: u8 = 50;
const STOPPED: u8 = 130;

fn of_trust(code: &str) -> u8 {
    match code {
        "UNT-TRUST-ROLLBACK" | "UNT-TRUST-OLDER" | "UNT-TRUST-FLOOR" | "UNT-TRUST-EXPIRED" | "UNT-TRUST-EPOCH" => ROLLBACK,
        "UNT-TRUST-PRODUCT" | "UNT-TRUST-PLATFORM" => WRONG_BASE,
        _ => REFUSED,
    }
}

/// What was damaged on the way may come right from elsewhere. What somebody vouched for and cannot be, such as a name that no tree may have, every mirror would say again: whoever signed it
/// is refused.
fn of_store(error: &StoreError) -> u8 {
    match error {
        StoreError::Decode(_) | StoreError::FrameForged | StoreError::ManifestForged => REFUSED,
        StoreError::OtherManifest => WRONG_BASE,
        StoreError::PageDamaged | StoreError::FrameDamaged | StoreError::ManifestDamaged => NETWORK,
        StoreError::Read { .. } | StoreError::Sink(_) => IO,
        _ => OTHER,
    }
}

fn of_tree(error: &TreeError) -> u8 {
    match error.cause() {
        Cause::Busy { .. } | Cause::InUse | Cause::HalfWay(_) => BUSY,
        Cause::NoSpace { .. } => NO_SPACE,
        // A sync failed, and the transaction was given up.
        Cause::Io { doing: "sync", .. } if error.state() == TreeState::Unchanged => OLD_AGAIN,
        Cause::Io { .. } => IO,
        Cause::Expected { .. } => WRONG_BASE,
        Cause::Stopped => STOPPED,
        _ => OTHER,
    }
}
