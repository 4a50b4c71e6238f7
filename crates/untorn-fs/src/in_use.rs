//! The other error of the seam that callers must tell apart: a file that a program keeps from being changed.

use std::{error::Error, fmt, io};

#[derive(Debug)]
struct InUse {
    holders: Vec<String>,
}

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.holders.as_slice() {
            [] => f.write_str("a program has it open"),
            holders => write!(f, "it is open in {}", holders.join(", ")),
        }
    }
}

impl Error for InUse {}

/// The error for a name that cannot be opened, replaced or removed because programs have the file open; `holders` are those that are known. Only systems
/// whose programs can lock others out of a file answer with it.
#[must_use]
pub fn in_use(holders: Vec<String>) -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, InUse { holders })
}

/// Whether `error` is the one that [`in_use`] makes.
#[must_use]
pub fn is_in_use(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<InUse>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_have_it_open_are_named() {
        let error = in_use(vec!["game.exe (process 7)".into(), "scanner".into()]);
        assert_eq!(error.to_string(), "it is open in game.exe (process 7), scanner");
        assert!(is_in_use(&error) && !is_in_use(&io::ErrorKind::ResourceBusy.into()));
        assert_eq!(in_use(Vec::new()).to_string(), "a program has it open");
    }
}
