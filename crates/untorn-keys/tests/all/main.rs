//! What untorn-keys promises, one file a promise, all in one program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips, and so do its helpers"
)]

#[allow(dead_code, reason = "written for the tests of another crate, too")]
#[path = "../../../untorn-trust/tests/all/util/mod.rs"]
mod util;

mod a_secret_key_opens_with_its_password_only;
mod roots_are_made_as_players_accept_them;
mod the_real_minisign_and_we_understand_each_other;
