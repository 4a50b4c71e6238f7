//! Bytes of old files, a page at a time.

use untorn_format::manifest::{Entry, Kind};

use super::blocks::Place;
use crate::DiffError;
use crate::files::{Files, fill};

const PAGE_LEN: u64 = 128 << 10;
const PAGES: u64 = 16;

/// Reads old files in pages and keeps the last few.
pub(super) struct OldPages<'a> {
    files: &'a dyn Files,
    entries: &'a [Entry],
    pages: Vec<Page>,
}

#[derive(Default)]
struct Page {
    /// The file and the number of the page in it.
    of: Option<(u32, u64)>,
    bytes: Vec<u8>,
}

impl<'a> OldPages<'a> {
    pub(super) fn new(files: &'a dyn Files, entries: &'a [Entry]) -> Self {
        Self { files, entries, pages: (0..PAGES).map(|_| Page::default()).collect() }
    }

    /// How long a file is.
    pub(super) fn len(&self, file: u32) -> u64 {
        self.entries.get(file as usize).map_or(0, |entry| file_len(&entry.kind))
    }

    /// Bytes from `place` on, at least one unless the file ends there.
    pub(super) fn after(&mut self, place: Place) -> Result<&[u8], DiffError> {
        let (page, within) = (place.at / PAGE_LEN, place.at % PAGE_LEN);
        let bytes = self.page(place.file, page)?;
        Ok(usize::try_from(within).ok().and_then(|within| bytes.get(within..)).unwrap_or(&[]))
    }

    /// Bytes of the same page before `place`.
    pub(super) fn before(&mut self, place: Place) -> Result<&[u8], DiffError> {
        let Some(last) = place.at.checked_sub(1) else { return Ok(&[]) };
        let bytes = self.page(place.file, last / PAGE_LEN)?;
        Ok(usize::try_from(last % PAGE_LEN).ok().and_then(|within| bytes.get(..=within)).unwrap_or(&[]))
    }

    fn page(&mut self, file: u32, number: u64) -> Result<&[u8], DiffError> {
        let at = number * PAGE_LEN;
        let slot = usize::try_from((u64::from(file).wrapping_mul(7) + number) % PAGES).unwrap_or(0);
        let page = &mut self.pages[slot];
        if page.of != Some((file, number)) {
            page.of = None;
            let Entry { path, kind } = &self.entries[file as usize];
            page.bytes.resize(usize::try_from(file_len(kind).saturating_sub(at).min(PAGE_LEN)).unwrap_or(0), 0);
            fill(self.files, path, &mut page.bytes, at)?;
            page.of = Some((file, number));
        }
        Ok(&page.bytes)
    }
}

fn file_len(kind: &Kind) -> u64 {
    if let Kind::File { len, .. } = kind { *len } else { 0 }
}
