//! Errors: what came instead, and from where.

use std::{error::Error as StdError, fmt, io, ops::Range, time::Duration};

use untorn_format::escape;

/// What an operation answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be had, and from where.
#[derive(Debug)]
pub struct Error {
    url: String,
    fault: Fault,
    /// What other mirrors answered, in the order they were asked.
    others: Vec<Error>,
    /// Whether a good deal had come before.
    is_after_progress: bool,
}

/// What is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Blame {
    /// The way there: the network, the server, something between. Trying again, or elsewhere, may help.
    Transport,
    /// What lies there, or is given out as it: trying again at the same place gives the same.
    Content,
    /// What was asked for, or this machine.
    Caller,
}

/// What kept something from coming.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The base is no URL that can be used.
    Url {
        /// Why not.
        why: &'static str,
    },
    /// The name is none that may be asked for.
    Name,
    /// No connection.
    Unreachable {
        /// What the system said.
        why: String,
    },
    /// The server could not prove who it is, or the secured connection failed.
    Tls {
        /// What was wrong.
        why: String,
    },
    /// The connection ended before the answer did.
    Broken {
        /// How many bytes had come.
        got: u64,
        /// Of how many, where that is known.
        of: Option<u64>,
    },
    /// Less came than the slowest rate allowed.
    Slow {
        /// How many bytes had come.
        got: u64,
        /// In how long the last too few of them came.
        within: Duration,
    },
    /// The server answered that it cannot or will not.
    Status(Answer),
    /// The answer is no HTTP.
    Protocol {
        /// What was wrong.
        why: String,
    },
    /// A redirect that is not followed.
    Redirect {
        /// Where it leads, escaped.
        to: String,
        /// Why it is not followed.
        why: &'static str,
    },
    /// There is no such object.
    Missing,
    /// A file could not be read.
    Read(io::Error),
    /// A web page came instead of data.
    Page(Answer),
    /// The answer is encoded in a way nobody asked for.
    Encoding {
        /// Which, escaped.
        encoding: String,
    },
    /// Another part came than was asked for.
    Range {
        /// What was asked for.
        asked: Range<u64>,
        /// What came, escaped.
        came: String,
    },
    /// Parts are not served here, and the whole was not wanted instead.
    NoRange {
        /// How long the whole is, where that is known.
        len: Option<u64>,
    },
    /// The object is longer than it may be.
    Length {
        /// How long it may be.
        limit: u64,
        /// How long it says it is.
        found: Option<u64>,
    },
    /// The bytes are not the right ones.
    Content {
        /// What is wrong with them.
        why: String,
        /// The first of them, escaped.
        first: String,
    },
    /// What came could not be kept.
    Sink(io::Error),
    /// Somebody asked to stop.
    Stopped,
}

/// What a server said, as far as messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The number.
    pub status: u16,
    /// What it says it is, escaped.
    pub kind: String,
    /// How it begins, escaped.
    pub first: String,
}

/// How much of an answer is shown.
pub(crate) const FIRST_LEN: usize = 80;

impl Error {
    /// An error about `url`, which must be fit to be shown: escaped, and without credentials.
    #[must_use]
    pub fn new(url: impl Into<String>, fault: Fault) -> Self {
        Self { url: url.into(), fault, others: Vec::new(), is_after_progress: false }
    }

    /// The same, knowing what was answered elsewhere.
    #[must_use]
    pub(crate) fn beside(mut self, others: Vec<Self>) -> Self {
        self.others = others;
        self
    }

    /// The same, after a good deal had come.
    pub(crate) fn after_progress(self) -> Self {
        Self { is_after_progress: true, ..self }
    }

    pub(crate) fn is_after_progress(&self) -> bool {
        self.is_after_progress
    }

    /// What happened.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// What it is about, escaped.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What other mirrors answered before.
    #[must_use]
    pub fn others(&self) -> &[Self] {
        &self.others
    }

