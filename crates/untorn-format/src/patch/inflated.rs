//! Members of old files that are read as what they hold.

use super::fields::{Fields, put_number, put_signed};
use super::op::moved;
use super::{INFLATION_MAX, MAX_INFLATED, MAX_RAW_LEN, SourceFile, ZSTD_INFLATION_MAX};
use crate::{DecodeError, bytes::require};

/// A packed stream in a file of the old build, deflated or compressed by zstd: what it holds is a source as a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inflated {
    /// The number of the file in [`Index::sources`](super::Index::sources); in a joined patch also that of bytes in between.
    pub source: u32,
    /// Offset of the stream in it.
    pub at: u64,
    /// Length of the stream in bytes, never 0.
    pub stored_len: u64,
    /// How many bytes it holds: at least 1, at most [`MAX_RAW_LEN`].
    pub raw_len: u64,
    /// How it stands in its file.
    pub wrap: Wrap,
}

/// How a packed stream stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wrap {
    /// Deflated, as it is.
    Bare,
    /// As one frame of zstd that says how much it holds.
    Zstd,
    /// Deflated, as in a PNG picture: with a header and a checksum of zlib, cut into pieces, each a chunk of the picture. From the first byte of the first chunk to the last one of the last.
    Png {
        /// The length of each piece but the last, which may be shorter, in bytes: 2 or more.
        piece_len: u32,
        /// The header.
        header: u16,
    },
}

impl Wrap {
    /// How many bytes of `stored_len` are those of the stream itself. None when such a stream cannot be wrapped so.
    #[must_use]
    pub fn bare_len(self, stored_len: u64) -> Option<u64> {
        let Self::Png { piece_len, .. } = self else { return Some(stored_len) };
        let pieces = stored_len.checked_add(CHUNK_LEN)?.div_ceil(u64::from(piece_len) + CHUNK_LEN);
        stored_len.checked_sub(pieces.saturating_sub(1) * CHUNK_LEN)?.checked_sub(ZLIB_LEN).filter(|len| *len > 0)
    }

    /// Whether it is a frame of zstd.
    #[must_use]
    pub fn is_zstd(self) -> bool {
        self == Self::Zstd
    }

    /// The most bytes that such a stream of `stored_len` bytes may hold.
    #[must_use]
    pub fn raw_len_max(self, stored_len: u64) -> u64 {
        let times = if self.is_zstd() { ZSTD_INFLATION_MAX } else { INFLATION_MAX };
        MAX_RAW_LEN.min(stored_len.saturating_mul(times))
    }

    pub(super) fn check(self, stored_len: u64) -> Result<(), DecodeError> {
        let is_valid = match self {
            Self::Bare | Self::Zstd => true,
            // The same length cannot be cut into pieces that end with an empty one.
            Self::Png { piece_len, .. } => {
                let behind = stored_len % (u64::from(piece_len) + CHUNK_LEN);
                piece_len >= 2 && (1..=u64::from(piece_len)).contains(&behind) && self.bare_len(stored_len).is_some()
            }
        };
        require(is_valid, "wrapping of a member")
    }

    pub(super) fn put(self, facts: &mut Vec<u8>) {
        match self {
            Self::Bare => put_number(facts, 0),
            Self::Zstd => put_number(facts, ZSTD),
            Self::Png { piece_len, header } => {
                put_number(facts, piece_len.into());
                put_number(facts, header.into());
            }
        }
    }

    pub(super) fn take(facts: &mut Fields<'_>) -> Result<Self, DecodeError> {
        let wrong = DecodeError::Field("wrapping of a member");
        match u32::try_from(facts.number()?).map_err(|_| wrong.clone())? {
            0 => Ok(Self::Bare),
            tag if u64::from(tag) == ZSTD => Ok(Self::Zstd),
            piece_len => Ok(Self::Png { piece_len, header: u16::try_from(facts.number()?).map_err(|_| wrong)? }),
        }
    }
}

