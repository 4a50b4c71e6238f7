//! A file system of its own with nearly no space.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use untorn_sim::Rng;

use super::arena::said;

/// Two trees fit, with what lies beside them during an update.
const ROOM: u64 = 4;

/// Takes space away.
pub(super) struct Filler {
    root: PathBuf,
    /// So many bytes are left free, at most.
    left_max: u64,
}

impl Filler {
    /// Mounts a new file system at `root`, for trees of `len` bytes. It goes with the mount namespace.
    ///
    /// # Errors
    /// What keeps it from being mounted.
    pub(super) fn new(dir: &Path, root: &Path, len: u64) -> Result<Self, String> {
        let image = dir.join("full.image");
        let made = File::create_new(&image).and_then(|file| file.set_len(ROOM * len + (16 << 20)));
        made.and_then(|()| std::fs::create_dir_all(root)).map_err(|error| format!("{}: {error}", image.display()))?;
        said(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0", "-E", "nodiscard,lazy_itable_init=0"]).arg(&image), dir)?;
        said(Command::new("mount").args(["-n", "-t", "ext4", "-o", "loop"]).arg(&image).arg(root), dir)?;
        Ok(Self { root: root.to_owned(), left_max: 2 * len })
    }

    /// Leaves a random number of bytes free.
    pub(super) fn fill(&self, rng: &mut Rng) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("the filler: {error}");
        let stat = statvfs(&self.root).map_err(|error| failed(error.into()))?;
        let left = rng.below(self.left_max);
        let len = (stat.f_bavail * stat.f_frsize).saturating_sub(left);
        let file = File::create(self.root.join("filler")).map_err(failed)?;
        if len > 0 {
            let take = |len| fallocate(&file, FallocateFlags::empty(), 0, len);
            // All of it may be a little too much: the file system needs some itself.
            take(len).or_else(|_| take(len - len / 64)).map_err(|error| failed(error.into()))?;
        }
        Ok(())
    }

    /// Gives it back.
    pub(super) fn empty(&self) -> Result<(), String> {
        std::fs::remove_file(self.root.join("filler")).map_err(|error| format!("the filler: {error}"))
    }
}
