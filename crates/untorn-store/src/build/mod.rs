//! From the files of a build to its index, and to packs of what is not published yet.

mod frames;
mod pages;
mod pass;

use std::{collections::HashMap, io, num::NonZero, thread};

use untorn_format::{
    Hash,
    index::{Chunk, Frame},
    manifest::Manifest,
};

use crate::{Error, Published};
use frames::Frames;
use pages::Pages;
use pass::Event;
pub use pass::{Content, Open};

/// How a build is cut up and compressed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BuildOptions {
    /// How hard zstd tries, 1 to 22.
    pub level: i32,
    /// The number of the first new pack: one more than the highest that any release of the store uses.
    pub first_pack: u32,
    /// How long a pack gets, about, in bytes.
    pub pack_len: u32,
    /// How many threads read, and how many compress; 0 means one for each core. The result does not depend on it.
    pub jobs: usize,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { level: 12, first_pack: 1, pack_len: 64 << 20, jobs: 0 }
    }
}

/// Frames, one behind the other: as a whole a file that zstd can decompress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Its number: what the index calls it.
    pub number: u32,
    /// The hash of its bytes: what it is called in the store.
    pub hash: Hash,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A pack, without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackInfo {
    /// Its number.
    pub number: u32,
    /// The hash of its bytes.
    pub hash: Hash,
    /// How many bytes it has.
    pub len: u64,
}

/// Takes packs, one after the other, as they are full.
pub trait Sink {
    /// Takes a pack. An error ends the work.
    ///
    /// # Errors
    /// Whatever went wrong.
    fn pack(&mut self, pack: Pack) -> io::Result<()>;
}

impl<F: FnMut(Pack) -> io::Result<()>> Sink for F {
    fn pack(&mut self, pack: Pack) -> io::Result<()> {
        self(pack)
    }
}

/// Reads the files of a build once, cuts them into chunks, and gives those that are not `published` to `sink`, compressed, in packs.
///
/// `lens` are the lengths of the files in the order in which the manifest lists them; a file that turns out to be longer or shorter counts as it was read. `open` gives
/// the bytes of the file with a number. Equal files and options, and equal releases before, give equal packs and an equal index, on any number of threads.
///
/// Memory: a pack, some 2 MiB for each thread, and about 100 bytes for each chunk.
///
/// # Errors
/// [`Error::Read`], [`Error::Sink`], [`Error::Compress`], [`Error::TooLarge`].
pub fn build(
    lens: &[u64],
    open: Open<'_>,
    published: &Published,
    options: &BuildOptions,
    sink: &mut dyn Sink,
) -> Result<Built, Error> {
    let mut built = Built { placed: true, frames: published.frames().to_vec(), ..Built::default() };
    let old_frames = u32::try_from(built.frames.len()).map_err(|_| Error::TooLarge("number of frames"))?;
    let mut fresh: HashMap<Hash, (u32, u32)> = HashMap::new();
    let (new_frames, packs) = thread::scope(|scope| {
        let mut frames = Frames::new(scope, options, sink);
        let wants = |hash: &Hash| !published.contains(hash);
        pass::run(lens, open, &wants, threads(options.jobs), &mut |batch| {
            for event in batch.events {
                let (chunk, bytes) = match event {
                    Event::End(content) => {
                        built.end_file(content);
                        continue;
                    }
                    Event::Chunk(chunk, range) => (chunk, range.and_then(|range| batch.bytes.get(range))),
                };
                let known = published.place(&chunk.hash).or_else(|| fresh.get(&chunk.hash).copied());
                let place = match (known, bytes) {
                    (Some(place), _) => place,
                    (None, Some(bytes)) => {
                        let (frame, at) = frames.add(bytes)?;
                        let place = (old_frames.checked_add(frame).ok_or(Error::TooLarge("number of frames"))?, at);
                        fresh.insert(chunk.hash, place);
                        (built.new_chunks, built.new_bytes) = (built.new_chunks + 1, built.new_bytes + u64::from(chunk.len));
                        place
                    }
                    (None, None) => return Err(Error::TooLarge("a batch")),
                };
                built.chunks.push((chunk, place));
            }
            Ok(())
        })?;
        frames.finish()
    })?;
    built.frames.extend(new_frames);
    built.packs = packs;
    Ok(built)
}

/// As [`build`], but only cuts: the index does not say where the chunks lie. It is good for telling which parts of a file are damaged.
///
/// # Errors
/// [`Error::Read`], [`Error::TooLarge`].
pub fn cut(lens: &[u64], open: Open<'_>, jobs: usize) -> Result<Built, Error> {
    let mut built = Built::default();
    pass::run(lens, open, &|_| false, threads(jobs), &mut |batch| {
        for event in batch.events {
            match event {
                Event::End(content) => built.end_file(content),
                Event::Chunk(chunk, _) => built.chunks.push((chunk, (0, 0))),
            }
        }
        Ok(())
    })?;
    Ok(built)
}

/// A build that was read.
#[derive(Debug, Default)]
pub struct Built {
    placed: bool,
    /// All chunks of all files, and where they lie: the number of the frame, and where in it.
    chunks: Vec<(Chunk, (u32, u32))>,
    frames: Vec<Frame>,
    /// How many chunks each file has.
    counts: Vec<u32>,
    counted: usize,
    contents: Vec<Content>,
    packs: Vec<PackInfo>,
    new_chunks: u64,
    new_bytes: u64,
}

/// An index, as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexFile {
    /// The head and all pages.
    pub bytes: Vec<u8>,
    /// How many of the bytes are the head.
    pub head_len: u64,
    /// The hash of the head.
    pub head_hash: Hash,
    /// The hash of all: what it is called in the store.
    pub hash: Hash,
}

impl Built {
    fn end_file(&mut self, content: Content) {
        // More chunks than 32 bits can count would be refused when pages are made: each has 4 KiB and more.
        self.counts.push(u32::try_from(self.chunks.len() - self.counted).unwrap_or(u32::MAX));
        self.counted = self.chunks.len();
        self.contents.push(content);
    }

    /// What is in each file, in the order in which they were given: what the manifest is made of.
    #[must_use]
    pub fn contents(&self) -> &[Content] {
        &self.contents
    }

    /// The new packs.
    #[must_use]
    pub fn packs(&self) -> &[PackInfo] {
        &self.packs
    }

    /// How many chunks were not published yet.
    #[must_use]
    pub const fn new_chunks(&self) -> u64 {
        self.new_chunks
    }

    /// How many bytes these have, not compressed.
    #[must_use]
    pub const fn new_bytes(&self) -> u64 {
        self.new_bytes
    }

    /// The index. `manifest` must list the files that were read, with what was in them.
    ///
    /// # Errors
    /// [`Error::OtherManifest`], [`Error::TooLarge`].
    pub fn index(&self, manifest: &Manifest) -> Result<IndexFile, Error> {
        let mut pages = Pages::new(self, manifest.hash());
        pages.add_files(manifest)?;
        pages.finish()
    }
}

/// How many threads `jobs` asks for.
fn threads(jobs: usize) -> usize {
    if jobs > 0 { jobs } else { thread::available_parallelism().map_or(1, NonZero::get) }
}
