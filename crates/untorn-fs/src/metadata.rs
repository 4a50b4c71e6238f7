//! What the seam says about files and file systems.

/// What a name refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A device, socket, pipe, or anything else untorn never opens.
    Other,
}

/// Which object a name refers to, within its file system, across renames and remounts. Opaque: only good for comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u128);

/// Permissions as the system has them. Opaque, except for the one bit untorn manages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    /// From the system's own bits (on Unix the low 12 of the mode).
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The system's own bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether the owner may execute the file.
    #[must_use]
    pub const fn executable(self) -> bool {
        self.0 & 0o100 != 0
    }

    /// The same permissions with the executable bit set for everybody who may read, or cleared for all.
    #[must_use]
    pub const fn with_executable(self, executable: bool) -> Self {
        let readable_as_executable = (self.0 & 0o444) >> 2;
        if executable { Self(self.0 | 0o100 | readable_as_executable) } else { Self(self.0 & !0o111) }
    }
}

/// What is known about one name or one open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: FileKind,
    /// Length in bytes; 0 for anything but a file.
    pub len: u64,
    /// Its permissions.
    pub permissions: Permissions,
    /// How many names the file has; 1 where the system does not tell.
    pub links: u64,
    /// Which object it is; `None` where identities do not survive a remount.
    pub id: Option<FileId>,
    /// When it changed last, in nanoseconds since a moment that is the system's own; only good for comparing with other answers of that system.
    pub changed: i128,
    /// When its bytes changed last, in the same unit. New names and permissions leave it alone, but any program may set it.
    pub written: i128,
}

impl Metadata {
    /// Whether it is a regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }

    /// Whether it is a directory.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.kind == FileKind::Dir
    }
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirEntry {
    /// The name; `Err` holds an escaped form of a name that is not UTF-8.
    pub name: Result<String, String>,
}

/// Space on the file system, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// What this user may still allocate.
    pub available: u64,
    /// Size of the file system.
    pub total: u64,
    /// How many files and directories may still be made; `None` where that is not limited, or not known.
    pub files: Option<u64>,
}

/// What the file system can be trusted with. Every `true` is a promise; a method that turns out not to work still answers
/// [`std::io::ErrorKind::Unsupported`], and callers fall back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// A rename is old or new after a power cut.
    pub atomic_rename: bool,
    /// Hard links work.
    pub hard_links: bool,
    /// Two names can be exchanged in one step.
    pub exchange: bool,
    /// A file can be cloned without copying (shared blocks, copied on write).
    pub reflink: bool,
    /// Overwriting in place may allocate (copy-on-write file systems, shared blocks).
    pub overwrite_allocates: bool,
    /// [`crate::SyncAll`] makes everything durable and reports errors.
    pub sync_all: bool,
    /// Ranges written in place, then synced, are durable and leave the rest of the file alone.
    pub in_place: bool,
    /// [`crate::File::write_out`] of many files and one [`crate::File::sync`] are as good as a sync of each, for one flush of the device.
    pub write_out: bool,
    /// Files have an executable bit; else none is ever seen, and setting it does nothing.
    pub executable_bit: bool,
}
