//! The head of an index.

use super::{HEAD_LEN_MAX, PAGE_ITEMS_MAX, PAGE_LEN_MAX};
use crate::{
    DecodeError, Hash,
    bytes::{Field, Reader, Writer, count, require},
    document::{self, CHECKSUM_LEN, CRITICAL, FORMAT, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

const KIND: document::Kind = document::Kind { magic: *b"untorn:x", format: 1, len_max: HEAD_LEN_MAX };

const HEAD_LEN: usize = 64;
const MANIFEST: Field<32> = Field::at(16);
const PAGE_COUNT: Field<4> = Field::at(48);
const SPAN_COUNT: Field<4> = Field::at(52);
const GROUP_COUNT: Field<4> = Field::at(56);
const PLACED: Field<4> = Field::at(60);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN; MAGIC, FORMAT, CRITICAL, MANIFEST, PAGE_COUNT, SPAN_COUNT, GROUP_COUNT, PLACED);

const PAGE_REF_LEN: usize = 36;
const SPAN_LEN: usize = 48;
const GROUP_LEN: usize = 8;

/// What of an index is fetched first.
///
/// Spans and groups follow the files of the manifest in its order: the spans all files longer than [`CHUNK_LEN_MAX`](super::CHUNK_LEN_MAX), their lengths adding up
/// to that of each file in turn; the groups all other files that are not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Hash of the manifest whose files these are.
    pub manifest: Hash,
    /// Whether it says where the chunks lie. One that does not is good for telling which parts of a file are damaged; it has no groups.
    pub placed: bool,
    /// The pages, one behind the other behind the head, in the order in which spans, then groups, refer to them first; none twice.
    pub pages: Vec<PageRef>,
    /// The spans of the long files.
    pub spans: Vec<Span>,
    /// The groups of the other files.
    pub groups: Vec<Group>,
}

/// A page of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRef {
    /// Its length in bytes.
    pub len: u32,
    /// The hash of its bytes.
    pub hash: Hash,
}

/// A part of a file: chunks that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many bytes of the file it is.
    pub len: u64,
    /// How many chunks it has.
    pub chunks: u32,
    /// What tells whether a file holds it, without its page: [`Chunk::digest`](super::Chunk::digest) of its chunks.
    pub digest: Hash,
    /// The number of its page.
    pub page: u32,
}

/// Files that follow each other in the manifest, leaving out those that are empty or have spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub files: u32,
    /// The number of its page.
    pub page: u32,
}

