//! What a store holds already.

use std::collections::{BTreeSet, HashMap};

use untorn_format::{
    Hash,
    index::{Frame, Page},
    manifest::Manifest,
};

use crate::{Error, Index, Located, located};

/// The chunks that earlier releases have published, and where they lie. Made of their indexes and manifests alone: no build is needed.
///
/// Memory: about 100 bytes for each chunk.
#[derive(Clone, Debug, Default)]
pub struct Published {
    frames: Vec<Frame>,
    numbers: HashMap<Frame, u32>,
    places: HashMap<Hash, (u32, u32)>,
}

impl Published {
    /// Nothing: for the first release of a store.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Adds the chunks of a release, but for those that lie in a pack for which `is_there` says no. `index` is the whole of its index, `head_len` the length of the head.
    /// Where two releases hold the same chunk, that of the one added first counts.
    ///
    /// # Errors
    /// [`Error::PageDamaged`], [`Error::Decode`], [`Error::OtherManifest`] when the index is not whole, or is not that of `manifest`.
    pub fn add(&mut self, index: &[u8], head_len: u64, manifest: &Manifest, is_there: impl Fn(u32) -> bool) -> Result<(), Error> {
        let head = usize::try_from(head_len).ok().and_then(|len| index.get(..len)).ok_or(Error::PageDamaged)?;
        let view = Index::new(head, manifest)?;
        if !view.is_placed() || view.total_len() != index.len() as u64 {
            return Err(Error::PageDamaged);
        }
        for number in 0..view.page_count() {
            let range = view.page_range(number).ok_or(Error::PageDamaged)?;
            let range = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
            let bytes = range.and_then(|(start, end)| index.get(start..end)).ok_or(Error::PageDamaged)?;
            let page = view.page(number, bytes)?;
            self.add_page(&view, number, &page, &is_there);
        }
        Ok(())
    }

    fn add_page(&mut self, view: &Index, number: u32, page: &Page, is_there: &impl Fn(u32) -> bool) {
        let chunks = located(page, 0).unwrap_or_else(|| view.placed_files(number, page).collect());
        for chunk in chunks.iter().filter(|chunk| is_there(chunk.frame.pack)) {
            self.add_chunk(chunk);
        }
    }

    fn add_chunk(&mut self, located: &Located) {
        let Ok(next) = u32::try_from(self.frames.len()) else { return };
        let frame = *self.numbers.entry(located.frame).or_insert(next);
        if frame == next {
            self.frames.push(located.frame);
        }
        self.places.entry(located.chunk.hash).or_insert((frame, located.frame_at));
    }

    /// Whether a chunk is there.
    #[must_use]
    pub fn contains(&self, hash: &Hash) -> bool {
        self.places.contains_key(hash)
    }

    /// The packs that hold something, by their numbers.
    #[must_use]
    pub fn packs(&self) -> BTreeSet<u32> {
        let mut packs = BTreeSet::new();
        packs.extend(self.frames.iter().map(|frame| frame.pack));
        packs
    }

    /// How many chunks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(crate) fn frames(&self) -> &[Frame] {
        &self.frames
    }

    pub(crate) fn place(&self, hash: &Hash) -> Option<(u32, u32)> {
        self.places.get(hash).copied()
    }
}
