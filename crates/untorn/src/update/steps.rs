//! An update in steps that is half way is taken up again.

use std::{cell::Cell, path::Path};

use untorn_format::release::{HalfWay, Release};
use untorn_remote::Remote;
use untorn_txn::{Fetched, Tree};

use super::{UpdateOptions, patches};
use crate::{
    Error, Result,
    apply::{PatchFile, in_steps},
    error::shown,
    releases::Progress,
};

/// Goes on with the patch that it began with, which is fetched again should it be gone. After this returns the tree is the build that this leads to.
///
/// # Errors
/// [`Error::HalfWay`] when the release does not name that patch; as [`apply_low_disk`](crate::apply_low_disk).
pub(super) fn go_on(
    tree: &mut Tree,
    dir: &Path,
    (remote, fetched): (&Remote, &Fetched),
    release: &Release,
    half_way: &HalfWay,
    options: &UpdateOptions,
) -> Result<()> {
    let Some(low) = &options.low_disk else { return Ok(()) };
    let patch = release.patches.iter().find(|patch| patch.header_hash == half_way.patch);
    let patch = patch.ok_or_else(|| Error::HalfWay { dir: shown(dir), steps: half_way.steps })?;
    let left = patch.len - patches::at_hand(fetched, patch);
    let progress = Progress { observer: options.observer(), done: Cell::new(0), total: left };
    patches::fetch(remote, fetched, patch, &progress, &patches::Coming::default())?;
    let stored = patches::Stored::open(fetched, patch, None)?;
    in_steps(PatchFile::of(&stored), tree, dir, (&options.patching(), low), half_way.installed.following.clone())?;
    Ok(())
}
