//! Errors whose kind needs more than the system's number.

use std::io;

use rustix::io::Errno;

/// For opening a file: a socket, or a device without a driver, says so instead of opening.
pub(super) fn opening(error: io::Error) -> io::Error {
    let no_file = |errno| matches!(errno, Errno::NXIO | Errno::NODEV | Errno::OPNOTSUPP);
    if Errno::from_io_error(&error).is_some_and(no_file) { io::ErrorKind::InvalidInput.into() } else { error }
}

/// For a call, or a flag of one, that only some file systems have.
pub(super) fn unsupported_if(errno: Errno, means_unsupported: &[Errno]) -> io::Error {
    if errno == Errno::NOSYS || errno == Errno::OPNOTSUPP || errno == Errno::NOTSUP || means_unsupported.contains(&errno) {
        io::ErrorKind::Unsupported.into()
    } else {
        errno.into()
    }
}

/// For replacing or removing a directory: POSIX lets a file system say EEXIST to one that is not empty, and XFS does.
pub(super) fn replacing(errno: Errno) -> io::Error {
    if errno == Errno::EXIST { io::ErrorKind::DirectoryNotEmpty.into() } else { errno.into() }
}
