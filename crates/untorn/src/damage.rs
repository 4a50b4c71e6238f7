//! Which bytes of a file are damaged.

use std::{io, ops::Range};

use untorn_format::{
    TreePath,
    index::{Chunk, Span},
};
use untorn_fs::{File, Fs, OpenMode};
use untorn_store::{CHUNK_LEN_MAX, Chunker, chunks_of};

use crate::index_at_hand::IndexAtHand;

/// Which bytes of a file are not as they should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DamagedRanges {
    /// The file.
    pub path: String,
    /// The ranges, in order; between them are good bytes. As exact as chunks are long, 64 KiB on average.
    pub ranges: Vec<Range<u64>>,
}

/// Which bytes of the file `path` are not those that the index tells; `entry` is its place in the manifest, `len` how long it should be. What cannot be read is damaged.
pub(crate) fn damaged_ranges(fs: &dyn Fs, path: &TreePath, entry: usize, len: u64, index: &IndexAtHand) -> Vec<Range<u64>> {
    let Ok(file) = fs.open(path.as_str(), OpenMode::Read) else { return all(len) };
    let spans = index.index().spans_of(entry);
    let mut ranges = Ranges::default();
    let mut at = 0;
    for span in spans {
        let bad = match span_chunks(span, index) {
            Some(chunks) => bad_chunks(&*file, at, &chunks),
            None if is_whole(&*file, at, span) => Vec::new(),
            None => all(span.len),
        };
        bad.into_iter().for_each(|range| ranges.add(at + range.start..at + range.end));
        at += span.len;
    }
    if spans.is_empty() {
        ranges.add(0..len);
    }
    // What stands behind the end.
    if let Ok(meta) = file.metadata() {
        ranges.add(len..meta.len.max(len));
    }
    ranges.0
}

fn all(len: u64) -> Vec<Range<u64>> {
    (len > 0).then_some(0..len).into_iter().collect()
}

fn span_chunks(span: &Span, index: &IndexAtHand) -> Option<Vec<Chunk>> {
    chunks_of(&index.page(span.page)?)
}

/// Those of `chunks`, which should stand one behind the other from `at` on, that do not, relative to it.
fn bad_chunks(file: &dyn File, at: u64, chunks: &[Chunk]) -> Vec<Range<u64>> {
    let (mut bad, mut start) = (Vec::new(), 0);
    for chunk in chunks {
        let end = start + u64::from(chunk.len);
        if !holds(file, at + start, chunk) {
            bad.push(start..end);
        }
        start = end;
    }
    bad
}

/// Whether the chunk stands at `at`.
pub(crate) fn holds(file: &dyn File, at: u64, chunk: &Chunk) -> bool {
    let mut bytes = vec![0; usize::try_from(chunk.len.min(CHUNK_LEN_MAX)).unwrap_or(0)];
    file.read_exact_at(&mut bytes, at).is_ok() && untorn_format::Hash::of(&bytes) == chunk.hash
}

/// Whether the span stands at `at`. Its chunks need not be known: cutting what is there gives them, if it does.
pub(crate) fn is_whole(file: &dyn File, at: u64, span: &Span) -> bool {
    let reader = io::Read::take(Borrowed { file, at }, span.len);
    let chunks: io::Result<Vec<Chunk>> = Chunker::within(reader).collect();
    chunks.is_ok_and(|chunks| Chunk::digest(chunks) == span.digest)
}

struct Borrowed<'f> {
    file: &'f dyn File,
    at: u64,
}

impl io::Read for Borrowed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(buf, self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}

/// Ranges in order, neighbours merged.
#[derive(Default)]
struct Ranges(Vec<Range<u64>>);

impl Ranges {
    fn add(&mut self, range: Range<u64>) {
        match self.0.last_mut() {
            _ if range.is_empty() => {}
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => self.0.push(range),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_range() {
        let mut ranges = Ranges::default();
        [0..0, 5..6, 6..9, 10..11, 11..11].into_iter().for_each(|range| ranges.add(range));
        assert_eq!(ranges.0, [5..9, 10..11]);
    }
}
