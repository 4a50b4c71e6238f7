//! Opening directories: builds for reading, trees for changing, stores to fetch from.

use std::{ffi::OsStr, io, path::Path, thread, time::Duration};

use untorn_fs::OsFs;
use untorn_remote::{Dir, Remote, RemoteOptions};
use untorn_store::layout::Name;
use untorn_txn::{Cause, Tree};

use crate::{
    Error, Result, SourceOptions,
    releases::{is_url, remote},
};

/// How long to wait before asking again for a lock that somebody holds.
const PATIENCE: Duration = Duration::from_millis(100);

/// The store of releases at `at`: an address that begins with `https://` or `http://`, or a directory with the mark of a store in it. `None` for any other directory, such as a
/// build.
///
/// # Errors
/// [`Error::Net`] for an address that cannot be used, or where this library was built without `http`.
pub fn open_store(at: &Path) -> Result<Option<Remote>> {
    match at.to_str().filter(|at| is_url(at)) {
        Some(address) => open_mirrors(&[address.to_owned()]).map(Some),
        None if at.join(Name::Mark.to_string()).is_file() => {
            Ok(Some(Remote::new(vec![Box::new(Dir::new(at))], RemoteOptions::default())?))
        }
        None => Ok(None),
    }
}

/// The store of releases at these places, addresses or directories, that stand in for each other: as a tree [remembers](crate::remembered) them.
///
/// # Errors
/// As [`open_store`], and [`Error::Net`] where there are none.
pub fn open_mirrors(sources: &[String]) -> Result<Remote> {
    remote(sources, &SourceOptions::default())
}

/// Opens a build, which is only read.
pub(crate) fn build(dir: &Path) -> Result<OsFs> {
    OsFs::open(dir).map_err(|source| Error::io("open", dir, source))
}

/// Opens the directory a file lies in, which need not exist yet. Gives its name in there, too.
pub(crate) fn beside(file: &Path) -> Result<(OsFs, String)> {
    let not_text = || Error::io("use the name of", file, io::ErrorKind::InvalidFilename.into());
    let name = file.file_name().and_then(OsStr::to_str).ok_or_else(not_text)?;
    Ok((OsFs::open(parent(file)).map_err(|source| Error::io("open the directory of", file, source))?, name.to_owned()))
}

/// The directory a file lies in.
pub(crate) fn parent(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Opens a tree, waiting for another updater where that is wanted.
pub(crate) fn tree(dir: &Path, wait: bool) -> Result<Tree> {
    waiting(wait, || Tree::open(dir))
}

/// Does `open`, again and again while another updater holds the tree, where waiting is wanted.
pub(crate) fn waiting<T>(wait: bool, open: impl Fn() -> untorn_txn::Result<T>) -> Result<T> {
    loop {
        match open() {
            Err(error) if wait && matches!(error.cause(), Cause::Busy { .. }) => thread::sleep(PATIENCE),
            other => return Ok(other?),
        }
    }
}
