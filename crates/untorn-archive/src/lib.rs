//! Where deflated streams lie in a file: those of the members of a zip archive, that of a gzip file, and that of a PNG picture. Only looks at what stands
//! around them; nothing is inflated, and nothing opened: bytes come from a [`ReadAt`].
//!
//! # Guarantees
//! - Whatever the bytes, the answer is where streams are said to lie, or why the file counts as plain bytes ([`Plain`]): broken, encrypted and lying archives,
//!   those in several parts, those that extract themselves, pictures with something behind them. Errors are only those of reading.
//! - Streams lie within the file, in order and apart.
//! - Memory is bounded: a million members, each with its name and its comment.
//!
//! # Limitations
//! - Whether a stream can be inflated, and ends where it should, only who inflates it finds out.

mod gzip;
mod png;
pub mod zip;

use std::{fmt, io};

/// Reads bytes of a file from an offset on: as many as exist and fit, none only at its end.
pub type ReadAt<'f> = dyn Fn(&mut [u8], u64) -> io::Result<usize> + 'f;

/// A deflated stream in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// What it is called; empty where it has no name.
    pub name: Vec<u8>,
    /// Where it begins.
    pub at: u64,
    /// How many bytes of the file it takes.
    pub len: u64,
    /// How many bytes it should hold, where that is told.
    pub raw_len: Option<u64>,
    /// CRC-32 of what it should hold, where that is told.
    pub raw_sum: Option<u32>,
    /// In a picture: how many bytes of the stream, which has a header and a checksum of zlib there, stand in each chunk but the last. Twelve bytes stand between two chunks. 0 in other files.
    pub piece_len: u32,
}

/// The deflated streams of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streams {
    /// What kind of file it is.
    pub format: Format,
    /// The streams, in order.
    pub all: Vec<Stream>,
    /// Where the last member of an archive ends: only its directory follows. In other files their length.
    pub end: u64,
}

/// What kind of file streams lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A zip archive, also one that is called jar, apk, docx or otherwise.
    Zip,
    /// A gzip file.
    Gzip,
    /// A PNG picture.
    Png,
}

/// Why a file counts as plain bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plain {
    /// It does not look like anything known here.
    Other,
    /// It does, but cannot be relied on.
    Doubtful(&'static str),
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Other => "it is no zip archive",
            Self::Doubtful(why) => why,
        })
    }
}

/// The deflated streams of a file, in order.
///
/// # Errors
/// Those of reading the file; whatever is wrong with it is in the answer.
pub fn streams(file: &ReadAt<'_>, len: u64) -> io::Result<Result<Streams, Plain>> {
    let mut start = [0; 8];
    let known = fill(file, &mut start, 0)?;
    Ok(match &start[..known] {
        [0x1f, 0x8b, ..] => gzip::stream(file, len)?.map(|stream| Streams { format: Format::Gzip, all: vec![stream], end: len }),
        start if start == png::SIGNATURE => {
            png::stream(file, len)?.map(|stream| Streams { format: Format::Png, all: vec![stream], end: len })
        }
        _ => zip::read(file, len)?.map(of_zip),
    })
}

fn of_zip(zip: zip::Zip) -> Streams {
    let end = zip.members.last().map_or(0, |member| member.end);
    let deflated = zip.members.into_iter().filter(|member| member.packing == zip::Packing::Deflated && member.stored_len() > 0);
    let stream = |member: zip::Member| Stream {
        at: member.data_at,
        len: member.stored_len(),
        raw_len: Some(member.len),
        raw_sum: Some(member.crc),
        name: member.name,
        piece_len: 0,
    };
    Streams { format: Format::Zip, all: deflated.map(stream).collect(), end }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &ReadAt<'_>, buf: &mut [u8], at: u64) -> io::Result<usize> {
    let mut len = 0;
    while len < buf.len() {
        match file(&mut buf[len..], at.saturating_add(len as u64)) {
            Ok(0) => break,
            Ok(more) => len += more.min(buf.len() - len),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}
