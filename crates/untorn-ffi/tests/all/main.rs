//! What untorn-ffi promises, one file a promise, all in one program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips, and so do its helpers"
)]

mod util;

mod c_programs_follow_a_web_host;
mod c_programs_update_a_tree;
mod c_sharp_programs_update_a_tree;
mod go_programs_update_a_tree;
mod what_callers_get_wrong_is_refused;