impl Head {
    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut head = [0; HEAD_LEN];
        KIND.begin(&mut head);
        MANIFEST.put(&mut head, self.manifest.0);
        PAGE_COUNT.put(&mut head, count(self.pages.len()).to_le_bytes());
        SPAN_COUNT.put(&mut head, count(self.spans.len()).to_le_bytes());
        GROUP_COUNT.put(&mut head, count(self.groups.len()).to_le_bytes());
        PLACED.put(&mut head, u32::from(self.placed).to_le_bytes());
        let mut writer = Writer(head.to_vec());
        for page in &self.pages {
            writer.u32(page.len);
            writer.hash(&page.hash);
        }
        for span in &self.spans {
            writer.u64(span.len);
            writer.u32(span.chunks);
            writer.hash(&span.digest);
            writer.u32(span.page);
        }
        for group in &self.groups {
            writer.u32(group.files);
            writer.u32(group.page);
        }
        seal(writer)
    }

    /// Reads a head.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Head::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let block = &bytes[..HEAD_LEN];
        require(PLACED.u32(block) <= 1, "whether chunks are placed")?;
        let head = Self {
            manifest: MANIFEST.hash(block),
            placed: PLACED.u32(block) == 1,
            pages: reader.list(PAGE_COUNT.u32(block), PAGE_REF_LEN, read_page_ref)?,
            spans: reader.list(SPAN_COUNT.u32(block), SPAN_LEN, read_span)?,
            groups: reader.list(GROUP_COUNT.u32(block), GROUP_LEN, read_group)?,
        };
        reader.end()?;
        head.check()?;
        Ok(head)
    }

    fn check(&self) -> Result<(), DecodeError> {
        require(self.placed || self.groups.is_empty(), "groups of files that lie nowhere")?;
        let pages = self.spans.iter().map(|span| span.page).chain(self.groups.iter().map(|group| group.page));
        let used = in_order_of_first_use(pages).ok_or(DecodeError::Field("order of the pages"))?;
        require(used == self.pages.len(), "number of pages")?;
        let mut hashes: Vec<_> = self.pages.iter().map(|page| page.hash).collect();
        hashes.sort_unstable();
        require(hashes.windows(2).all(|pair| pair[0] != pair[1]), "a page that is listed twice")
    }

    /// How long the head is that begins with `block`, at least 64 bytes, in bytes; `None` when that is no beginning of a head, or a longer one than is read.
    #[must_use]
    pub fn len_of(block: &[u8]) -> Option<u64> {
        let block = block.get(..HEAD_LEN).filter(|block| MAGIC.get(block) == KIND.magic)?;
        let parts = [(PAGE_COUNT, PAGE_REF_LEN), (SPAN_COUNT, SPAN_LEN), (GROUP_COUNT, GROUP_LEN)];
        let items: u64 = parts.iter().map(|(count, len)| u64::from(count.u32(block)) * *len as u64).sum();
        Some(items + (HEAD_LEN + CHECKSUM_LEN) as u64).filter(|len| *len <= HEAD_LEN_MAX)
    }

    /// Where the page `number` lies in the index, whose head has `head_len` bytes.
    #[must_use]
    pub fn page_range(&self, head_len: u64, number: u32) -> Option<std::ops::Range<u64>> {
        let number = usize::try_from(number).ok()?;
        let len = u64::from(self.pages.get(number)?.len);
        let at = self.pages[..number].iter().fold(head_len, |at, page| at.saturating_add(u64::from(page.len)));
        Some(at..at.saturating_add(len))
    }

    /// How long the pages are together, in bytes.
    #[must_use]
    pub fn pages_len(&self) -> u64 {
        self.pages.iter().map(|page| u64::from(page.len)).sum()
    }
}

/// How many different numbers there are, when each new one is the next: 0, 1, 2, ...
pub(super) fn in_order_of_first_use(numbers: impl IntoIterator<Item = u32>) -> Option<usize> {
    let mut next = 0;
    for number in numbers {
        if number > next {
            return None;
        }
        next += u32::from(number == next);
    }
    usize::try_from(next).ok()
}

fn read_page_ref(reader: &mut Reader<'_>) -> Result<PageRef, DecodeError> {
    let page = PageRef { len: reader.u32()?, hash: reader.hash()? };
    require(page.len > 0 && page.len <= PAGE_LEN_MAX, "length of a page")?;
    Ok(page)
}

fn read_span(reader: &mut Reader<'_>) -> Result<Span, DecodeError> {
    let span = Span { len: reader.u64()?, chunks: reader.u32()?, digest: reader.hash()?, page: reader.u32()? };
    require(is_count(span.chunks), "number of the chunks of a span")?;
    let len_max = u64::from(span.chunks) * u64::from(super::CHUNK_LEN_MAX);
    require(span.len >= u64::from(span.chunks) && span.len <= len_max, "length of a span")?;
    Ok(span)
}

fn read_group(reader: &mut Reader<'_>) -> Result<Group, DecodeError> {
    let group = Group { files: reader.u32()?, page: reader.u32()? };
    require(is_count(group.files), "number of the files of a group")?;
    Ok(group)
}

fn is_count(count: u32) -> bool {
    usize::try_from(count).is_ok_and(|count| (1..=PAGE_ITEMS_MAX).contains(&count))
}
