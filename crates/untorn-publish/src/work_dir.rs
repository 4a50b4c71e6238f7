//! A place beside the store for builds that are put together, and for patches.

use std::path::Path;

use tempfile::TempDir;
use untorn_format::escape;

use crate::{Error, Result};

/// Makes an empty directory, in `place` or where the system has such things. It is removed when it is dropped; what a killed process leaves there is
/// for whoever cleans up such places.
pub(crate) fn work_dir(place: Option<&Path>) -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("untorn-publish-");
    let made = place.map_or_else(|| builder.tempdir(), |place| builder.tempdir_in(place));
    let place = place.map_or_else(std::env::temp_dir, Path::to_path_buf);
    made.map_err(|source| Error::Io { doing: "make a directory", path: escape(place.as_os_str().as_encoded_bytes()), source })
}
