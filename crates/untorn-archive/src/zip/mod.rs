//! Where the members of a zip archive lie.

mod member;

use std::io;

use rawzip::{MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ReaderAt, ZipArchive, ZipFileHeaderRecord, ZipLocator};

pub use member::{Member, Packing};

use crate::{Plain, ReadAt};

/// How many members an archive may have.
pub const MEMBERS_MAX: u64 = 1 << 20;

/// The flag that says that a name is UTF-8.
pub const UTF8: u16 = 1 << 11;

/// Whether a member is a symlink, as programs on Unix write it.
#[must_use]
pub fn is_symlink(member: &Member) -> bool {
    member.made_by >> 8 == 3 && member.attributes >> 16 & 0o170_000 == 0o120_000
}

/// What a zip archive consists of. Members do not overlap and lie before the directory, in the order of their offsets.
#[derive(Clone, Debug)]
pub struct Zip {
    /// Its members.
    pub members: Vec<Member>,
    /// Length of the archive in bytes.
    pub len: u64,
    /// Its comment.
    pub comment: Vec<u8>,
}

/// Reads the directory of an archive and checks it against the members.
///
/// # Errors
/// Those of reading the file; whatever is wrong with the archive is in the answer.
pub fn read(file: &ReadAt<'_>, len: u64) -> io::Result<Result<Zip, Plain>> {
    let at = At(file);
    let mut start = [0; 4];
    if len < END_LEN as u64 || at.read_exact_at(&mut start, 0).is_err() {
        return Ok(Err(Plain::Other));
    }
    let begins = start == *b"PK\x03\x04" || start == *b"PK\x05\x06";
    // A hole may stand there, where the first member was removed.
    match read_found(&at, len, begins || start == [0; 4]) {
        Err(Trouble::Io(error)) => Err(error),
        Err(Trouble::Zip(why)) => Ok(Err(if begins { Plain::Doubtful(why) } else { Plain::Other })),
        Err(Trouble::Prefix) => Ok(Err(Plain::Doubtful("something stands before the archive, as in one that extracts itself"))),
        Ok(zip) => Ok(Ok(zip)),
    }
}

/// Length of the record that ends an archive.
const END_LEN: usize = 22;

/// A file, for the crate that reads archives.
#[derive(Clone, Copy)]
struct At<'f>(&'f ReadAt<'f>);

impl ReaderAt for At<'_> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (self.0)(buf, offset)
    }
}

