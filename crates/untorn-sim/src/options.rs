//! What kind of file system is simulated.

use untorn_fs::Capabilities;

/// The file system to simulate: what it can do, what it promises, how much fits on it.
///
/// [`SimOptions::strict`] promises only what [`untorn_fs::Fs`] promises. Code that survives it survives the others; they exist to
/// switch capabilities off and to show which mistakes a friendlier file system hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimOptions {
    /// Everything left to chance depends on this.
    pub seed: u64,
    /// Hard links work.
    pub hard_links: bool,
    /// Two names can be exchanged.
    pub exchange: bool,
    /// Files can be cloned.
    pub reflink: bool,
    /// [`untorn_fs::SyncAll`] works.
    pub sync_all: bool,
    /// [`untorn_fs::File::write_out`] leaves the flush of the device to the next sync.
    pub write_out: bool,
    /// Objects have identities.
    pub stable_ids: bool,
    /// A rename is old or new after a power cut. When false its halves are independent: a file may end under both names or none.
    pub atomic_rename: bool,
    /// A file renamed across directories is never seen under both names after a power cut.
    pub atomic_rename_across: bool,
    /// Names become durable in the order they were changed, and any sync makes all earlier ones durable (one global journal).
    pub ordered_names: bool,
    /// Names, lengths and permissions whose sync failed go on waiting for the next sync, as they do in a journal. When false they are lost like bytes.
    pub journaled_names: bool,
    /// A sector being written when the power fails may hold garbage.
    pub garbage: bool,
    /// Names that differ only in case are the same name; the spelling of the first is kept.
    pub ignore_case: bool,
    /// Overwriting needs free space.
    pub overwrite_allocates: bool,
    /// Size of the file system in bytes; `None` means it never fills up.
    pub capacity: Option<u64>,
    /// How many names fit; `None` means any number.
    pub names_max: Option<u64>,
    /// What one name costs of [`SimOptions::capacity`], in bytes.
    pub bytes_per_name: u64,
    /// The longest file, in bytes; files live in memory.
    pub len_max: u64,
}

impl SimOptions {
    /// All capabilities, no promise beyond those of [`untorn_fs::Fs`].
    #[must_use]
    pub const fn strict() -> Self {
        Self {
            seed: 1,
            hard_links: true,
            exchange: true,
            reflink: true,
            sync_all: true,
            write_out: false,
            stable_ids: true,
            atomic_rename: true,
            atomic_rename_across: false,
            ordered_names: false,
            journaled_names: false,
            garbage: true,
            ignore_case: false,
            overwrite_allocates: false,
            capacity: None,
            names_max: None,
            bytes_per_name: 0,
            len_max: 1 << 30,
        }
    }

    /// Names in one journal, data beside it: ext4 in its default mode.
    #[must_use]
    pub const fn ext4_like() -> Self {
        Self {
            atomic_rename_across: true,
            ordered_names: true,
            journaled_names: true,
            garbage: false,
            reflink: false,
            ..Self::strict()
        }
    }

    /// Copy on write: an overwrite needs space, everything else as strict.
    #[must_use]
    pub const fn btrfs_like() -> Self {
        Self { atomic_rename_across: true, garbage: false, overwrite_allocates: true, ..Self::strict() }
    }

    /// No exchange, no reflinks, no sync of everything but one flush for many files, names that ignore case: NTFS.
    #[must_use]
    pub const fn ntfs_like() -> Self {
        Self { exchange: false, reflink: false, sync_all: false, write_out: true, ignore_case: true, ..Self::strict() }
    }

    /// A remote file system: no exchange, no reflinks, no sync of everything.
    #[must_use]
    pub const fn nfs_like() -> Self {
        Self { exchange: false, reflink: false, sync_all: false, ..Self::strict() }
    }

    /// No journal, no links, no identities; a rename may leave two names or none.
    #[must_use]
    pub const fn fat_like() -> Self {
        Self { hard_links: false, stable_ids: false, atomic_rename: false, write_out: false, ..Self::ntfs_like() }
    }

    pub(crate) const fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic_rename: self.atomic_rename,
            hard_links: self.hard_links,
            exchange: self.exchange,
            reflink: self.reflink,
            overwrite_allocates: self.overwrite_allocates,
            sync_all: self.sync_all,
            in_place: true,
            write_out: self.write_out,
            executable_bit: true,
        }
    }

    pub(crate) fn same_name(&self, a: &str, b: &str) -> bool {
        a == b || (self.ignore_case && a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase)))
    }
}

impl Default for SimOptions {
    fn default() -> Self {
        Self::strict()
    }
}
