//! The index of a build, together with its manifest.

use std::{collections::HashMap, ops::Range};

use untorn_format::{
    Hash,
    index::{CHUNK_LEN_MAX, Chunk, Frame, Head, Items, Page, Span},
    manifest::{Kind, Manifest},
};

use crate::Error;

/// The head of an index, bound to the manifest whose files it lists. The pages are not here: the caller fetches those that are needed, wherever the index lies, by
/// [`Index::page_range`], and has [`Index::page`] check them.
///
/// Memory: about 100 bytes for each 16 MiB of long files, and 12 bytes for each entry of the manifest.
#[derive(Clone, Debug)]
pub struct Index {
    head: Head,
    /// Where each page begins, and where the last one ends.
    page_starts: Vec<u64>,
    /// What of the head is about each entry of the manifest.
    parts: Vec<Part>,
    /// What the manifest says about each file of a group, in order.
    grouped: Vec<Chunk>,
    /// Where the files of each group begin in `grouped`, by its page; of groups with the same page, the first.
    group_starts: HashMap<u32, usize>,
    /// The first span of each page.
    page_spans: HashMap<u32, usize>,
}

/// What of the head is about one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Nothing: no file, an empty one, or none that the index places.
    Nothing,
    /// Spans from this one on, and how many.
    Spans(u32, u32),
    /// A place in this page.
    Place { page: u32, item: u32 },
}

/// A chunk of a file, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// The chunk.
    pub chunk: Chunk,
    /// Where in the file it begins, in bytes.
    pub at: u64,
    /// The frame it lies in.
    pub frame: Frame,
    /// Where in the decompressed frame it begins, in bytes.
    pub frame_at: u32,
}

impl Located {
    /// Its bytes, from those of the decompressed frame; [`Error::FrameForged`] when they are others.
    ///
    /// # Errors
    /// See above.
    pub fn bytes<'f>(&self, frame: &'f [u8]) -> Result<&'f [u8], Error> {
        let range = usize::try_from(self.frame_at).ok().zip(usize::try_from(self.chunk.len).ok());
        let bytes = range.and_then(|(at, len)| frame.get(at..at.checked_add(len)?)).ok_or(Error::FrameForged)?;
        if Hash::of(bytes) == self.chunk.hash { Ok(bytes) } else { Err(Error::FrameForged) }
    }
}

impl Index {
    /// From the bytes of the head, whose hash the caller has compared with one that is vouched for, or takes as a mere hint.
    ///
    /// # Errors
    /// [`Error::Decode`]; [`Error::OtherManifest`] when it belongs to another manifest, or does not fit its files.
    pub fn new(head: &[u8], manifest: &Manifest) -> Result<Self, Error> {
        let (head_len, head) = (head.len() as u64, Head::decode(head)?);
        if head.manifest != manifest.hash() {
            return Err(Error::OtherManifest);
        }
        let mut page_starts = vec![head_len];
        for page in &head.pages {
            page_starts.push(page_starts.last().copied().unwrap_or(0) + u64::from(page.len));
        }
        let mut index = Self {
            head,
            page_starts,
            parts: Vec::new(),
            grouped: Vec::new(),
            group_starts: HashMap::new(),
            page_spans: HashMap::new(),
        };
        index.bind(manifest)?;
        Ok(index)
    }

    /// Finds out which spans and groups belong to which entry.
    fn bind(&mut self, manifest: &Manifest) -> Result<(), Error> {
        let mut spans = 0;
        for entry in manifest.entries() {
            let part = match entry.kind {
                Kind::File { len, .. } if len > u64::from(CHUNK_LEN_MAX) => self.take_spans(&mut spans, len)?,
                Kind::File { len, hash, .. } if len > 0 && self.head.placed => {
                    self.grouped.push(Chunk { len: u32::try_from(len).map_err(|_| Error::OtherManifest)?, hash });
                    Part::Place { page: 0, item: 0 }
                }
                _ => Part::Nothing,
            };
            self.parts.push(part);
        }
        if spans != self.head.spans.len() {
            return Err(Error::OtherManifest);
        }
        self.bind_groups()?;
        self.bind_pages()
    }

