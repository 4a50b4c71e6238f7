//! The file systems, each in the modes that people have it in.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::child;

/// One of them.
#[derive(Debug)]
pub(super) struct FileSystem {
    pub(super) name: &'static str,
    /// What the kernel calls it.
    pub(super) kind: &'static str,
    mkfs: &'static str,
    mkfs_args: &'static [&'static str],
    /// Mount options.
    pub(super) options: &'static str,
    pub(super) len: u64,
    /// What has to be run on it after a power cut, before it is mounted.
    pub(super) fsck: Option<&'static [&'static str]>,
    /// Whether untorn promises a whole tree here; else it promises to find damage.
    pub(super) is_atomic: bool,
    /// How much more may be in use after a recovery than before or after the update: what the file system keeps for itself.
    pub(super) slack: u64,
    /// How much more what is overwritten may take for a while, where nothing is overwritten in its place.
    pub(super) kept_when_overwritten: u64,
}

const MIB: u64 = 1 << 20;

const EXT4: FileSystem = FileSystem {
    name: "ext4-ordered",
    kind: "ext4",
    mkfs: "mkfs.ext4",
    mkfs_args: &["-q", "-F", "-b", "4096", "-J", "size=4", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"],
    options: "data=ordered",
    len: 64 * MIB,
    fsck: None,
    is_atomic: true,
    slack: 256 << 10,
    kept_when_overwritten: 0,
};

const XFS: FileSystem = FileSystem {
    name: "xfs",
    kind: "xfs",
    mkfs: "mkfs.xfs",
    mkfs_args: &["-q", "-f", "-K", "-m", "reflink=1"],
    options: "rw",
    len: 300 * MIB,
    slack: 512 << 10,
    ..EXT4
};

const BTRFS: FileSystem = FileSystem {
    name: "btrfs",
    kind: "btrfs",
    mkfs: "mkfs.btrfs",
    mkfs_args: &["-q", "-f", "-K"],
    options: "rw",
    len: 256 * MIB,
    slack: 2 << 20,
    kept_when_overwritten: 16 * MIB,
    ..EXT4
};

/// All of them.
pub(super) const FILE_SYSTEMS: &[FileSystem] = &[
    EXT4,
    FileSystem { name: "ext4-writeback", options: "data=writeback", ..EXT4 },
    FileSystem { name: "ext4-journal", options: "data=journal", ..EXT4 },
    FileSystem {
        name: "ext4-1k",
        mkfs_args: &["-q", "-F", "-b", "1024", "-J", "size=4", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"],
        ..EXT4
    },
    FileSystem {
        name: "ext4-nojournal",
        mkfs_args: &["-q", "-F", "-b", "4096", "-O", "^has_journal", "-E", "nodiscard,lazy_itable_init=0"],
        options: "rw",
        fsck: Some(&["e2fsck", "-f", "-y"]),
        is_atomic: false,
        ..EXT4
    },
    XFS,
    FileSystem { name: "xfs-noreflink", mkfs_args: &["-q", "-f", "-K", "-m", "reflink=0"], ..XFS },
    BTRFS,
    FileSystem { name: "btrfs-nodatacow", options: "nodatacow", ..BTRFS },
];

impl FileSystem {
    /// Why it cannot be tried here.
    pub(super) fn lacks(&self) -> Option<String> {
        let version = Command::new(self.mkfs).arg("-V").output();
        if version.is_err() {
            return Some(format!("there is no {}", self.mkfs));
        }
        let known = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
        let is_known = known.lines().any(|line| line.trim_start_matches("nodev").trim() == self.kind);
        // What is a module is loaded by the first mount.
        let module = || Command::new("modprobe").args(["-q", "-n", self.kind]).status().is_ok_and(|status| status.success());
        (!is_known && !module()).then(|| format!("this kernel does not know {}", self.kind))
    }

    /// An empty one in `dir`: one for each job, since two with one identity cannot be mounted at once.
    pub(super) fn image(&self, dir: &Path, job: usize) -> Result<PathBuf, String> {
        let image = dir.join(format!("{}-{job}.image", self.name));
        if !image.exists() {
            self.make(&image, &dir.join(format!("mkfs-{job}.log")))?;
        }
        Ok(image)
    }

    /// Makes an empty one as a new sparse file.
    fn make(&self, image: &Path, log: &Path) -> Result<(), String> {
        let file = std::fs::File::create_new(image).and_then(|file| file.set_len(self.len));
        file.map_err(|error| format!("{}: {error}", image.display()))?;
        let mut command = Command::new(self.mkfs);
        command.args(self.mkfs_args).arg(image);
        match child::run(&mut command, log) {
            Ok(ended) if ended.code == Some(0) => Ok(()),
            Ok(ended) => Err(format!("{}: {}", self.mkfs, ended.said.trim())),
            Err(silence) => Err(format!("{}: {silence}", self.mkfs)),
        }
    }
}
