//! A page of an index.

use super::{CHUNK_LEN_MAX, FRAME_LEN_MAX, FRAME_STORED_LEN_MAX, PAGE_ITEMS_MAX, PAGE_LEN_MAX, head::in_order_of_first_use};
use crate::{
    DecodeError, Hash, Hasher,
    bytes::{Field, Reader, Writer, count, require},
    document::{self, CRITICAL, FORMAT, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

const KIND: document::Kind = document::Kind { magic: *b"untorn:X", format: 1, len_max: PAGE_LEN_MAX as u64 };

const HEAD_LEN: usize = 32;
const FRAME_COUNT: Field<4> = Field::at(16);
const CHUNK_COUNT: Field<4> = Field::at(20);
const FILE_COUNT: Field<4> = Field::at(24);
const BARE_COUNT: Field<4> = Field::at(28);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN; MAGIC, FORMAT, CRITICAL, FRAME_COUNT, CHUNK_COUNT, FILE_COUNT, BARE_COUNT);

const FRAME_LEN: usize = 48;
const PLACED_CHUNK_LEN: usize = 44;
const PLACE_LEN: usize = 8;
const CHUNK_LEN: usize = 36;

/// A stretch of a file, cut where its content says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chunk {
    /// Its length in bytes.
    pub len: u32,
    /// The hash of its bytes.
    pub hash: Hash,
}

impl Chunk {
    /// What stands for chunks that follow each other: the hash of the length and the hash of each, as a page lists them.
    #[must_use]
    pub fn digest(chunks: impl IntoIterator<Item = Self>) -> Hash {
        let mut hasher = Hasher::new();
        for chunk in chunks {
            hasher.update(&chunk.len.to_le_bytes());
            hasher.update(&chunk.hash.0);
        }
        hasher.finish()
    }
}

/// Chunks that were compressed together: a part of a pack, and a complete zstd frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Frame {
    /// The number of the pack it lies in.
    pub pack: u32,
    /// Where in the pack it begins.
    pub at: u32,
    /// How many bytes it has there.
    pub stored_len: u32,
    /// How many bytes it has once decompressed.
    pub len: u32,
    /// The hash of the bytes in the pack: it is compared before anything is decompressed.
    pub hash: Hash,
}

/// Where a chunk lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the frame within the page.
    pub frame: u32,
    /// Where it begins in the decompressed frame.
    pub at: u32,
}

/// Some of the chunks of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The frames, in the order in which the items refer to them first.
    pub frames: Vec<Frame>,
    /// What lies in them.
    pub items: Items,
}

/// What a page lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Items {
    /// The chunks of a span, and where they lie.
    Chunks(Vec<(Chunk, Place)>),
    /// Where the files of a group lie.
    Files(Vec<Place>),
    /// The chunks of a span, of an index that is not placed.
    Bare(Vec<Chunk>),
}

