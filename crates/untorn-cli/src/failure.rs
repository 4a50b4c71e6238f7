//! What a command failed of, for people and for programs.

use std::{io, path::Path};

use serde_json::{Value, json};
use untorn::{Cause, Difference, Error, TreeError, TreeState, escape};

use untorn_keys::KeyError;
use untorn_publish::Error as PublishError;

use crate::exit::Exit;

/// What a command failed of.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// One line for people.
    pub(crate) message: String,
    /// Further lines for people.
    pub(crate) details: Vec<String>,
    /// For programs: the `error` of the JSON document.
    pub(crate) json: Value,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let differences = match &error {
            Error::WrongBase(wrong) => wrong.differences.as_slice(),
            Error::Modified { differences, .. } => differences.as_slice(),
            _ => &[],
        };
        let json = json!({
            "code": error.code(),
            "message": error.to_string(),
            "path": error.path(),
            "tree": tree_word(error.state()),
            "advice": error.advice(),
            "differences": differences.iter().take(LISTED_JSON_MAX).map(difference_json).collect::<Vec<_>>(),
            "differences_total": differences.len(),
        });
        let details = listed(differences);
        Self { exit: exit_of(&error), message: error.to_string(), details, json }
    }
}

/// What is not about a file.
fn plain(code: &str, message: &str, tree: &str, advice: &str) -> Value {
    json!({
        "code": code,
        "message": message,
        "path": null,
        "tree": tree,
        "advice": advice,
        "differences": [],
        "differences_total": 0,
    })
}

/// How many differences are listed for people.
const LISTED_MAX: usize = 20;
/// How many differences are listed for programs.
const LISTED_JSON_MAX: usize = 1000;

fn listed(differences: &[Difference]) -> Vec<String> {
    let more = differences.len().saturating_sub(LISTED_MAX);
    let shown = differences.iter().take(LISTED_MAX).map(|difference| format!("  {difference}"));
    shown.chain((more > 0).then(|| format!("  ... and {more} more (--json lists up to {LISTED_JSON_MAX})"))).collect()
}

impl From<TreeError> for Failure {
    fn from(error: TreeError) -> Self {
        Error::from(error).into()
    }
}

impl Failure {
    /// For a command line that makes no sense.
    pub(crate) fn usage(message: String) -> Self {
        let json = plain("UNT-USAGE", &message, "unchanged", "see --help");
        Self { exit: Exit::Usage, message, details: Vec::new(), json }
    }

    /// For what should be impossible.
    pub(crate) fn bug(message: String) -> Self {
        let json = plain("UNT-BUG", &message, "in-doubt", "please report it");
        Self { exit: Exit::Bug, message, details: Vec::new(), json }
    }

    /// For what only the command line does: opening its own files, starting programs.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Error::Io { doing, path: escape(path.as_os_str().as_encoded_bytes()), source }.into()
    }
}

impl Failure {
    /// For a secret key, by the name of its file.
    pub(crate) fn key(name: &str, error: &KeyError) -> Self {
        let name = escape(name.as_bytes());
        let message = format!("{name}: {error}; nothing was changed; {} [{}]", error.advice(), error.code());
        let mut json = plain(error.code(), &message, "unchanged", error.advice());
        json["path"] = name.into();
        Self { exit: Exit::Other, message, details: Vec::new(), json }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        if let PublishError::Build(error) = error {
            return error.into();
        }
        let message = error.to_string();
        let mut json = plain(error.code(), &message, "unchanged", error.advice());
        json["path"] = error.path().into();
        Self { exit: exit_of_publishing(&error), message, details: Vec::new(), json }
    }
}

fn exit_of_publishing(error: &PublishError) -> Exit {
    match (error, error.code()) {
        (PublishError::Trust { .. }, _) => Exit::Refused,
        (_, "UNT-STORE-BUSY" | "UNT-STORE-RACE") => Exit::Busy,
        (_, "UNT-STORE-SERVICE") => Exit::Network,
        (_, "UNT-STORE-PLACE") => Exit::Usage,
        (_, "UNT-SPACE") => Exit::NoSpace,
        (_, "UNT-IO") => Exit::Io,
        (_, "UNT-STOPPED") => Exit::Stopped,
        _ => Exit::Other,
    }
}

/// A difference as JSON.
pub(crate) fn difference_json(difference: &Difference) -> Value {
    json!({ "path": difference.path, "class": difference.what.class(), "what": difference.what.word(), "text": difference.what.to_string() })
}

fn exit_of(error: &Error) -> Exit {
    match error {
        Error::WrongBase(_) => Exit::WrongBase,
        Error::Tree(error) => exit_of_tree(error),
        Error::Net(_) | Error::Store { .. } => match error.code() {
            "UNT-SPACE" => Exit::NoSpace,
            "UNT-IO" => Exit::Io,
            _ => Exit::Network,
        },
        Error::Unsigned | Error::NoRoot | Error::OtherPatch => Exit::Refused,
        Error::Trust { .. } => match error.code() {
            "UNT-TRUST-ROLLBACK" | "UNT-TRUST-OLDER" | "UNT-TRUST-FLOOR" | "UNT-TRUST-EXPIRED" | "UNT-TRUST-EPOCH" => {
                Exit::Rollback
            }
            "UNT-TRUST-PRODUCT" | "UNT-TRUST-PLATFORM" => Exit::WrongBase,
            _ => Exit::Refused,
        },
        Error::Modified { .. } => Exit::WrongBase,
        _ => match error.code() {
            "UNT-SPACE" => Exit::NoSpace,
            "UNT-IO" => Exit::Io,
            "UNT-BASE" => Exit::WrongBase,
            "UNT-STOPPED" => Exit::Stopped,
            "UNT-HALF-WAY" => Exit::Busy,
            _ => Exit::Other,
        },
    }
}

fn exit_of_tree(error: &TreeError) -> Exit {
    match error.cause() {
        Cause::Busy { .. } | Cause::InUse | Cause::HalfWay(_) => Exit::Busy,
        Cause::NoSpace { .. } => Exit::NoSpace,
        // A sync failed, and the transaction was given up.
        Cause::Io { doing: "sync", .. } if error.state() == TreeState::Unchanged => Exit::OldAgain,
        Cause::Io { .. } => Exit::Io,
        Cause::Expected { .. } => Exit::WrongBase,
        Cause::Stopped => Exit::Stopped,
        _ => Exit::Other,
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
