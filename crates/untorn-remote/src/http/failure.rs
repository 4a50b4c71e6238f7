//! What the connection says when it fails.

use std::{error::Error as StdError, io};

use untorn_format::escape;
use ureq::{Error, Timeout};

use crate::Fault;

/// What kept an answer from coming.
pub(super) fn of(error: Error) -> Fault {
    let why = |error: &dyn std::fmt::Display| escape(error.to_string().as_bytes());
    match error {
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => Fault::Unreachable { why: "no answer in time".into() },
        Error::Timeout(_) => Fault::Slow { got: 0, within: std::time::Duration::ZERO },
        Error::HostNotFound => Fault::Unreachable { why: "there is no host of that name".into() },
        Error::ConnectionFailed => Fault::Unreachable { why: "no connection".into() },
        Error::Tls(what) => Fault::Tls { why: what.into() },
        Error::Rustls(error) => Fault::Tls { why: why(&error) },
        Error::BadUri(_) => Fault::Url { why: "the system cannot make anything of it" },
        Error::Io(error) => of_io(&error),
        other => Fault::Protocol { why: why(&other) },
    }
}

fn of_io(error: &io::Error) -> Fault {
    if is_timeout(error) {
        return Fault::Slow { got: 0, within: std::time::Duration::ZERO };
    }
    if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
        return Fault::Tls { why: escape(error.to_string().as_bytes()) };
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Fault::Broken { got: 0, of: None },
        _ => Fault::Unreachable { why: escape(error.to_string().as_bytes()) },
    }
}

/// Whether nothing came for too long.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    let wrapped = error.get_ref().and_then(|inner| <dyn StdError + 'static>::downcast_ref::<Error>(inner));
    matches!(wrapped, Some(Error::Timeout(_))) || matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}