impl Page {
    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut head = [0; HEAD_LEN];
        KIND.begin(&mut head);
        FRAME_COUNT.put(&mut head, count(self.frames.len()).to_le_bytes());
        let (field, items) = match &self.items {
            Items::Chunks(chunks) => (CHUNK_COUNT, chunks.len()),
            Items::Files(files) => (FILE_COUNT, files.len()),
            Items::Bare(chunks) => (BARE_COUNT, chunks.len()),
        };
        field.put(&mut head, count(items).to_le_bytes());
        let mut writer = Writer(head.to_vec());
        self.frames.iter().for_each(|frame| write_frame(&mut writer, frame));
        match &self.items {
            Items::Chunks(chunks) => chunks.iter().for_each(|(chunk, place)| {
                write_chunk(&mut writer, chunk);
                write_place(&mut writer, place);
            }),
            Items::Files(files) => files.iter().for_each(|place| write_place(&mut writer, place)),
            Items::Bare(chunks) => chunks.iter().for_each(|chunk| write_chunk(&mut writer, chunk)),
        }
        seal(writer)
    }

    /// Reads a page.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Page::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let block = &bytes[..HEAD_LEN];
        let frames = reader.list(FRAME_COUNT.u32(block), FRAME_LEN, read_frame)?;
        let chunks = reader.list(CHUNK_COUNT.u32(block), PLACED_CHUNK_LEN, |r| Ok((read_chunk(r)?, read_place(r)?)))?;
        let files = reader.list(FILE_COUNT.u32(block), PLACE_LEN, read_place)?;
        let bare = reader.list(BARE_COUNT.u32(block), CHUNK_LEN, read_chunk)?;
        reader.end()?;
        let items = match (chunks.is_empty(), files.is_empty(), bare.is_empty()) {
            (false, true, true) => Items::Chunks(chunks),
            (true, false, true) => Items::Files(files),
            (true, true, false) => Items::Bare(bare),
            _ => return Err(DecodeError::Field("kind of the items")),
        };
        let page = Self { frames, items };
        page.check()?;
        Ok(page)
    }

    fn check(&self) -> Result<(), DecodeError> {
        require((1..=PAGE_ITEMS_MAX).contains(&self.items.len()), "number of items")?;
        let used = in_order_of_first_use(self.items.places().map(|place| place.frame));
        require(used == Some(self.frames.len()), "order of the frames")?;
        let mut starts: Vec<_> = self.frames.iter().map(|frame| (frame.pack, frame.at)).collect();
        starts.sort_unstable();
        require(starts.windows(2).all(|pair| pair[0] != pair[1]), "a frame that is listed twice")?;
        let fits = |place: Place, len: u32| {
            self.frame(place).is_some_and(|frame| place.at.checked_add(len).is_some_and(|end| end <= frame.len))
        };
        let fit = match &self.items {
            Items::Chunks(chunks) => chunks.iter().all(|(chunk, place)| fits(*place, chunk.len)),
            // How long they are stands in the manifest.
            Items::Files(files) => files.iter().all(|place| fits(*place, 1)),
            Items::Bare(_) => true,
        };
        require(fit, "place of a chunk in its frame")
    }

    /// The frame of a place.
    #[must_use]
    pub fn frame(&self, place: Place) -> Option<&Frame> {
        self.frames.get(usize::try_from(place.frame).ok()?)
    }
}

impl Items {
    /// How many there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no page is empty")]
    pub fn len(&self) -> usize {
        match self {
            Self::Chunks(chunks) => chunks.len(),
            Self::Files(files) => files.len(),
            Self::Bare(chunks) => chunks.len(),
        }
    }

    fn places(&self) -> impl Iterator<Item = Place> + '_ {
        let (chunks, files): (&[(Chunk, Place)], &[Place]) = match self {
            Self::Chunks(chunks) => (chunks, &[]),
            Self::Files(files) => (&[], files),
            Self::Bare(_) => (&[], &[]),
        };
        chunks.iter().map(|(_, place)| *place).chain(files.iter().copied())
    }
}

fn write_frame(writer: &mut Writer, frame: &Frame) {
    writer.u32(frame.pack);
    writer.u32(frame.at);
    writer.u32(frame.stored_len);
    writer.u32(frame.len);
    writer.hash(&frame.hash);
}

fn read_frame(reader: &mut Reader<'_>) -> Result<Frame, DecodeError> {
    let frame =
        Frame { pack: reader.u32()?, at: reader.u32()?, stored_len: reader.u32()?, len: reader.u32()?, hash: reader.hash()? };
    require(frame.len > 0 && frame.len <= FRAME_LEN_MAX, "length of a frame")?;
    require(frame.stored_len > 0 && frame.stored_len <= FRAME_STORED_LEN_MAX, "stored length of a frame")?;
    require(frame.at.checked_add(frame.stored_len).is_some(), "place of a frame in its pack")?;
    Ok(frame)
}

fn write_chunk(writer: &mut Writer, chunk: &Chunk) {
    writer.u32(chunk.len);
    writer.hash(&chunk.hash);
}

fn read_chunk(reader: &mut Reader<'_>) -> Result<Chunk, DecodeError> {
    let chunk = Chunk { len: reader.u32()?, hash: reader.hash()? };
    require(chunk.len > 0 && chunk.len <= CHUNK_LEN_MAX, "length of a chunk")?;
    Ok(chunk)
}

fn write_place(writer: &mut Writer, place: &Place) {
    writer.u32(place.frame);
    writer.u32(place.at);
}

fn read_place(reader: &mut Reader<'_>) -> Result<Place, DecodeError> {
    Ok(Place { frame: reader.u32()?, at: reader.u32()? })
}
