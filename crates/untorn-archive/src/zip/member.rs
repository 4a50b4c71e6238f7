//! One member of a zip archive.

use rawzip::ZipFileHeaderRecord;

/// How a member is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    Stored,
    /// Deflated.
    Deflated,
    /// Compressed by zstd.
    Zstd,
    /// In another way, which is not looked into.
    Other,
}

/// One member: what the directory says of it, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: Vec<u8>,
    /// Where its header begins.
    pub at: u64,
    /// Where its content begins, as stored.
    pub data_at: u64,
    /// The first byte behind that.
    pub data_end: u64,
    /// The first byte behind all that belongs to it.
    pub end: u64,
    /// Length of its content in bytes, unpacked.
    pub len: u64,
    /// CRC-32 of its content, unpacked.
    pub crc: u32,
    /// How it is stored.
    pub packing: Packing,
    /// The general purpose flags.
    pub flags: u16,
    /// Version and system of the program that made it.
    pub made_by: u16,
    /// Time and date, as MS-DOS writes them.
    pub time: u32,
    /// External attributes.
    pub attributes: u32,
    /// Its comment.
    pub comment: Vec<u8>,
}

impl Member {
    /// Length of its content in bytes, as stored.
    #[must_use]
    pub fn stored_len(&self) -> u64 {
        self.data_end - self.data_at
    }

    /// Whether lengths and checksum stand behind the content.
    #[must_use]
    pub fn has_descriptor(&self) -> bool {
        self.flags & 1 << 3 != 0
    }
}

pub(super) fn made_by(record: &ZipFileHeaderRecord<'_>) -> u16 {
    record.version_made_by().as_u16()
}

/// Time in the low half, date in the high one.
pub(super) fn dos_time(record: &ZipFileHeaderRecord<'_>) -> u32 {
    let dos = record.last_modified_dos();
    let time = u32::from(dos.hour()) << 11 | u32::from(dos.minute()) << 5 | (u32::from(dos.second()) / 2);
    let date = u32::from(dos.year().saturating_sub(1980)) << 9 | u32::from(dos.month()) << 5 | u32::from(dos.day());
    date << 16 | time
}