    fn take_spans(&self, next: &mut usize, len: u64) -> Result<Part, Error> {
        let (first, mut rest) = (*next, len);
        while rest > 0 {
            let span = self.head.spans.get(*next).ok_or(Error::OtherManifest)?;
            rest = rest.checked_sub(span.len).ok_or(Error::OtherManifest)?;
            *next += 1;
        }
        let number = |number: usize| u32::try_from(number).map_err(|_| Error::OtherManifest);
        Ok(Part::Spans(number(first)?, number(*next - first)?))
    }

    fn bind_groups(&mut self) -> Result<(), Error> {
        let places = self.parts.iter_mut().filter(|part| matches!(part, Part::Place { .. }));
        let items = self.head.groups.iter().flat_map(|group| (0..group.files).map(|item| Part::Place { page: group.page, item }));
        let count = self.head.groups.iter().map(|group| u64::from(group.files)).sum::<u64>();
        if count != self.grouped.len() as u64 {
            return Err(Error::OtherManifest);
        }
        places.zip(items).for_each(|(part, item)| *part = item);
        Ok(())
    }

    /// Where several spans, or groups, share a page, they must be alike.
    fn bind_pages(&mut self) -> Result<(), Error> {
        for (number, span) in self.head.spans.iter().enumerate() {
            let first = *self.page_spans.entry(span.page).or_insert(number);
            let other = self.head.spans[first];
            if (span.len, span.chunks, span.digest) != (other.len, other.chunks, other.digest) {
                return Err(Error::OtherManifest);
            }
        }
        let mut start = 0;
        for group in &self.head.groups {
            let files = usize::try_from(group.files).map_err(|_| Error::OtherManifest)?;
            let first = *self.group_starts.entry(group.page).or_insert(start);
            let is_alike = self.grouped.get(first..first + files) == self.grouped.get(start..start + files);
            if !is_alike || self.page_spans.contains_key(&group.page) {
                return Err(Error::OtherManifest);
            }
            start += files;
        }
        Ok(())
    }

    /// Whether it says where the chunks lie.
    #[must_use]
    pub fn is_placed(&self) -> bool {
        self.head.placed
    }

    /// How many bytes the whole index has.
    #[must_use]
    pub fn total_len(&self) -> u64 {
        self.page_starts.last().copied().unwrap_or(0)
    }

    /// How many pages there are.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the head counts them in 32 bits")]
    pub fn page_count(&self) -> u32 {
        self.head.pages.len() as u32
    }

    /// Where in the index a page lies.
    #[must_use]
    pub fn page_range(&self, number: u32) -> Option<Range<u64>> {
        let number = usize::try_from(number).ok()?;
        Some(*self.page_starts.get(number)?..*self.page_starts.get(number + 1)?)
    }

    /// The hash of a page: what a cache finds it by, also one that was filled from another release.
    #[must_use]
    pub fn page_hash(&self, number: u32) -> Option<Hash> {
        Some(self.head.pages.get(usize::try_from(number).ok()?)?.hash)
    }

    /// The numbers of the pages that tell about the file at place `entry` of the manifest.
    #[must_use]
    pub fn pages_of(&self, entry: usize) -> Vec<u32> {
        match self.parts.get(entry) {
            Some(Part::Place { page, .. }) => vec![*page],
            _ => self.spans_of(entry).iter().map(|span| span.page).collect(),
        }
    }

    /// The spans of the file at place `entry` of the manifest; none for one that is a single chunk.
    #[must_use]
    pub fn spans_of(&self, entry: usize) -> &[Span] {
        let Some(Part::Spans(first, count)) = self.parts.get(entry) else { return &[] };
        let range = usize::try_from(*first).ok().zip(usize::try_from(*count).ok());
        range.and_then(|(first, count)| self.head.spans.get(first..first + count)).unwrap_or(&[])
    }

    /// Reads a page.
    ///
    /// # Errors
    /// [`Error::PageDamaged`] when `bytes` are not those the head promises; [`Error::Decode`], [`Error::OtherManifest`] when they are, but are no page that belongs
    /// there.
    pub fn page(&self, number: u32, bytes: &[u8]) -> Result<Page, Error> {
        let promised = usize::try_from(number).ok().and_then(|number| self.head.pages.get(number)).ok_or(Error::PageDamaged)?;
        if bytes.len() as u64 != u64::from(promised.len) || Hash::of(bytes) != promised.hash {
            return Err(Error::PageDamaged);
        }
        let page = Page::decode(bytes)?;
        if self.fits(number, &page) { Ok(page) } else { Err(Error::OtherManifest) }
    }

