//! What differs between systems. Each system presents the same two types: `Root`, a held directory with the operations on
//! names below it, and behind `Root::open_file` a [`crate::File`]. Paths arrive here already checked (see [`crate::path`]).

#[cfg(not(any(unix, windows)))]
mod portable;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(any(unix, windows)))]
pub(crate) use portable::Root;
#[cfg(unix)]
pub(crate) use unix::Root;
#[cfg(windows)]
pub(crate) use windows::Root;
