//! Opening directories: builds for reading, trees for changing, stores to fetch from.

use std::{ffi::OsStr, io, path::Path, thread, time::Duration};

use untorn_fs::OsFs;
use untorn_remote::{Dir, Remote, RemoteOptions, Transport};
use untorn_store::layout::Name;
use untorn_txn::{Cause, Tree};

use crate::{Error, Result};

/// How long to wait before asking again for a lock that somebody holds.
const PATIENCE: Duration = Duration::from_millis(100);

/// Whether `at` is the address of a store, and not the path of a directory.
fn is_address(at: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| at.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// The store of releases at `at`: an address that begins with `https://` or `http://`, or a directory with the mark of a store in it. `None` for any other directory, such as a
/// build.
///
/// # Errors
/// [`Error::Net`] for an address that cannot be used, or where this library was built without `http`.
pub fn open_store(at: &Path) -> Result<Option<Remote>> {
    let transport: Box<dyn Transport> = match at.to_str().filter(|at| is_address(at)) {
        Some(address) => http(address)?,
        None if at.join(Name::Mark.to_string()).is_file() => Box::new(Dir::new(at)),
        None => return Ok(None),
    };
    Ok(Some(Remote::new(vec![transport], RemoteOptions::default())?))
}

#[cfg(feature = "http")]
fn http(address: &str) -> Result<Box<dyn Transport>> {
    Ok(Box::new(untorn_remote::Http::new(address, untorn_remote::HttpOptions::default())?))
}

#[cfg(not(feature = "http"))]
fn http(address: &str) -> Result<Box<dyn Transport>> {
    let why = "this program was built for stores in directories only";
    Err(untorn_remote::Error::new(untorn_format::escape(address.as_bytes()), untorn_remote::Fault::Url { why }).into())
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