    /// A code that never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.fault {
            Fault::Url { .. } => "UNT-NET-URL",
            Fault::Name => "UNT-NET-NAME",
            Fault::Unreachable { .. } => "UNT-NET-UNREACHABLE",
            Fault::Tls { .. } => "UNT-NET-TLS",
            Fault::Broken { .. } => "UNT-NET-BROKEN",
            Fault::Slow { .. } => "UNT-NET-SLOW",
            Fault::Status(_) => "UNT-NET-STATUS",
            Fault::Protocol { .. } => "UNT-NET-PROTOCOL",
            Fault::Redirect { .. } => "UNT-NET-REDIRECT",
            Fault::Missing => "UNT-NET-MISSING",
            Fault::Read(_) => "UNT-NET-READ",
            Fault::Page(_) => "UNT-NET-PAGE",
            Fault::Encoding { .. } => "UNT-NET-ENCODING",
            Fault::Range { .. } => "UNT-NET-RANGE",
            Fault::NoRange { .. } => "UNT-NET-NO-RANGE",
            Fault::Length { .. } => "UNT-NET-LENGTH",
            Fault::Content { .. } => "UNT-NET-CONTENT",
            Fault::Sink(error) if is_full(error) => "UNT-SPACE",
            Fault::Sink(_) => "UNT-IO",
            Fault::Stopped => "UNT-STOPPED",
        }
    }

    /// What is to blame.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match &self.fault {
            Fault::Url { .. } | Fault::Name | Fault::Sink(_) | Fault::Stopped => Blame::Caller,
            Fault::Unreachable { .. }
            | Fault::Tls { .. }
            | Fault::Broken { .. }
            | Fault::Slow { .. }
            | Fault::Status(_)
            | Fault::Protocol { .. }
            | Fault::Redirect { .. }
            | Fault::NoRange { .. }
            | Fault::Read(_) => Blame::Transport,
            Fault::Missing
            | Fault::Page(_)
            | Fault::Encoding { .. }
            | Fault::Range { .. }
            | Fault::Length { .. }
            | Fault::Content { .. } => Blame::Content,
        }
    }

    /// Whether the same question at the same place may be answered a moment later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match &self.fault {
            Fault::Unreachable { .. } | Fault::Broken { .. } | Fault::Slow { .. } | Fault::Protocol { .. } => true,
            Fault::Status(answer) => matches!(answer.status, 408 | 425 | 429 | 500..=599),
            Fault::Read(error) => error.kind() == io::ErrorKind::Interrupted || error.kind() == io::ErrorKind::TimedOut,
            _ => false,
        }
    }

    /// What to do next, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match &self.fault {
            Fault::Url { .. } => "check the address",
            Fault::Name => "ask whoever publishes it",
            Fault::Unreachable { .. } => "check the address and the connection to the network, then try again",
            Fault::Tls { .. } => "check the clock of this machine, and who is between it and the server",
            Fault::Broken { .. } | Fault::Slow { .. } | Fault::Protocol { .. } | Fault::Status(_) => {
                "try again later; what has come is not fetched again"
            }
            Fault::Redirect { .. } | Fault::Missing | Fault::Range { .. } | Fault::Length { .. } | Fault::Encoding { .. } => {
                "ask whoever runs the server, or use another one"
            }
            Fault::Page(_) => "open a web page in a browser first, in case the network asks for a login; then try again",
            Fault::NoRange { .. } => "use another server, or allow whole files to be fetched",
            Fault::Content { .. } => "try again, or use another server",
            Fault::Read(_) => "check the disk and its permissions, then try again",
            Fault::Sink(error) if is_full(error) => "free some space, then try again",
            Fault::Sink(_) => "check the disk and its cable, then try again",
            Fault::Stopped => "start again whenever you like",
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.url, self.fault)?;
        for other in &self.others {
            write!(f, "; before that, {}: {}", other.url, other.fault)?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { why } => write!(f, "this address cannot be used: {why}"),
            Self::Name => f.write_str("no name that untorn asks for"),
            Self::Unreachable { why } => write!(f, "cannot be reached: {why}"),
            Self::Tls { why } => write!(f, "the secured connection failed: {why}"),
            Self::Broken { got, of: Some(of) } => write!(f, "the connection ended after {got} of {of} bytes"),
            Self::Broken { got, of: None } => write!(f, "the connection ended after {got} bytes"),
            Self::Slow { got, within } => {
                write!(f, "next to nothing came for {} s, after {got} bytes", within.as_secs_f32().round())
            }
            Self::Status(answer) => write!(f, "the server refused: {answer}"),
            Self::Protocol { why } => write!(f, "the server does not answer as one: {why}"),
            Self::Redirect { to, why } => write!(f, "leads on to {to}, which is not followed: {why}"),
            Self::Missing => f.write_str("does not exist"),
            Self::Read(error) => write!(f, "cannot be read: {error}"),
            Self::Page(answer) => write!(f, "a web page came instead of data: {answer}"),
            Self::Encoding { encoding } => write!(f, "came encoded as {encoding}, which nobody asked for"),
            Self::Range { asked, came } => {
                write!(f, "asked for the bytes from {} up to {}, but {came}", asked.start, asked.end)
            }
            Self::NoRange { len: Some(len) } => write!(f, "the server gives out whole files only, here {len} bytes"),
            Self::NoRange { len: None } => f.write_str("the server gives out whole files only"),
            Self::Length { limit, found: Some(found) } => write!(f, "has {found} bytes, but at most {limit} may come"),
            Self::Length { limit, found: None } => write!(f, "does not end after the {limit} bytes that may come"),
            Self::Content { why, first } => write!(f, "what came is not what should be there: {why}; it begins \"{first}\""),
            Self::Sink(error) => write!(f, "what came could not be kept: {error}"),
            Self::Stopped => f.write_str("stopped, as asked"),
        }
    }
}

impl Answer {
    /// What a server said; `body` is as much of it as is at hand.
    #[must_use]
    pub fn new(status: u16, kind: &str, body: &[u8]) -> Self {
        Self { status, kind: escape(kind.as_bytes()), first: first_of(body) }
    }
}

/// How bytes begin, escaped.
pub(crate) fn first_of(body: &[u8]) -> String {
    escape(&body[..body.len().min(FIRST_LEN)])
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind.is_empty() { "no type" } else { &self.kind };
        write!(f, "status {} ({kind})", self.status)?;
        if self.first.is_empty() { Ok(()) } else { write!(f, ", beginning \"{}\"", self.first) }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.fault {
            Fault::Read(error) | Fault::Sink(error) => Some(error),
            _ => None,
        }
    }
}
