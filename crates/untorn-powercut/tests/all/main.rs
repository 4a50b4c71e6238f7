//! The laboratories themselves: what they refuse, what they find, and what they leave.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skips, and so do its helpers"
)]

mod a_soak_loses_nothing_and_leaves_nothing;
mod a_torn_updater_is_found_torn;
mod it_works_on_nothing_but_its_own_disks;
mod machine;
mod whatever_ends_it_nothing_is_left;
