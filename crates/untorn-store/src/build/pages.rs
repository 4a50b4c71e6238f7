//! The head and the pages of an index.

use std::collections::HashMap;

use untorn_format::{
    Hash,
    index::{CHUNK_LEN_MAX, Chunk, Frame, Group, HEAD_LEN_MAX, Head, Items, Page, PageRef, Place, Span},
    manifest::{Kind, Manifest},
};

use super::{Built, Content, IndexFile};
use crate::{Error, chunker::ends_run};

/// A chunk, and the number of the frame it lies in, and where in it.
type Placed = (Chunk, (u32, u32));

/// An index in the making.
pub(super) struct Pages<'b> {
    built: &'b Built,
    head: Head,
    bytes: Vec<u8>,
    numbers: HashMap<Hash, u32>,
}

impl<'b> Pages<'b> {
    pub(super) fn new(built: &'b Built, manifest: Hash) -> Self {
        let head = Head { manifest, placed: built.placed, pages: Vec::new(), spans: Vec::new(), groups: Vec::new() };
        Self { built, head, bytes: Vec::new(), numbers: HashMap::new() }
    }

    /// All spans first, then all groups.
    pub(super) fn add_files(&mut self, manifest: &Manifest) -> Result<(), Error> {
        let (built, mut rest, mut short) = (self.built, self.built.chunks.as_slice(), Vec::new());
        let mut read = built.contents.iter().zip(&built.counts);
        for entry in manifest.entries() {
            let Kind::File { len, hash, .. } = entry.kind else { continue };
            let (content, count) = read.next().ok_or(Error::OtherManifest)?;
            let count = usize::try_from(*count).map_err(|_| Error::TooLarge("chunks of a file"))?;
            let (chunks, others) = rest.split_at_checked(count).ok_or(Error::TooLarge("chunks of a file"))?;
            rest = others;
            if *content != (Content { len, hash }) {
                return Err(Error::OtherManifest);
            }
            if len > u64::from(CHUNK_LEN_MAX) {
                runs(chunks).try_for_each(|run| self.add_span(run))?;
            } else if self.head.placed {
                short.extend_from_slice(chunks);
            }
        }
        if read.next().is_some() {
            return Err(Error::OtherManifest);
        }
        runs(&short).try_for_each(|run| self.add_group(run))
    }

    fn add_span(&mut self, run: &[Placed]) -> Result<(), Error> {
        let chunks = run.iter().map(|(chunk, _)| *chunk);
        let len = chunks.clone().map(|chunk| u64::from(chunk.len)).sum();
        let page = if self.head.placed {
            let (frames, places) = self.frames(run)?;
            Page { frames, items: Items::Chunks(chunks.clone().zip(places).collect()) }
        } else {
            Page { frames: Vec::new(), items: Items::Bare(chunks.clone().collect()) }
        };
        let span = Span { len, chunks: count(run)?, digest: Chunk::digest(chunks), page: self.add_page(&page)? };
        self.head.spans.push(span);
        Ok(())
    }

    fn add_group(&mut self, run: &[Placed]) -> Result<(), Error> {
        let (frames, places) = self.frames(run)?;
        let group = Group { files: count(run)?, page: self.add_page(&Page { frames, items: Items::Files(places) })? };
        self.head.groups.push(group);
        Ok(())
    }

    /// The frames of these chunks, each once, and where in them each chunk lies.
    fn frames(&self, run: &[Placed]) -> Result<(Vec<Frame>, Vec<Place>), Error> {
        let (mut frames, mut places, mut numbers) = (Vec::new(), Vec::new(), HashMap::new());
        for (_, (frame, at)) in run {
            let next = u32::try_from(frames.len()).map_err(|_| Error::TooLarge("frames of a page"))?;
            let number = *numbers.entry(*frame).or_insert(next);
            if number == next {
                let frame = usize::try_from(*frame).ok().and_then(|frame| self.built.frames.get(frame));
                frames.push(*frame.ok_or(Error::TooLarge("number of frames"))?);
            }
            places.push(Place { frame: number, at: *at });
        }
        Ok((frames, places))
    }

    fn add_page(&mut self, page: &Page) -> Result<u32, Error> {
        let bytes = page.encode();
        let (len, hash) = (u32::try_from(bytes.len()).map_err(|_| Error::TooLarge("a page"))?, Hash::of(&bytes));
        let next = u32::try_from(self.head.pages.len()).map_err(|_| Error::TooLarge("number of pages"))?;
        let number = *self.numbers.entry(hash).or_insert(next);
        if number == next {
            self.head.pages.push(PageRef { len, hash });
            self.bytes.extend_from_slice(&bytes);
        }
        Ok(number)
    }

    pub(super) fn finish(self) -> Result<IndexFile, Error> {
        let mut bytes = self.head.encode();
        if bytes.len() as u64 > HEAD_LEN_MAX {
            return Err(Error::TooLarge("the head of the index"));
        }
        let (head_len, head_hash) = (bytes.len() as u64, Hash::of(&bytes));
        bytes.extend_from_slice(&self.bytes);
        Ok(IndexFile { head_len, head_hash, hash: Hash::of(&bytes), bytes })
    }
}

/// Cuts where the content says.
fn runs(mut rest: &[Placed]) -> impl Iterator<Item = &[Placed]> {
    std::iter::from_fn(move || {
        let end = rest.iter().enumerate().position(|(number, (chunk, _))| ends_run(number + 1, &chunk.hash));
        let (run, others) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
        rest = others;
        Some(run).filter(|run| !run.is_empty())
    })
}

fn count(run: &[Placed]) -> Result<u32, Error> {
    u32::try_from(run.len()).map_err(|_| Error::TooLarge("chunks of a page"))
}