/// Stands for a frame of zstd, where a picture has the length of its pieces: none has pieces of one byte.
const ZSTD: u64 = 1;

/// What stands between two chunks of a picture, in bytes: the checksum of the first, length and kind of the second.
pub const CHUNK_LEN: u64 = 12;
/// Header and checksum of zlib, in bytes.
const ZLIB_LEN: u64 = 6;

/// What copies and references read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'i> {
    /// A file of the old build.
    pub file: &'i SourceFile,
    /// What a stream in it holds, instead of its bytes.
    pub inflated: Option<&'i Inflated>,
}

impl Source<'_> {
    /// Which bytes of the file must be read (from, to) for `len` bytes from `at` on: of a stream all.
    #[must_use]
    pub fn range(&self, at: u64, len: u64) -> (u64, u64) {
        match self.inflated {
            Some(inflated) => (inflated.at, inflated.at.saturating_add(inflated.stored_len)),
            None => (at, at.saturating_add(len)),
        }
    }
}

/// Checks that streams lie in their files, in order and apart.
/// `lens` are those of all sources, and `files` of these are files.
pub(super) fn check(inflated: &[Inflated], lens: &[u64], files: usize) -> Result<(), DecodeError> {
    require(inflated.len() as u64 <= MAX_INFLATED, "number of old members")?;
    let behind = |one: &Inflated, next: &Inflated| {
        one.source < next.source
            || one.source == next.source && one.at.checked_add(one.stored_len).is_some_and(|end| end <= next.at)
    };
    require(inflated.windows(2).all(|pair| behind(&pair[0], &pair[1])), "order of old members")?;
    let members = inflated.len();
    inflated.iter().try_for_each(|inflated| {
        let source = inflated.source as usize;
        let is_member = (files..files + members).contains(&source);
        let file_len = lens.get(source).filter(|_| !is_member).ok_or(DecodeError::Field("number of a source"))?;
        let is_within = inflated.at.checked_add(inflated.stored_len).is_some_and(|end| end <= *file_len);
        require(inflated.stored_len > 0 && is_within, "old member beyond its file")?;
        require((1..=inflated.wrap.raw_len_max(inflated.stored_len)).contains(&inflated.raw_len), "length of an old member")?;
        inflated.wrap.check(inflated.stored_len)
    })
}

/// Appends streams: where each begins is told from the end of the one before.
pub(super) fn put(facts: &mut Vec<u8>, inflated: &[Inflated]) {
    let (mut source, mut at) = (0, 0);
    put_number(facts, inflated.len() as u64);
    for inflated in inflated {
        at = if inflated.source == source { at } else { 0 };
        put_signed(facts, i64::from(inflated.source) - i64::from(source));
        put_signed(facts, inflated.at.cast_signed().wrapping_sub(at));
        put_number(facts, inflated.stored_len);
        put_number(facts, inflated.raw_len);
        inflated.wrap.put(facts);
        (source, at) = (inflated.source, inflated.at.saturating_add(inflated.stored_len).cast_signed());
    }
}

/// Reads streams.
pub(super) fn take(facts: &mut Fields<'_>) -> Result<Vec<Inflated>, DecodeError> {
    let (mut source, mut end) = (0_u32, 0_u64);
    let mut all = Vec::new();
    for _ in 0..facts.count(MAX_INFLATED)? {
        let distance = facts.signed()?;
        let next = i64::from(source).checked_add(distance).and_then(|next| u32::try_from(next).ok());
        source = next.ok_or(DecodeError::Field("number of a source"))?;
        end = if distance == 0 { end } else { 0 };
        let at = moved(end, facts.signed()?).ok_or(DecodeError::Field("old member beyond its file"))?;
        let inflated = Inflated { source, at, stored_len: facts.number()?, raw_len: facts.number()?, wrap: Wrap::take(facts)? };
        end = at.checked_add(inflated.stored_len).ok_or(DecodeError::Field("old member beyond its file"))?;
        all.push(inflated);
    }
    Ok(all)
}
