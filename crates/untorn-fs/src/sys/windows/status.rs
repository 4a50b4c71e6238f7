//! What the kernel answers, in the words of the seam.

use std::io;

use super::nt;
use crate::in_use;

/// A status that is not success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(i32);

impl Status {
    pub(super) const NO_MORE_FILES: Self = Self::of(0x8000_0006);
    pub(super) const NO_SUCH_FILE: Self = Self::of(0xc000_000f);
    pub(super) const NAME_INVALID: Self = Self::of(0xc000_0033);
    pub(super) const ACCESS_DENIED: Self = Self::of(0xc000_0022);
    const INVALID_INFO_CLASS: Self = Self::of(0xc000_0003);
    const INVALID_PARAMETER: Self = Self::of(0xc000_000d);
    const INVALID_DEVICE_REQUEST: Self = Self::of(0xc000_0010);
    const NOT_IMPLEMENTED: Self = Self::of(0xc000_0002);
    const NOT_SUPPORTED: Self = Self::of(0xc000_00bb);
    pub(super) const SHARING_VIOLATION: Self = Self::of(0xc000_0043);
    const DELETE_PENDING: Self = Self::of(0xc000_0056);
    const CANNOT_DELETE: Self = Self::of(0xc000_0121);
    const USER_MAPPED_FILE: Self = Self::of(0xc000_0243);
    const FILE_IS_A_DIRECTORY: Self = Self::of(0xc000_00ba);
    const BUFFER_OVERFLOW: Self = Self::of(0x8000_0005);

    #[allow(clippy::cast_possible_wrap, reason = "the documents write them without a sign")]
    const fn of(number: u32) -> Self {
        Self(number as i32)
    }

    /// Success is anything that is not negative.
    pub(super) const fn check(status: i32) -> Result<(), Self> {
        if status >= 0 { Ok(()) } else { Err(Self(status)) }
    }

    /// As [`Status::check`], but an answer that did not fit counts.
    pub(super) fn check_cut_short(status: i32) -> Result<(), Self> {
        match Self::check(status) {
            Err(Self::BUFFER_OVERFLOW) => Ok(()),
            other => other,
        }
    }

    /// Whether another program has the file open, or a scanner that will be gone in a moment.
    pub(super) const fn is_in_use(self) -> bool {
        matches!(self, Self::SHARING_VIOLATION | Self::DELETE_PENDING | Self::CANNOT_DELETE | Self::USER_MAPPED_FILE)
    }

    /// Whether the call, or the way it was asked for, is unknown here: an older Windows, another file system, wine.
    pub(super) const fn is_unknown_call(self) -> bool {
        matches!(
            self,
            Self::INVALID_INFO_CLASS
                | Self::INVALID_PARAMETER
                | Self::INVALID_DEVICE_REQUEST
                | Self::NOT_IMPLEMENTED
                | Self::NOT_SUPPORTED
        )
    }
}

impl From<Status> for io::Error {
    fn from(status: Status) -> Self {
        if status.is_in_use() {
            return in_use(Vec::new());
        }
        if status == Status::FILE_IS_A_DIRECTORY {
            return io::ErrorKind::IsADirectory.into();
        }
        Self::from_raw_os_error(i32::try_from(nt::number_of(status.0)).unwrap_or_default())
    }
}

/// Tries again while something is in use: a scanner, an indexer or a backup holds a new file for a moment. A second in all, then the answer stands.
pub(super) fn patiently<T>(mut act: impl FnMut() -> Result<T, Status>) -> Result<T, Status> {
    const ATTEMPTS: u32 = 10;
    for attempt in 0..ATTEMPTS {
        match act() {
            Err(status) if status.is_in_use() => std::thread::sleep(std::time::Duration::from_millis(1 << attempt)),
            other => return other,
        }
    }
    act()
}
