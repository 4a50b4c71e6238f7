//! Where packed streams lie in a file: the deflated ones of the members of a zip archive, of a gzip file, and of a PNG picture, and the frames of zstd of a KTX 2 texture and of a file that consists of them;
//! also of pictures and textures that are members of an archive. Only looks at what stands around them; nothing is unpacked, and nothing opened: bytes come from a [`ReadAt`].
//!
//! # Guarantees
//! - Whatever the bytes, the answer is where streams are said to lie, or why the file counts as plain bytes ([`Plain`]): broken, encrypted and lying archives,
//!   those in several parts, those that extract themselves, pictures with something behind them. Errors are only those of reading.
//! - Streams lie within the file, in order and apart.
//! - Memory is bounded: a million members, each with its name and its comment.
//!
//! # Limitations
//! - Whether a stream can be unpacked, and ends where it should, only who unpacks it finds out.

mod gzip;
mod ktx;
mod png;
pub mod zip;
mod zstd;

use std::{fmt, io};

/// Reads bytes of a file from an offset on: as many as exist and fit, none only at its end.
pub type ReadAt<'f> = dyn Fn(&mut [u8], u64) -> io::Result<usize> + 'f;

/// A packed stream in a file.
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
    /// How it is packed.
    pub kind: Kind,
}

/// How a stream is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Deflated.
    Deflated,
    /// Deflated, and cut into the chunks of a picture.
    Picture {
        /// How many bytes of the stream, which has a header and a checksum of zlib there, stand in each chunk but the last. Twelve bytes stand between two chunks.
        piece_len: u32,
    },
    /// A frame of zstd.
    Zstd,
}

/// The packed streams of a file.
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
    /// A KTX 2 texture.
    Ktx,
    /// Frames of zstd.
    Zstd,
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

/// How many bytes at most tell a format.
const START_LEN: usize = 12;
const _: () = assert!(START_LEN == ktx::SIGNATURE.len());

/// The packed streams of a file, in order.
///
/// # Errors
/// Those of reading the file; whatever is wrong with it is in the answer.
pub fn streams(file: &ReadAt<'_>, len: u64) -> io::Result<Result<Streams, Plain>> {
    let mut start = [0; START_LEN];
    let known = fill(file, &mut start, 0)?;
    Ok(match &start[..known] {
        [0x1f, 0x8b, ..] => gzip::stream(file, len)?.map(|stream| Streams { format: Format::Gzip, all: vec![stream], end: len }),
        start if start.starts_with(&png::SIGNATURE) => {
            png::stream(file, len)?.map(|stream| Streams { format: Format::Png, all: vec![stream], end: len })
        }
        start if *start == ktx::SIGNATURE => ktx::streams(file, len)?.map(|all| Streams { format: Format::Ktx, all, end: len }),
        start if start.starts_with(&zstd::MAGIC) => {
            zstd::streams(file, len)?.map(|all| Streams { format: Format::Zstd, all, end: len })
        }
        _ => match zip::read(file, len)? {
            Ok(zip) => Ok(of_zip(file, zip)?),
            Err(plain) => Err(plain),
        },
    })
}

fn of_zip(file: &ReadAt<'_>, zip: zip::Zip) -> io::Result<Streams> {
    let end = zip.members.last().map_or(0, |member| member.end);
    let mut all = Vec::new();
    for member in zip.members.into_iter().filter(|member| member.stored_len() > 0) {
        match member.packing {
            zip::Packing::Stored => all.extend(within(file, &member)?),
            zip::Packing::Deflated | zip::Packing::Zstd => all.push(Stream {
                at: member.data_at,
                len: member.stored_len(),
                raw_len: Some(member.len),
                raw_sum: Some(member.crc),
                name: member.name,
                kind: if member.packing == zip::Packing::Zstd { Kind::Zstd } else { Kind::Deflated },
            }),
            zip::Packing::Other => {}
        }
    }
    Ok(Streams { format: Format::Zip, all, end })
}

/// The streams of a picture or a texture that stands in an archive as it is. They are called as it is, and what they are called in it.
fn within(file: &ReadAt<'_>, member: &zip::Member) -> io::Result<Vec<Stream>> {
    let (at, len) = (member.data_at, member.stored_len());
    let part = |buf: &mut [u8], from: u64| {
        let room = usize::try_from(len.saturating_sub(from)).unwrap_or(usize::MAX).min(buf.len());
        file(&mut buf[..room], at.saturating_add(from))
    };
    let mut start = [0; START_LEN];
    let known = fill(&part, &mut start, 0)?;
    let found = match &start[..known] {
        start if start.starts_with(&png::SIGNATURE) => png::stream(&part, len)?.map(|stream| vec![stream]),
        start if *start == ktx::SIGNATURE => ktx::streams(&part, len)?,
        _ => return Ok(Vec::new()),
    };
    let mut streams = found.unwrap_or_default();
    for stream in &mut streams {
        stream.at += at;
        stream.name = [&member.name[..], b":", &stream.name].concat();
    }
    Ok(streams)
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
