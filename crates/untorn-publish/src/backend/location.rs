//! From what the user typed to a store.

use std::path::Path;

use untorn_format::escape;

use super::{Backend, BackendError, DirBackend, Result, Trouble};

/// Opens the store at `location`: a directory, or a bucket as `s3://`, `gs://` or `az://` where the program was built with the feature `cloud`.
/// A directory that is not there is made when `make` says so.
///
/// # Errors
/// [`Trouble::Unsupported`] for an address that is neither; what the system answers.
pub fn open_store(location: &str, make: bool) -> Result<Box<dyn Backend>> {
    match location.split_once("://") {
        None => Ok(Box::new(DirBackend::open(Path::new(location), make)?)),
        Some((scheme, _)) => bucket(scheme, location),
    }
}

#[cfg(feature = "cloud")]
fn bucket(_scheme: &str, url: &str) -> Result<Box<dyn Backend>> {
    Ok(Box::new(super::ObjectStoreBackend::open(url)?))
}

#[cfg(not(feature = "cloud"))]
fn bucket(scheme: &str, url: &str) -> Result<Box<dyn Backend>> {
    let why = match scheme {
        "s3" | "gs" | "az" => "this untorn was built without the feature `cloud`",
        _ => "a store is a directory, or s3://, gs:// or az:// with a bucket",
    };
    Err(unsupported(url, why))
}

pub(super) fn unsupported(url: &str, why: &str) -> BackendError {
    BackendError {
        doing: "open the store",
        name: String::new(),
        place: escape(url.as_bytes()),
        trouble: Trouble::Unsupported(why.into()),
    }
}
