//! A gzip file (RFC 1952).

use std::io;

use crate::{Kind, Plain, ReadAt, Stream, fill};

/// The longest header that is looked at, and what stands behind the stream.
const HEADER_LEN_MAX: usize = 64 << 10;
const TRAILER_LEN: u64 = 8;

const CHECKED: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const UNKNOWN: u8 = 0xe0;

/// The stream, from behind the header to before the trailer at the end of the file. Whether it ends there, or several members follow each other, only who inflates it finds out.
pub(crate) fn stream(file: &ReadAt<'_>, len: u64) -> io::Result<Result<Stream, Plain>> {
    let mut header = vec![0; usize::try_from(len).unwrap_or(HEADER_LEN_MAX).min(HEADER_LEN_MAX)];
    let known = fill(file, &mut header, 0)?;
    let Some((at, name)) = parts(&header[..known]) else {
        return Ok(Err(Plain::Doubtful("its gzip header cannot be read")));
    };
    let at = at as u64;
    Ok(match len.checked_sub(at + TRAILER_LEN) {
        Some(len @ 1..) => Ok(Stream { name, at, len, raw_len: None, raw_sum: None, kind: Kind::Deflated }),
        _ => Err(Plain::Doubtful("it ends too early")),
    })
}

/// Where the stream begins, and what it is called.
fn parts(header: &[u8]) -> Option<(usize, Vec<u8>)> {
    let (&[0x1f, 0x8b, 8, flags, ..], mut rest) = header.split_first_chunk::<10>()? else { return None };
    if flags & UNKNOWN != 0 {
        return None;
    }
    if flags & EXTRA != 0 {
        let (len, behind) = rest.split_first_chunk::<2>()?;
        rest = behind.get(usize::from(u16::from_le_bytes(*len))..)?;
    }
    let mut name = Vec::new();
    if flags & NAME != 0 {
        name = until_zero(&mut rest)?.to_vec();
    }
    if flags & COMMENT != 0 {
        until_zero(&mut rest)?;
    }
    if flags & CHECKED != 0 {
        rest = rest.get(2..)?;
    }
    Some((header.len() - rest.len(), name))
}

fn until_zero<'h>(rest: &mut &'h [u8]) -> Option<&'h [u8]> {
    let len = rest.iter().position(|byte| *byte == 0)?;
    let text = &rest[..len];
    *rest = &rest[len + 1..];
    Some(text)
}
