//! The one error of the seam that callers must tell apart: a path that leads out of the tree.

use std::{error::Error, fmt, io};

#[derive(Debug)]
struct OutsideTree;

impl fmt::Display for OutsideTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path leads through a symlink or a mount point, or out of the tree")
    }
}

impl Error for OutsideTree {}

/// The error for a path that leads through a symlink, across a mount, or out of the root.
#[must_use]
pub fn outside_tree() -> io::Error {
    io::Error::new(io::ErrorKind::NotADirectory, OutsideTree)
}

/// Whether `error` is the one that [`outside_tree`] makes.
#[must_use]
pub fn is_outside_tree(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<OutsideTree>())
}
