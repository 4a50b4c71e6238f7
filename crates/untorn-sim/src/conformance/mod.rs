//! What every [`Fs`] must do, as a list of named checks: run on the simulated file system, on the real one, and on any other that wants to
//! be used in their place.
//!
//! Each check expects an empty file system and fails by panicking. What a file system does not promise in its
//! [`untorn_fs::Capabilities`] must be answered with [`ErrorKind::Unsupported`], and is checked no further.
//!
//! ```
//! use untorn_sim::{SimFs, SimOptions, conformance};
//!
//! for check in conformance::checks() {
//!     (check.run)(&SimFs::new(SimOptions::strict()));
//! }
//! ```
#![expect(clippy::unwrap_used, clippy::panic, reason = "a check fails by panicking, as a test does")]

mod files;
mod links;
mod locks;
mod names;
mod paths;
mod renames;
mod syncs;

use std::{
    fmt::Debug,
    io::{self, ErrorKind},
};

use untorn_fs::{File, Fs, OpenMode};

/// One check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What is checked, as a sentence.
    pub name: &'static str,
    /// Panics when the file system behaves differently.
    pub run: fn(&dyn Fs),
}

/// All checks.
#[must_use]
pub fn checks() -> Vec<Check> {
    [files::CHECKS, names::CHECKS, renames::CHECKS, links::CHECKS, paths::CHECKS, locks::CHECKS, syncs::CHECKS].concat()
}

/// A list of checks that are named like their functions.
macro_rules! named_checks {
    ($($run:ident),* $(,)?) => {
        pub(super) const CHECKS: &[super::Check] = &[$(super::Check { name: stringify!($run), run: $run }),*];
    };
}
use named_checks;

fn put(fs: &dyn Fs, path: &str, bytes: &[u8]) -> Box<dyn File> {
    let file = fs.open(path, OpenMode::CreateNew { executable: false }).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file
}

fn get(fs: &dyn Fs, path: &str) -> Vec<u8> {
    crate::read(fs, path).unwrap()
}

fn names_in(fs: &dyn Fs, path: &str) -> Vec<String> {
    let mut names: Vec<String> = fs.read_dir(path).unwrap().into_iter().map(|entry| entry.name.unwrap()).collect();
    names.sort();
    names
}

fn gone(fs: &dyn Fs, path: &str) -> bool {
    fs.metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn kind<T>(result: io::Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("this should have failed"),
        Err(error) => error.kind(),
    }
}

#[track_caller]
fn same<T: PartialEq + Debug>(got: T, wanted: T) {
    assert_eq!(got, wanted);
}
