//! What a command came to, for people and for programs.

use serde_json::Value;
use untorn::answers::Json;

use crate::{exit::Exit, failure::Failure};

/// What a command answers.
pub(crate) type Answer = Result<Outcome, Failure>;

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) exit: Exit,
    /// For people; printed as it is.
    pub(crate) text: String,
    /// For programs: the `result` of the JSON document.
    pub(crate) json: Value,
}

impl Outcome {
    pub(crate) fn new(text: impl Into<String>, json: Value) -> Self {
        Self { exit: Exit::Ok, text: text.into(), json }
    }

    pub(crate) fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }
}

/// What the library says, for documents.
pub(crate) fn value(json: &Json) -> Value {
    serde_json::from_str(&json.to_string()).unwrap_or_default()
}
