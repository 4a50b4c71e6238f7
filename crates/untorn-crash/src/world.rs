//! The tree that workloads start from, on every kind of disk.

use std::sync::Arc;

use untorn_fs::{Fs, OpenMode};
use untorn_sim::{SimFs, SimOptions, write};
use untorn_txn::{Options, Tree, WayChoice};

use crate::{BoxError, op::bytes};

/// Kinds of disks by name.
///
/// The first eight are the strict model with every combination of what the product asks a file system for: a sync of everything, hard links, reflinks.
pub const DISKS: &[&str] =
    &["strict", "plain", "nolinks", "bare", "pool", "nfs", "poolnolinks", "barepool", "ext4", "btrfs", "ntfs", "exfat", "fat"];

/// A disk that forgets names whose sync failed, shows them all the same, and goes on: none of [`DISKS`], since no journal on it can know.
pub const FORGETFUL: &str = "forgetful";

/// What a disk of that name is like.
#[must_use]
pub fn disk(name: &str) -> Option<SimOptions> {
    if name == FORGETFUL {
        return Some(SimOptions { journaled_names: false, ..SimOptions::strict() });
    }
    let able = |sync_all, hard_links, reflink| SimOptions { sync_all, hard_links, reflink, ..SimOptions::strict() };
    let mut options = match name {
        "strict" => able(true, true, true),
        "plain" => able(true, true, false),
        "nolinks" => able(true, false, true),
        "bare" => able(true, false, false),
        "pool" => able(false, true, true),
        "nfs" => able(false, true, false),
        "poolnolinks" => able(false, false, true),
        "barepool" => able(false, false, false),
        "ext4" => SimOptions::ext4_like(),
        "btrfs" => SimOptions::btrfs_like(),
        "ntfs" => SimOptions::ntfs_like(),
        "exfat" => SimOptions { hard_links: false, stable_ids: false, write_out: false, ..SimOptions::ntfs_like() },
        "fat" => SimOptions::fat_like(),
        _ => return None,
    };
    // A file system with a journal writes names later or stops working; one without may forget them, and then nothing that comes after can know.
    options.journaled_names = options.atomic_rename;
    Some(options)
}

/// A disk, and how transactions are made on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct World {
    /// One of [`DISKS`].
    pub disk: &'static str,
    /// How files are changed.
    pub way: WayChoice,
    /// Whether the way back is kept.
    pub keep_undo: bool,
}

impl World {
    /// The strict disk, ways chosen by the product, no way back.
    #[must_use]
    pub const fn strict() -> Self {
        Self { disk: "strict", way: WayChoice::Auto, keep_undo: false }
    }

    /// The options of its transactions.
    #[must_use]
    pub fn options(&self) -> Options {
        let mut options = Options::default();
        (options.way, options.keep_undo) = (self.way, self.keep_undo);
        options
    }

    /// The disk with the tree, which nobody has taken under care yet.
    ///
    /// # Errors
    /// Those of the simulated file system: a mistake in this crate.
    pub fn unmanaged(&self) -> Result<SimFs, BoxError> {
        self.unmanaged_on(disk(self.disk).ok_or("no such disk")?)
    }

    /// As [`World::unmanaged`], on a disk of these options.
    ///
    /// # Errors
    /// As [`World::unmanaged`].
    pub fn unmanaged_on(&self, options: SimOptions) -> Result<SimFs, BoxError> {
        let fs = SimFs::new(options);
        write(&fs, "a", &bytes(1, 700))?;
        write(&fs, "b", &bytes(2, 40))?;
        write(&fs, "save", b"the player's own, never named in an update")?;
        fs.create_dir("d", None)?;
        write(&fs, "d/x", &bytes(3, 1200))?;
        fs.create_dir("e", None)?;
        fs.symlink("a", "l")?;
        fs.open("p", OpenMode::CreateNew { executable: true })?.write_all_at(&bytes(4, 20), 0)?;
        Ok(SimFs::from_image(fs.image()))
    }

    /// The disk with the tree under care, `build 1` being installed.
    ///
    /// # Errors
    /// As [`World::unmanaged`].
    pub fn managed(&self) -> Result<SimFs, BoxError> {
        self.managed_on(disk(self.disk).ok_or("no such disk")?)
    }

    /// As [`World::managed`], on a disk of these options.
    ///
    /// # Errors
    /// As [`World::unmanaged`].
    pub fn managed_on(&self, options: SimOptions) -> Result<SimFs, BoxError> {
        let fs = self.unmanaged_on(options)?;
        let mut tree = Tree::open_on(Arc::new(fs.clone()))?;
        let mut tx = tree.begin()?;
        tx.set_head(Some(b"build 1".to_vec()));
        tx.commit()?;
        drop(tree);
        Ok(SimFs::from_image(fs.image()))
    }
}
