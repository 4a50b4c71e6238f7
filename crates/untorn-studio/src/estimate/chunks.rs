//! The chunks of old files that change: what new content is looked for in.

use std::{collections::HashMap, io};

use fastcdc::v2020::StreamCDC;
use untorn::{Hash, Result};
use untorn_format::Hasher;
use untorn_fs::{Fs, OpenMode};

use super::{Work, changes::Change};
use crate::{builds::Build, builds::Builds, parallel, zip::Part};

/// A chunk of an old file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) at: u64,
    pub(super) len: u32,
    /// Half of a hash: two chunks that only look alike make an estimate wrong, and nothing else.
    pub(super) key: u64,
}

/// How long chunks are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cuts {
    average: usize,
}

/// So many chunks are kept, about.
const CHUNKS_MAX: u64 = 1 << 19;
const AVERAGE_MIN: u64 = 2 << 10;
const AVERAGE_MAX: u64 = 64 << 10;

impl Cuts {
    /// Such that the chunks of `len` bytes fit into memory.
    fn of(len: u64) -> Self {
        let average = (len / CHUNKS_MAX).next_power_of_two().clamp(AVERAGE_MIN, AVERAGE_MAX);
        Self { average: usize::try_from(average).unwrap_or(2 << 10) }
    }

    /// Cuts a file of `len` bytes.
    pub(super) fn cut(self, build: &Build, path: &str, len: u64, work: &Work<'_>, each: &mut dyn FnMut(Chunk)) -> Result<()> {
        if len == 0 {
            return Ok(());
        }
        let failed = |source: io::Error| build.error("read", path, source);
        let file = build.fs.open(path, OpenMode::Read).map_err(failed)?;
        let mut told = 0_u64;
        for chunk in StreamCDC::new(Part::new(&*file, 0, len), self.average / 4, self.average, self.average * 4) {
            let chunk = chunk.map_err(|error| failed(error.into()))?;
            let mut hasher = Hasher::new();
            hasher.update(&chunk.data);
            each(Chunk { at: chunk.offset, len: u32::try_from(chunk.length).unwrap_or(u32::MAX), key: key(hasher.finish()) });
            told += chunk.length as u64;
            if told >= TELL_LEN {
                work.tell(std::mem::take(&mut told))?;
            }
        }
        work.tell(told)
    }
}

/// So often progress is told, in bytes.
const TELL_LEN: u64 = 4 << 20;

fn key(hash: Hash) -> u64 {
    hash.0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// All chunks of old files that change.
pub(super) struct Pool {
    pub(super) cuts: Cuts,
    /// By the number of the change; empty for those that have no old file.
    pub(super) files: Vec<Vec<Chunk>>,
    places: HashMap<u64, (u32, u64)>,
}

impl Pool {
    pub(super) fn read(builds: &Builds, changes: &[Change], work: &Work<'_>) -> Result<Self> {
        let cuts = Cuts::of(changes.iter().map(Change::pool_len).fold(0, u64::saturating_add));
        let files = parallel::each(work.jobs, changes.len(), &|number| {
            let (change, mut chunks) = (&changes[number], Vec::new());
            cuts.cut(&builds.old, &change.item.path, change.pool_len(), work, &mut |chunk| chunks.push(chunk))?;
            Ok(chunks)
        });
        let files = files.into_iter().collect::<Result<Vec<_>>>()?;
        let mut places = HashMap::with_capacity(files.iter().map(Vec::len).sum());
        for (number, chunks) in files.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            chunks.iter().for_each(|chunk| {
                places.entry(chunk.key).or_insert((number, chunk.at));
            });
        }
        Ok(Self { cuts, files, places })
    }

    /// Where the old build has a chunk: first choice is its own place `home`, then where the last one ended, `next`, then anywhere.
    pub(super) fn find(&self, chunk: &Chunk, home: (u32, u64), next: Option<(u32, u64)>) -> Option<(u32, u64)> {
        let is_there = |(file, at): &(u32, u64)| {
            let chunks = self.files.get(*file as usize).map(Vec::as_slice).unwrap_or_default();
            let found = chunks.binary_search_by_key(at, |chunk| chunk.at).ok().and_then(|number| chunks.get(number));
            found.is_some_and(|found| found.key == chunk.key && found.len == chunk.len)
        };
        [Some(home), next].into_iter().flatten().find(is_there).or_else(|| self.places.get(&chunk.key).copied())
    }
}
