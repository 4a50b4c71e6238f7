//! What the system says about a file, in the words of the seam.

use std::{io, os::windows::io::BorrowedHandle};

use windows_sys::{
    Wdk::Storage::FileSystem::{FILE_ALL_INFORMATION, FileAllInformation, FileAttributeTagInformation},
    Win32::Storage::FileSystem::{
        FILE_ATTRIBUTE_DEVICE, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_REPARSE_POINT,
        FILE_ATTRIBUTE_TAG_INFO,
    },
};

use super::{nt, status::Status};
use crate::{FileId, FileKind, Metadata, Permissions};

/// Reparse points that stand for something else, by name: symlinks, junctions, mounted volumes.
const NAME_SURROGATE: u32 = 0x2000_0000;

/// In nanoseconds: the unit of the times of Windows.
const UNIT: i128 = 100;

/// What was found out about an open file.
#[derive(Clone, Copy)]
pub(super) struct Stat {
    pub(super) kind: FileKind,
    pub(super) attributes: u32,
    pub(super) changed: i64,
    len: i64,
    links: u32,
    index: i64,
    written: i64,
}

impl Stat {
    pub(super) fn of(file: BorrowedHandle<'_>) -> Result<Self, Status> {
        let all: FILE_ALL_INFORMATION = nt::query(file, FileAllInformation)?;
        let attributes = all.BasicInformation.FileAttributes;
        Ok(Self {
            kind: kind(file, attributes)?,
            attributes,
            changed: all.BasicInformation.ChangeTime,
            len: all.StandardInformation.EndOfFile,
            links: all.StandardInformation.NumberOfLinks,
            index: all.InternalInformation.IndexNumber,
            written: all.BasicInformation.LastWriteTime,
        })
    }

    pub(super) const fn is_read_only(&self) -> bool {
        self.attributes & FILE_ATTRIBUTE_READONLY != 0
    }

    /// There is no executable bit. Whoever may write is not told apart; the read-only attribute is.
    pub(super) fn metadata(&self, stable_ids: bool) -> Metadata {
        let is_file = self.kind == FileKind::File;
        Metadata {
            kind: self.kind,
            len: if is_file { u64::try_from(self.len).unwrap_or(0) } else { 0 },
            permissions: Permissions::from_bits(if self.is_read_only() && is_file { 0o444 } else { 0o644 }),
            links: u64::from(self.links.max(1)),
            id: stable_ids.then_some(FileId(u128::from(self.index.cast_unsigned()))),
            changed: i128::from(self.changed) * UNIT,
            written: i128::from(self.written) * UNIT,
        }
    }
}

fn kind(file: BorrowedHandle<'_>, attributes: u32) -> Result<FileKind, Status> {
    if attributes & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        let tag: FILE_ATTRIBUTE_TAG_INFO = nt::query(file, FileAttributeTagInformation)?;
        if tag.ReparseTag & NAME_SURROGATE != 0 {
            return Ok(FileKind::Symlink);
        }
        // A placeholder of a cloud folder, say: its bytes are not simply there. A directory of that kind is one like any other.
        if attributes & FILE_ATTRIBUTE_DIRECTORY == 0 {
            return Ok(FileKind::Other);
        }
    }
    Ok(match attributes {
        _ if attributes & FILE_ATTRIBUTE_DIRECTORY != 0 => FileKind::Dir,
        _ if attributes & FILE_ATTRIBUTE_DEVICE != 0 => FileKind::Other,
        _ => FileKind::File,
    })
}

/// The target in the reparse data of a symlink or junction: the name for people where there is one, as the link says it.
pub(super) fn link_target(data: &[u8]) -> io::Result<String> {
    const SYMLINK: u32 = 0xa000_000c;
    const MOUNT_POINT: u32 = 0xa000_0003;
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let u16_at = |at: usize| data.get(at..at + 2).and_then(|bytes| Some(usize::from(u16::from_le_bytes(bytes.try_into().ok()?))));
    let tag = data.get(..4).and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?))).ok_or_else(invalid)?;
    // Offsets and lengths of the two names stand behind a header of 8; the names behind them, and behind flags.
    let names = match tag {
        SYMLINK => 20,
        MOUNT_POINT => 16,
        _ => return Err(invalid()),
    };
    let (substitute, print) = ((u16_at(8), u16_at(10)), (u16_at(12), u16_at(14)));
    let shown = if print.1 == Some(0) { substitute } else { print };
    let (Some(offset), Some(len)) = shown else { return Err(invalid()) };
    let name = data.get(names + offset..names + offset + len).ok_or_else(invalid)?;
    let units: Vec<u16> = name.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    String::from_utf16(&units).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symlink(target: &str) -> Vec<u8> {
        let units: Vec<u8> = target.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let len = u16::try_from(units.len()).unwrap().to_le_bytes();
        let head = [&0xa000_000c_u32.to_le_bytes()[..], &[0; 4], &[0; 2], &len, &[0; 2], &len, &[1, 0, 0, 0]].concat();
        [head, units].concat()
    }

    #[test]
    fn a_target_is_read_and_nothing_behind_the_end() {
        let data = symlink("..\\ä");
        assert_eq!(link_target(&data).unwrap(), "..\\ä");
        for end in 0..data.len() {
            assert!(link_target(&data[..end]).is_err());
        }
    }
}
