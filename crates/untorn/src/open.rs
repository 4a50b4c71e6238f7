//! Opening directories: builds for reading, trees for changing.

use std::{path::Path, thread, time::Duration};

use untorn_fs::OsFs;
use untorn_txn::{Cause, Tree};

use crate::{Error, Result};

/// How long to wait before asking again for a lock that somebody holds.
const PATIENCE: Duration = Duration::from_millis(100);

/// Opens a build, which is only read.
pub(crate) fn build(dir: &Path) -> Result<OsFs> {
    OsFs::open(dir).map_err(|source| Error::io("open", dir, source))
}

/// Opens a tree, waiting for another updater where that is wanted.
pub(crate) fn tree(dir: &Path, wait: bool) -> Result<Tree> {
    loop {
        match Tree::open(dir) {
            Err(error) if wait && matches!(error.cause(), Cause::Busy { .. }) => thread::sleep(PATIENCE),
            other => return Ok(other?),
        }
    }
}
