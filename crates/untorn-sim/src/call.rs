//! One call on its way to a file system, and what a test makes of it.

use std::io;

/// Which method of [`untorn_fs::Fs`], [`untorn_fs::File`] or [`untorn_fs::SyncAll`] is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is named like its method")]
pub enum Method {
    Open,
    Metadata,
    ReadDir,
    ReadLink,
    CreateDir,
    Symlink,
    HardLink,
    CloneFile,
    Rename,
    Exchange,
    RemoveFile,
    RemoveDir,
    SyncDir,
    SyncHandle,
    Lock,
    May,
    Space,
    RandomId,
    ReadAt,
    WriteAt,
    SetLen,
    Allocate,
    FileMetadata,
    SetPermissions,
    SyncData,
    /// [`untorn_fs::File::sync`].
    Sync,
    SyncAll,
    /// [`untorn_fs::File::write_out`].
    WriteOut,
    WriteOutDir,
}

impl Method {
    /// Whether it makes something durable.
    #[must_use]
    pub const fn is_sync(self) -> bool {
        matches!(self, Self::SyncDir | Self::SyncData | Self::Sync | Self::SyncAll | Self::WriteOut | Self::WriteOutDir)
    }
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Which method.
    pub method: Method,
    /// What it is called on; for an open file the path it was opened under. `""` where there is none.
    pub path: &'a str,
    /// The second path of `hard_link`, `clone_file`, `rename`, `exchange`; the target of `symlink`.
    pub to: &'a str,
    /// Where in the file, in bytes; the new length for `set_len`.
    pub offset: u64,
    /// How many bytes are read, written or allocated.
    pub len: u64,
    /// The bytes that are written.
    pub data: &'a [u8],
    /// 1 for the first call through this wrapper.
    pub number: u64,
}

impl<'a> Call<'a> {
    pub(crate) const fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, to: "", offset: 0, len: 0, data: &[], number: 0 }
    }
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on as it is.
    Pass,
    /// It does nothing and answers success. Only for calls whose success says nothing else: writes, syncs, changes of names, locks (the
    /// lock then binds nobody); other calls pass.
    Skip,
    /// It goes to this path instead of [`Call::path`].
    Redirect(String),
    /// It answers this error and does nothing; but a failing sync on a [`crate::SimFs`] loses what it covers (see
    /// [`crate::SimFs::fail_next_sync`]).
    Fail(io::ErrorKind),
    /// It is done, and answers this error all the same.
    FailAfter(io::ErrorKind),
    /// It answers this error and never reaches the file system, not even as a failed sync: its process is dead.
    Refuse(io::ErrorKind),
    /// A read or write handles at most this many bytes.
    Short(usize),
    /// A read answers these bytes, whatever the file holds; other calls pass.
    Answer(Vec<u8>),
    /// It goes on; where that fails it goes on again, and the second answer counts.
    Retry,
    /// All locks taken through this wrapper are released behind their holders' backs; then it goes on.
    ReleaseLocks,
}
