//! What untorn-remote promises, one file a promise, all in one program.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test fails by panicking, and so do its helpers")]

mod util;

#[cfg(feature = "http")]
mod a_host_that_misbehaves_is_told_apart_by_what_it_did;
#[cfg(feature = "http")]
mod mirrors_stand_in_for_each_other;
