//! What the tests share: a store of one object, hosts of it, and little patience.
#![allow(dead_code, clippy::unwrap_used, reason = "test support: each test binary uses some of it, and a panic is a failed test")]

use std::time::Duration;

use tempfile::TempDir;
use untorn_remote::{Http, HttpOptions};
use untorn_testhost::{Action, Host, HostOptions, Request};

/// 200,000 bytes, no two stretches alike.
pub(crate) fn content() -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..200_000).map(|_| next()).collect()
}

/// A store that holds `content()` as `pack/aa`.
pub(crate) fn store() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("pack")).unwrap();
    std::fs::write(dir.path().join("pack/aa"), content()).unwrap();
    dir
}

pub(crate) fn host(dir: &TempDir, decide: impl Fn(&Request) -> Action + Send + Sync + 'static) -> Host {
    Host::start_with(dir.path(), HostOptions::default().deciding(decide)).unwrap()
}

pub(crate) fn impatient() -> HttpOptions {
    let mut options = HttpOptions::default();
    options.patience = Duration::from_millis(700);
    options.patience_to_connect = Duration::from_secs(2);
    options
}

pub(crate) fn http(host: &Host) -> Http {
    Http::new(&host.url(), impatient()).unwrap()
}
