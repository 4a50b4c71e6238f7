//! The laboratory itself: what it refuses, and what it leaves.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skips, and so do its helpers"
)]

mod it_works_on_nothing_but_its_own_disks;
mod whatever_ends_it_nothing_is_left;
