//! What untorn-studio promises, one file a promise, all in one program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips, and so do its helpers"
)]

mod place;
mod zips;

mod a_page_works_in_a_browser;
mod a_report_counts_every_byte_and_advises_by_counting;
mod an_archive_like_the_old_one_keeps_what_did_not_change;
mod an_estimate_is_near_the_patch;
mod no_archive_is_an_error;
