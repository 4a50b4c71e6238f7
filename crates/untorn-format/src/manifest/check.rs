//! What entries must keep to make a manifest.

use super::{ENTRY_COUNT_MAX, Entry, Kind, MANIFEST_LEN_MAX, ManifestError, codec, entry::find};
use crate::{check_set, escape, symlink_target::resolve};

/// Checks sorted entries.
pub(super) fn check(entries: &[Entry]) -> Result<(), ManifestError> {
    refuse_if(entries.len() > ENTRY_COUNT_MAX, ManifestError::TooManyEntries)?;
    refuse_if(codec::encoded_len(entries) > MANIFEST_LEN_MAX, ManifestError::TooLong)?;
    let total = entries.iter().try_fold(0_u64, |sum, entry| sum.checked_add(entry.kind.len()));
    refuse_if(total.is_none(), ManifestError::TooManyBytes)?;
    check_set(entries.iter().map(|entry| (&entry.path, entry.kind == Kind::Dir)))?;
    check_parents(entries)?;
    entries.iter().try_for_each(|entry| check_target(entries, entry))
}

fn refuse_if(broken: bool, error: ManifestError) -> Result<(), ManifestError> {
    if broken { Err(error) } else { Ok(()) }
}

/// That a parent with an entry is a directory is N10, and has been checked.
fn check_parents(entries: &[Entry]) -> Result<(), ManifestError> {
    let mut known = "";
    for entry in entries {
        let Some((parent, _)) = entry.path.as_str().rsplit_once('/') else { continue };
        if parent != known && find(entries, parent).is_none() {
            return Err(ManifestError::ParentMissing {
                path: escape(entry.path.as_str().as_bytes()),
                parent: escape(parent.as_bytes()),
            });
        }
        known = parent;
    }
    Ok(())
}

fn check_target(entries: &[Entry], entry: &Entry) -> Result<(), ManifestError> {
    let Kind::Symlink { target } = &entry.kind else { return Ok(()) };
    let place = resolve(&entry.path, target)?;
    match find(entries, place.as_str()) {
        Some(_) => Ok(()),
        None => Err(ManifestError::TargetMissing {
            path: escape(entry.path.as_str().as_bytes()),
            target: escape(place.as_str().as_bytes()),
        }),
    }
}
