//! What a command failed of, for people and for programs.

use std::{io, path::Path};

use serde_json::{Value, json};
use untorn::{Difference, Error, TreeError, answers, escape};

use untorn_import::Error as ImportError;
use untorn_keys::KeyError;
use untorn_publish::Error as PublishError;

use crate::{exit::Exit, outcome::value};

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
        let json = value(&answers::error(&error));
        let details = listed(error.differences());
        Self { exit: Exit::of(error.exit_code()), message: error.to_string(), details, json }
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

fn listed(differences: &[Difference]) -> Vec<String> {
    let more = differences.len().saturating_sub(LISTED_MAX);
    let shown = differences.iter().take(LISTED_MAX).map(|difference| format!("  {difference}"));
    shown.chain((more > 0).then(|| format!("  ... and {more} more (--json lists up to 1000)"))).collect()
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
    /// Names the patch, where that is what cannot be used.
    pub(crate) fn of_patch(error: Error, patch: &Path) -> Self {
        let is_patch = matches!(error, Error::Patch(_));
        let mut failure = Self::from(error);
        if is_patch && failure.json["path"].is_null() {
            let name = escape(patch.as_os_str().as_encoded_bytes());
            failure.message = format!("{name}: {}", failure.message);
            (failure.json["message"], failure.json["path"]) = (failure.message.clone().into(), name.into());
        }
        failure
    }

    /// For a secret key, by the name of its file.
    pub(crate) fn key(name: &str, error: &KeyError) -> Self {
        let name = escape(name.as_bytes());
        let message = format!("{name}: {error}; nothing was changed; {} [{}]", error.advice(), error.code());
        let mut json = plain(error.code(), &message, "unchanged", error.advice());
        json["path"] = name.into();
        Self { exit: Exit::Other, message, details: Vec::new(), json }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        if let ImportError::Tree(error) = error {
            return error.into();
        }
        let message = error.to_string();
        let mut json = plain(error.code(), &message, "unchanged", error.advice());
        json["path"] = error.path().into();
        let exit = match error {
            ImportError::Io { .. } => Exit::Io,
            ImportError::Mismatch { .. } => Exit::WrongBase,
            _ => Exit::Other,
        };
        Self { exit, message, details: Vec::new(), json }
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
    value(&answers::difference(difference))
}
