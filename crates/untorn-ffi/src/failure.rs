//! Why a call failed, as a number and as JSON.

use untorn::answers::{self, Json};

use crate::boundary::types::{BUG, MISUSE};

/// What a call came to: the number to return, and the answer.
pub(crate) type Reply = Result<(i32, Json), Failure>;

/// Why a call failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library says so.
    Library(Box<untorn::Error>),
    /// The caller made a mistake, and nothing happened.
    Misuse(Misuse),
    /// Something panicked.
    Bug,
}

/// What a caller can get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misuse {
    Null(&'static str),
    Misaligned(&'static str),
    Length(&'static str),
    Size(u32),
    NotUtf8(&'static str),
    Option(&'static str),
    Handle,
    Thread,
    Concurrent,
    NoTransaction,
    Transaction,
}

impl Misuse {
    fn code(self) -> &'static str {
        match self {
            Self::Null(_) => "UNT-FFI-NULL",
            Self::Misaligned(_) => "UNT-FFI-ALIGN",
            Self::Length(_) => "UNT-FFI-LENGTH",
            Self::Size(_) => "UNT-FFI-SIZE",
            Self::NotUtf8(_) => "UNT-FFI-UTF8",
            Self::Option(_) => "UNT-FFI-OPTION",
            Self::Handle => "UNT-FFI-HANDLE",
            Self::Thread => "UNT-FFI-THREAD",
            Self::Concurrent => "UNT-FFI-CONCURRENT",
            Self::NoTransaction => "UNT-FFI-NONE",
            Self::Transaction => "UNT-FFI-BEGUN",
        }
    }

    fn what(self) -> String {
        match self {
            Self::Null(what) => format!("{what} is null"),
            Self::Misaligned(what) => format!("{what} is not aligned"),
            Self::Length(what) => format!("{what} is longer than memory can be"),
            Self::Size(size) => format!("struct_size is {size}, which no header of this library has"),
            Self::NotUtf8(what) => format!("{what} is not UTF-8"),
            Self::Option(what) => format!("this function does not know {what}"),
            Self::Handle => "the handle is closed, or of another kind".to_owned(),
            Self::Thread => "the handle is bound to another thread".to_owned(),
            Self::Concurrent => "the handle is in use, by another thread or by the caller of this callback".to_owned(),
            Self::NoTransaction => "no transaction has begun".to_owned(),
            Self::Transaction => "a transaction has begun already".to_owned(),
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Size(_) => "set struct_size to the size of the struct, and use the header that came with the library",
            Self::Thread => "use it on the thread that opened it, or open it without UNTORN_THREAD_BOUND",
            Self::Concurrent => "use one handle on one thread at a time",
            Self::NoTransaction => "begin one",
            Self::Transaction => "commit or discard it first",
            _ => "mend the program that makes this call",
        }
    }
}

impl Failure {
    /// The number that the call returns.
    pub(crate) fn status(&self) -> i32 {
        match self {
            Self::Library(error) => error.exit_code().into(),
            Self::Misuse(_) => MISUSE,
            Self::Bug => BUG,
        }
    }

    /// The `error` of `docs/json.md`.
    pub(crate) fn json(&self) -> Json {
        match self {
            Self::Library(error) => answers::error(error),
            Self::Misuse(misuse) => {
                let (what, advice, code) = (misuse.what(), misuse.advice(), misuse.code());
                plain(code, format!("{what}; nothing was changed; {advice} [{code}]"), "unchanged", advice)
            }
            Self::Bug => plain("UNT-BUG", "something impossible happened [UNT-BUG]".into(), "in-doubt", "please report it"),
        }
    }
}

/// What is not about a file.
fn plain(code: &str, message: String, tree: &str, advice: &str) -> Json {
    Json::Object(vec![
        ("code", code.into()),
        ("message", message.into()),
        ("path", Json::Null),
        ("tree", tree.into()),
        ("advice", advice.into()),
        ("differences", Json::List(Vec::new())),
        ("differences_total", 0_u64.into()),
    ])
}

impl From<untorn::Error> for Failure {
    fn from(error: untorn::Error) -> Self {
        Self::Library(Box::new(error))
    }
}

impl From<untorn::TreeError> for Failure {
    fn from(error: untorn::TreeError) -> Self {
        untorn::Error::from(error).into()
    }
}

impl From<Misuse> for Failure {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}
