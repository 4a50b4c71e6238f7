//! The content of a member.

use std::io::{self, Read};

use flate2::read::DeflateDecoder;
use untorn_fs::File;

use super::{Member, Packing};

/// Reads the content of one member, unpacked. Never gives more than the member is said to have, and one byte.
pub(crate) enum Contents<'f> {
    Stored(Part<'f>),
    Deflated(Box<io::Take<DeflateDecoder<io::BufReader<Part<'f>>>>>),
}

/// The stored bytes of a member, from front to back.
pub(crate) struct Part<'f> {
    file: &'f dyn File,
    at: u64,
    end: u64,
}

impl<'f> Part<'f> {
    pub(crate) fn new(file: &'f dyn File, at: u64, end: u64) -> Self {
        Self { file, at, end }
    }
}

impl Read for Part<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let room = buf.len().min(left);
        let len = self.file.read_at(&mut buf[..room], self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}

impl<'f> Contents<'f> {
    /// `None` for a member that is packed in a way that is not known here.
    pub(crate) fn open(file: &'f dyn File, member: &Member) -> Option<Self> {
        let part = Part::new(file, member.data_at, member.data_end);
        match member.packing {
            Packing::Stored => Some(Self::Stored(part)),
            Packing::Deflated => {
                let decoder = DeflateDecoder::new(io::BufReader::with_capacity(1 << 16, part));
                Some(Self::Deflated(Box::new(Read::take(decoder, member.len.saturating_add(1)))))
            }
            Packing::Zstd | Packing::Other => None,
        }
    }
}

impl Read for Contents<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(part) => part.read(buf),
            Self::Deflated(decoder) => decoder.read(buf),
        }
    }
}

/// The content of a member of at most `len_max` bytes; `None` when it is longer, or not what the directory says of it.
pub(crate) fn inflate(file: &dyn File, member: &Member, len_max: u64) -> Option<Vec<u8>> {
    if member.len > len_max {
        return None;
    }
    let mut bytes = Vec::new();
    Contents::open(file, member)?.read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 == member.len && crc32fast::hash(&bytes) == member.crc).then_some(bytes)
}
