//! Which calls into the kernel are interfered with, and how.

/// What can go wrong with a call.
pub const ERRORS: &[&str] = &["EIO", "ENOSPC", "EDQUOT", "EINTR", "EMFILE", "EROFS", "EACCES"];

/// The calls that look at a tree or change it, and whether a failure of each would be a failure of the disk. Reading and writing standard streams
/// (`read`, `write`) are left alone: what cannot be said cannot be checked.
pub const CALLS: &[&str] = &[
    "openat",
    "openat2",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "copy_file_range",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "syncfs",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "symlinkat",
    "readlinkat",
    "fchmod",
    "fchmodat",
    "fstat",
    "newfstatat",
    "statx",
    "fstatfs",
    "statfs",
    "getdents64",
    "flock",
    "faccessat2",
    "ioctl",
    "fadvise64",
    "sync_file_range",
    "lseek",
];

/// Those that programs of others change trees with, beside [`CALLS`].
pub const WRITES: &[&str] = &[
    "open",
    "creat",
    "write",
    "writev",
    "pwritev2",
    "sendfile",
    "splice",
    "truncate",
    "chmod",
    "rmdir",
    "symlink",
    "utimensat",
    "sync",
    "msync",
];
