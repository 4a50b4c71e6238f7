//! What untorn-import promises, one file a promise, all in one program.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking, and says what it skips")]

mod util;

mod the_real_xdelta3_is_understood_or_refused_by_name;
mod what_other_tools_wrote_is_understood;
mod what_they_did_not_write_changes_nothing;