enum Trouble {
    Io(io::Error),
    Zip(&'static str),
    Prefix,
}

impl From<rawzip::Error> for Trouble {
    fn from(error: rawzip::Error) -> Self {
        match error.into_kind() {
            rawzip::ErrorKind::IO(error) if error.kind() != io::ErrorKind::UnexpectedEof => Self::Io(error),
            _ => Self::Zip("its directory cannot be read"),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Zip("it ends too early") } else { Self::Io(error) }
    }
}

fn read_found(at: &At<'_>, len: u64, begins: bool) -> Result<Zip, Trouble> {
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let located = ZipLocator::new().locate_in_reader(At(at.0), &mut buffer, len);
    let archive = located.map_err(|(_, error)| Trouble::from(error))?;
    if !begins {
        return Err(Trouble::Prefix);
    }
    check_end(at, &archive, len)?;
    if archive.entries_hint() > MEMBERS_MAX {
        return Err(Trouble::Zip("it has more than a million members"));
    }
    let mut members = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(record) = entries.next_entry()? {
        if members.len() as u64 >= MEMBERS_MAX {
            return Err(Trouble::Zip("it has more than a million members"));
        }
        members.push(member(at, &archive, &record)?);
    }
    if members.len() as u64 != archive.entries_hint() {
        return Err(Trouble::Zip("its directory has another number of members than it says"));
    }
    members.sort_by_key(|member| member.at);
    check_places(&mut members, archive.directory_offset())?;
    let mut comment = Vec::new();
    io::Read::read_to_end(&mut archive.comment(), &mut comment)?;
    Ok(Zip { members, len, comment })
}

/// The end of the directory is that of the file, and of an archive in one part.
fn check_end<R>(at: &At<'_>, archive: &ZipArchive<R>, len: u64) -> Result<(), Trouble> {
    let mut end = [0; END_LEN];
    at.read_exact_at(&mut end, archive.eocd_offset())?;
    let disks = [end[4], end[5], end[6], end[7]];
    if disks != [0; 4] && disks != [0xff; 4] {
        return Err(Trouble::Zip("it is one part of an archive on several disks"));
    }
    if archive.end_offset() != len {
        return Err(Trouble::Zip("something stands behind its end"));
    }
    if archive.directory_offset() > archive.eocd_offset() {
        return Err(Trouble::Zip("its directory does not lie before its end"));
    }
    Ok(())
}

fn member<R: ReaderAt>(at: &At<'_>, archive: &ZipArchive<R>, record: &ZipFileHeaderRecord<'_>) -> Result<Member, Trouble> {
    let flags = record.flags();
    if flags.is_encrypted() || flags.has_strong_encryption() || flags.is_masked() {
        return Err(Trouble::Zip("members are encrypted"));
    }
    let packing = match record.compression_method().as_u16() {
        0 => Packing::Stored,
        8 => Packing::Deflated,
        93 => Packing::Zstd,
        _ => Packing::Other,
    };
    let found = archive.get_entry(record.wayfinder())?;
    let (data_at, data_end) = found.compressed_data_range();
    let (len, stored_len) = (record.uncompressed_size_hint(), record.compressed_size_hint());
    if data_end.checked_sub(data_at) != Some(stored_len) || packing == Packing::Stored && len != stored_len {
        return Err(Trouble::Zip("lengths of members contradict each other"));
    }
    let header_at = record.local_header_offset();
    let name = record.file_path().as_bytes().to_vec();
    check_header(at, header_at, data_at, &name, record)?;
    Ok(Member {
        name,
        at: header_at,
        data_at,
        data_end,
        end: data_end,
        len,
        crc: record.crc32(),
        packing,
        flags: flags.bits(),
        made_by: member::made_by(record),
        time: member::dos_time(record),
        attributes: record.external_attributes(),
        comment: record.comment().as_bytes().to_vec(),
    })
}

/// The header in front of a member says the same of it as the directory.
fn check_header(at: &At<'_>, header_at: u64, data_at: u64, name: &[u8], record: &ZipFileHeaderRecord<'_>) -> Result<(), Trouble> {
    let mut header = vec![0; 30 + name.len()];
    if header_at.checked_add(header.len() as u64).is_none_or(|end| end > data_at) {
        return Err(Trouble::Zip("headers of members do not lie before them"));
    }
    at.read_exact_at(&mut header, header_at)?;
    let number = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let agrees = header.starts_with(b"PK\x03\x04")
        && number(8) == record.compression_method().as_u16()
        && usize::from(number(26)) == name.len()
        && header[30..] == *name;
    if agrees { Ok(()) } else { Err(Trouble::Zip("headers of members contradict the directory")) }
}

/// No two members share a byte. What follows a member up to the next one's header is its own as far as it is a data descriptor.
fn check_places(members: &mut [Member], directory_at: u64) -> Result<(), Trouble> {
    for number in 0..members.len() {
        let next = members.get(number + 1).map_or(directory_at, |next| next.at);
        let member = &mut members[number];
        if member.data_end > next {
            return Err(Trouble::Zip("members overlap"));
        }
        member.end = member.data_end;
        if member.has_descriptor() {
            // With or without a signature, of 32 or 64 bits: at most 24 bytes.
            member.end = next.min(member.data_end.saturating_add(24));
        }
    }
    Ok(())
}
