//! The joined patch, written.

use std::io::{Read, Seek, SeekFrom, Write};

use untorn_format::patch::{Change, Changes, Frame, Header, How, Index, Middle};
use untorn_format::{Hash, Hasher};

use super::Input;
use super::changes::{op_sources, restored_sources, source_numbers};
use super::error::MergeError;
use super::joiner::{Joiner, OutFrame, Side};
use super::sources::Sources;
use crate::PatchError;
use crate::read::read_len;

/// What two patches joined came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergeReport {
    /// The build it starts from.
    pub from: Hash,
    /// The build between the two.
    pub through: Hash,
    /// The build it leads to.
    pub to: Hash,
    /// Length in bytes of the joined patch.
    pub patch_len: u64,
    /// Length in bytes of the first patch.
    pub first_len: u64,
    /// Length in bytes of the second patch.
    pub second_len: u64,
    /// Changed paths.
    pub changes: usize,
    /// Bytes of the frames of both patches that are not in the joined one, since nothing needs them.
    pub dropped_len: u64,
    /// The most bytes that whoever applies it keeps in memory for it, besides what any patch takes.
    pub held_len: u64,
}

/// The index: numbers of sources become those of the patch.
pub(super) fn index(
    joiner: &Joiner<'_>,
    mut changes: Vec<Change>,
    (sources, middles, frames): &(Sources, Vec<Middle>, Vec<OutFrame>),
) -> Result<Index, MergeError> {
    let mut middles = middles.clone();
    let mut frames: Vec<_> = frames.iter().map(|frame| out_frame(joiner, frame)).collect();
    let used = numbers(&mut changes, &mut middles, &mut frames).map(|number| *number).collect();
    let ordered = sources.order(used, |path| joiner.old_len(path));
    for number in numbers(&mut changes, &mut middles, &mut frames) {
        *number = ordered.numbers.get(number).copied().unwrap_or(u32::MAX);
    }
    let changes = Changes::joined(changes).map_err(MergeError::TooLarge)?;
    Index::joined(changes, ordered.files, ordered.inflated, middles, frames).map_err(MergeError::TooLarge)
}

fn out_frame(joiner: &Joiner<'_>, frame: &OutFrame) -> Frame {
    let index = joiner.index(frame.side);
    Frame { references: frame.references.clone(), ..index.frames()[frame.number].clone() }
}

fn numbers<'a>(
    changes: &'a mut [Change],
    middles: &'a mut [Middle],
    frames: &'a mut [Frame],
) -> impl Iterator<Item = &'a mut u32> {
    let of_middles = middles.iter_mut().flat_map(|middle| {
        let (ops, restored, source) = match &mut middle.how {
            How::Frame(_) => (None, None, None),
            How::Pieces(ops) => (Some(ops), None, None),
            How::Adapted { source, literals, .. } => (Some(literals), None, Some(source)),
            How::Restored(restored) => (None, Some(restored), None),
        };
        let ops = ops.into_iter().flat_map(|ops| op_sources(ops));
        ops.chain(restored.into_iter().flat_map(restored_sources)).chain(source)
    });
    let of_frames = frames.iter_mut().flat_map(|frame| &mut frame.references).map(|reference| &mut reference.source);
    source_numbers(changes).chain(of_middles).chain(of_frames)
}

/// Writes it, and checks all frames of both patches on the way.
pub(super) fn write<A: Read + Seek, B: Read + Seek>(
    index: Index,
    frames: &[OutFrame],
    (first, second): (Input<A>, Input<B>),
    pack: fn(&[u8]) -> Result<Vec<u8>, MergeError>,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<MergeReport, MergeError> {
    let (facts_bytes, digests) = index.encode();
    let stored = pack(&facts_bytes)?;
    let mut hasher = Hasher::new();
    hasher.update(&stored);
    hasher.update(&digests);
    let header = Header {
        restores: index.restores(),
        joined: true,
        zstd: index.features().zstd,
        from: first.header.from,
        to: second.header.to,
        facts_stored_len: stored.len() as u64,
        facts_len: facts_bytes.len() as u64,
        digests_len: digests.len() as u64,
        frames_len: index.frames_len(),
        index_hash: hasher.finish(),
    };
    Header::decode(&header.encode()).map_err(MergeError::TooLarge)?;
    for part in [&header.encode()[..], &stored, &digests] {
        out.write_all(part)?;
    }
    let (mut first, mut second) = (Frames::new(first), Frames::new(second));
    let (mut done, total) = (0, header.frames_len);
    for frame in frames {
        let bytes = match frame.side {
            Side::First => first.stored(frame.number).map_err(MergeError::First)?,
            Side::Second => second.stored(frame.number).map_err(MergeError::Second)?,
        };
        out.write_all(&bytes)?;
        done += bytes.len() as u64;
        progress(done, total);
    }
    let dropped_len = first.rest().map_err(MergeError::First)? + second.rest().map_err(MergeError::Second)?;
    let (first, second) = (first.input.header, second.input.header);
    out.flush()?;
    Ok(MergeReport {
        from: header.from,
        through: first.to,
        to: header.to,
        patch_len: header.patch_len(),
        first_len: first.patch_len(),
        second_len: second.patch_len(),
        changes: index.changes().as_slice().len(),
        dropped_len,
        held_len: index.held_len(),
    })
}

/// The frames of one of the patches.
struct Frames<R> {
    input: Input<R>,
    /// Where each begins, and whether it was read.
    places: Vec<(u64, bool)>,
}

impl<R: Read + Seek> Frames<R> {
    fn new(input: Input<R>) -> Self {
        let begin = |at: &mut u64, frame: &Frame| Some((std::mem::replace(at, at.saturating_add(frame.stored_len)), false));
        let places = input.index.frames().iter().scan(input.frames_at, begin).collect();
        Self { input, places }
    }

    /// A frame as it is stored, when that is what was made.
    fn stored(&mut self, number: usize) -> Result<Vec<u8>, PatchError> {
        let frame = &self.input.index.frames()[number];
        let (at, is_read) = &mut self.places[number];
        *is_read = true;
        self.input.input.seek(SeekFrom::Start(*at)).map_err(PatchError::Input)?;
        let stored = read_len(&mut self.input.input, frame.stored_len)?;
        if Hash::of(&stored) == frame.stored_hash { Ok(stored) } else { Err(PatchError::Damaged("literal bytes")) }
    }

    /// Checks those that were not read, and that nothing stands behind the patch. Gives their length in bytes.
    fn rest(&mut self) -> Result<u64, PatchError> {
        let mut len = 0;
        for number in 0..self.places.len() {
            if !self.places[number].1 {
                len += self.stored(number)?.len() as u64;
            }
        }
        let end = self.input.frames_at.saturating_add(self.input.header.frames_len);
        self.input.input.seek(SeekFrom::Start(end)).map_err(PatchError::Input)?;
        let mut more = Vec::new();
        self.input.input.by_ref().take(1).read_to_end(&mut more).map_err(PatchError::Input)?;
        if more.is_empty() { Ok(len) } else { Err(PatchError::Trailing) }
    }
}