    fn fits(&self, number: u32, page: &Page) -> bool {
        if let Some(span) = self.page_spans.get(&number).and_then(|first| self.head.spans.get(*first)) {
            let Some(chunks) = chunks_of(page) else { return false };
            let len = chunks.iter().map(|chunk| u64::from(chunk.len)).sum::<u64>();
            let is_kind = matches!(page.items, Items::Bare(_)) != self.head.placed;
            return is_kind
                && (len, chunks.len() as u64) == (span.len, u64::from(span.chunks))
                && Chunk::digest(chunks) == span.digest;
        }
        let (Items::Files(places), Some(start)) = (&page.items, self.group_starts.get(&number)) else { return false };
        let Some(files) = self.grouped.get(*start..*start + places.len()) else { return false };
        let group = self.head.groups.iter().find(|group| group.page == number);
        group.is_some_and(|group| u64::from(group.files) == places.len() as u64)
            && places.iter().zip(files).all(|(place, file)| {
                page.frame(*place).is_some_and(|frame| place.at.checked_add(file.len).is_some_and(|end| end <= frame.len))
            })
    }

    /// Every chunk of the file at place `entry` of the manifest, in order. `page` gives the pages by their number; those of [`Index::pages_of`] are asked for.
    ///
    /// # Errors
    /// Whatever `page` answers; [`Error::OtherManifest`] for an index that is not placed.
    pub fn chunks_of<'p, E: From<Error>>(
        &self,
        entry: usize,
        mut page: impl FnMut(u32) -> Result<&'p Page, E>,
    ) -> Result<Vec<Located>, E> {
        let mut chunks = Vec::new();
        match self.parts.get(entry) {
            None | Some(Part::Nothing) => {}
            Some(Part::Place { page: number, item }) => {
                chunks.extend(self.placed_file(*number, *item, page(*number)?).ok_or(Error::OtherManifest)?);
            }
            Some(Part::Spans(..)) => {
                let mut at = 0;
                for span in self.spans_of(entry) {
                    chunks.extend(located(page(span.page)?, at).ok_or(Error::OtherManifest)?);
                    at += span.len;
                }
            }
        }
        Ok(chunks)
    }

    fn placed_file(&self, number: u32, item: u32, page: &Page) -> Option<[Located; 1]> {
        let item = usize::try_from(item).ok()?;
        let Items::Files(places) = &page.items else { return None };
        let (place, chunk) = (*places.get(item)?, *self.grouped.get(self.group_starts.get(&number)? + item)?);
        Some([Located { chunk, at: 0, frame: *page.frame(place)?, frame_at: place.at }])
    }

    /// The chunk that each file of a group is, and where, for the page `number`.
    pub(crate) fn placed_files<'a>(&'a self, number: u32, page: &'a Page) -> impl Iterator<Item = Located> + 'a {
        let count = page.items.len();
        (0..count).filter_map(move |item| self.placed_file(number, u32::try_from(item).ok()?, page)).flatten()
    }
}

/// The chunks of a page of a span.
#[must_use]
pub fn chunks_of(page: &Page) -> Option<Vec<Chunk>> {
    match &page.items {
        Items::Chunks(chunks) => Some(chunks.iter().map(|(chunk, _)| *chunk).collect()),
        Items::Bare(chunks) => Some(chunks.clone()),
        Items::Files(_) => None,
    }
}

/// The chunks of a page of a span that begins `at` there in its file, and where they lie.
pub fn located(page: &Page, mut at: u64) -> Option<Vec<Located>> {
    let Items::Chunks(chunks) = &page.items else { return None };
    let locate = |(chunk, place): &(Chunk, untorn_format::index::Place)| {
        let located = Located { chunk: *chunk, at, frame: *page.frame(*place)?, frame_at: place.at };
        at += u64::from(chunk.len);
        Some(located)
    };
    chunks.iter().map(locate).collect()
}
