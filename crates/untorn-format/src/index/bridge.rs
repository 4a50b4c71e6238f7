//! A bridge from one build to another.

use super::{BRIDGE_BASE_LEN_MAX, BRIDGE_FRAME_LEN_MAX, BRIDGE_FRAME_STORED_LEN_MAX, CHUNK_LEN_MAX, Chunk, Frame, HEAD_LEN_MAX};
use crate::{
    DecodeError, Hash,
    bytes::{Field, Reader, Writer, count, require},
    document::{self, CRITICAL, FORMAT, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

const KIND: document::Kind = document::Kind { magic: *b"untorn:b", format: 1, len_max: HEAD_LEN_MAX };

const HEAD_LEN: usize = 64;
const MANIFEST: Field<32> = Field::at(16);
const FRAME_COUNT: Field<4> = Field::at(48);
const BASE_COUNT: Field<4> = Field::at(52);
const CHUNK_COUNT: Field<4> = Field::at(56);
const RESERVED: Field<4> = Field::at(60);

pub(crate) const ROWS: &[Row] =
    rows!(HEAD_LEN; MAGIC, FORMAT, CRITICAL, MANIFEST, FRAME_COUNT, BASE_COUNT, CHUNK_COUNT, RESERVED);

const FRAME_LEN: usize = 56;
const MARK_LEN: usize = 12;
/// How many bytes of the hash of a chunk are kept.
const CHECK_LEN: usize = 8;

/// Chunks of a build, compressed against chunks of the build before: who has these fetches less. Each frame stands for itself, so whoever has some of the old
/// chunks only can use the frames that are made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Hash of the manifest of the build whose chunks come out.
    pub manifest: Hash,
    /// The frames, in the order of their places; they do not overlap.
    pub frames: Vec<BridgeFrame>,
}

/// Some new chunks, compressed with some old ones as their prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeFrame {
    /// Where it lies, and how long it is. Longer ones are possible than in an index: up to [`BRIDGE_FRAME_LEN_MAX`].
    pub frame: Frame,
    /// The old chunks, in the order in which they are the prefix; perhaps none.
    pub bases: Vec<Mark>,
    /// The new chunks, in the order in which they come out; at least one.
    pub chunks: Vec<Mark>,
}

/// What tells a chunk from others. That it is that chunk, only its whole hash says: who made it up from the wrong one finds out then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark {
    /// The length of the chunk in bytes.
    pub len: u32,
    /// The first bytes of its hash.
    pub check: [u8; CHECK_LEN],
}

impl Mark {
    /// That of a chunk.
    #[must_use]
    pub fn of(chunk: &Chunk) -> Self {
        let mut check = [0; CHECK_LEN];
        check.copy_from_slice(&chunk.hash.0[..CHECK_LEN]);
        Self { len: chunk.len, check }
    }
}

impl Bridge {
    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut head = [0; HEAD_LEN];
        let total = |marks: fn(&BridgeFrame) -> &[Mark]| count(self.frames.iter().map(|frame| marks(frame).len()).sum());
        KIND.begin(&mut head);
        MANIFEST.put(&mut head, self.manifest.0);
        FRAME_COUNT.put(&mut head, count(self.frames.len()).to_le_bytes());
        BASE_COUNT.put(&mut head, total(|frame| &frame.bases).to_le_bytes());
        CHUNK_COUNT.put(&mut head, total(|frame| &frame.chunks).to_le_bytes());
        let mut writer = Writer(head.to_vec());
        self.frames.iter().for_each(|frame| write_frame(&mut writer, frame));
        self.frames.iter().flat_map(|frame| &frame.bases).for_each(|mark| write_mark(&mut writer, mark));
        self.frames.iter().flat_map(|frame| &frame.chunks).for_each(|mark| write_mark(&mut writer, mark));
        seal(writer)
    }

    /// Reads a bridge.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Bridge::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let block = &bytes[..HEAD_LEN];
        require(RESERVED.u32(block) == 0, "reserved bytes")?;
        let frames = reader.list(FRAME_COUNT.u32(block), FRAME_LEN, read_frame)?;
        let bases = reader.list(BASE_COUNT.u32(block), MARK_LEN, read_mark)?;
        let chunks = reader.list(CHUNK_COUNT.u32(block), MARK_LEN, read_mark)?;
        reader.end()?;
        let (mut bases, mut chunks) = (bases.as_slice(), chunks.as_slice());
        let mut whole = Vec::with_capacity(frames.len());
        for (frame, base_count, chunk_count) in frames {
            let (bases, chunks) = (take(&mut bases, base_count)?, take(&mut chunks, chunk_count)?);
            whole.push(BridgeFrame { frame, bases, chunks });
        }
        require(bases.is_empty() && chunks.is_empty(), "number of chunks")?;
        let bridge = Self { manifest: MANIFEST.hash(block), frames: whole };
        bridge.check()?;
        Ok(bridge)
    }

    fn check(&self) -> Result<(), DecodeError> {
        let sum = |marks: &[Mark]| marks.iter().map(|mark| u64::from(mark.len)).sum::<u64>();
        for BridgeFrame { frame, bases, chunks } in &self.frames {
            require(!chunks.is_empty() && sum(chunks) == u64::from(frame.len), "length of the chunks of a frame")?;
            require(sum(bases) <= u64::from(BRIDGE_BASE_LEN_MAX), "length of what a frame is made of")?;
        }
        let follows = |pair: &[BridgeFrame]| {
            let (one, next) = (&pair[0].frame, &pair[1].frame);
            (one.pack, u64::from(one.at) + u64::from(one.stored_len) - 1) < (next.pack, u64::from(next.at))
        };
        require(self.frames.windows(2).all(follows), "order of the frames")
    }
}

fn take(rest: &mut &[Mark], count: u32) -> Result<Vec<Mark>, DecodeError> {
    let count = usize::try_from(count).map_err(|_| DecodeError::Length)?;
    let (taken, others) = rest.split_at_checked(count).ok_or(DecodeError::Field("number of chunks"))?;
    *rest = others;
    Ok(taken.to_vec())
}

fn write_frame(writer: &mut Writer, frame: &BridgeFrame) {
    let place = &frame.frame;
    [place.pack, place.at, place.stored_len, place.len].into_iter().for_each(|number| writer.u32(number));
    writer.hash(&place.hash);
    writer.u32(count(frame.bases.len()));
    writer.u32(count(frame.chunks.len()));
}

fn read_frame(reader: &mut Reader<'_>) -> Result<(Frame, u32, u32), DecodeError> {
    let frame =
        Frame { pack: reader.u32()?, at: reader.u32()?, stored_len: reader.u32()?, len: reader.u32()?, hash: reader.hash()? };
    require((1..=BRIDGE_FRAME_LEN_MAX).contains(&frame.len), "length of a frame")?;
    require((1..=BRIDGE_FRAME_STORED_LEN_MAX).contains(&frame.stored_len), "stored length of a frame")?;
    require(frame.at.checked_add(frame.stored_len).is_some(), "place of a frame in its pack")?;
    Ok((frame, reader.u32()?, reader.u32()?))
}

fn write_mark(writer: &mut Writer, mark: &Mark) {
    writer.u32(mark.len);
    writer.bytes(&mark.check);
}

fn read_mark(reader: &mut Reader<'_>) -> Result<Mark, DecodeError> {
    let mark = Mark { len: reader.u32()?, check: reader.array()? };
    require((1..=CHUNK_LEN_MAX).contains(&mark.len), "length of a chunk")?;
    Ok(mark)
}
