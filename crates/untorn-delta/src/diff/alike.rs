//! Which old files small new ones are made of: few, where many would do.
//!
//! Search finds some old file for each stretch, another one each time, and each that a frame refers to costs its name in the index. Here all old files are asked
//! how much of the new bytes they have, by blocks that are picked by their content (Manber, "Finding similar files in a large file system", 1994). Those that have
//! most are taken one after the other, as in the greedy cover of sets.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use untorn_format::TreePath;
use untorn_format::patch::{MAX_LZMA_LEN, Reference};

use super::Build;
use super::draft::{Content, Draft, WHOLE_LEN_MAX, content, number_of};
use super::rolling::{Roller, block_hash, spread};
use super::solid::Loose;
use crate::DiffError;
use crate::files::fill;

/// Bytes of one block.
const BLOCK_LEN: usize = 24;
/// One block in so many is looked at.
const SAMPLE: u64 = 8;
/// Old bytes that are taken, at most: 8 MiB, half of what a frame can refer to.
const TAKEN_LEN_MAX: u64 = 8 << 20;
/// How many blocks that no file taken before has are worth a name.
const WORTH: usize = 4;
/// Blocks remembered of all old files, at most: 32 MiB of memory.
const FOUND_MAX: usize = 8 << 20;
/// Words of the filter.
const FILTER_LEN: usize = 1 << 15;

/// Sets what solid files are compressed against beside the old file at their path, when all literal bytes go into one frame. Where there is more, names cost next to
/// nothing, and what one frame refers to is not at hand in another.
pub(super) fn choose(drafts: &mut [Draft<'_>], loose: &[Loose], old: Build<'_>, new: Build<'_>) -> Result<(), DiffError> {
    let literal_len = drafts.iter().map(Draft::literal_len).fold(0, u64::saturating_add);
    if loose.is_empty() || literal_len > MAX_LZMA_LEN {
        return Ok(());
    }
    let wanted = Wanted::of(drafts, loose, new)?;
    let (candidates, mut at_hand) = candidates(drafts, old, &wanted)?;
    let taken = cover(&candidates, &mut at_hand);
    for (Loose { draft, found, .. }, blocks) in loose.iter().zip(&wanted.blocks) {
        // What the search found stays where no file was taken for it, as with long ones, which are not asked.
        if let Some(found) = found
            && blocks.iter().filter(|block| !at_hand[**block as usize]).count() < WORTH
        {
            drafts[*draft].seen.retain(|seen| seen != found);
        }
    }
    for (owner, reference) in wanted.owners.iter().zip(&taken) {
        drafts[*owner].seen.extend(reference);
    }
    for loose in loose {
        drafts[loose.draft].seen.dedup();
    }
    Ok(())
}

/// The blocks of new bytes that are looked for.
struct Wanted {
    /// Numbers of blocks by their hash.
    numbers: HashMap<u64, u32>,
    /// One bit for each of many hash values.
    filter: Vec<u64>,
    /// For each block the draft that has it first.
    owners: Vec<usize>,
    /// The blocks of each loose range.
    blocks: Vec<Vec<u32>>,
}

impl Wanted {
    fn of(drafts: &[Draft<'_>], loose: &[Loose], new: Build<'_>) -> Result<Self, DiffError> {
        let mut wanted = Self { numbers: HashMap::new(), filter: vec![0; FILTER_LEN], owners: Vec::new(), blocks: Vec::new() };
        let (roller, mut bytes) = (Roller::new(BLOCK_LEN), Vec::new());
        for Loose { draft, range, .. } in loose {
            read(new, drafts[*draft].path, (range.start, range.end - range.start), &mut bytes)?;
            let mut blocks = Vec::new();
            sampled(&roller, &bytes, |hash| blocks.push(wanted.add(hash, *draft)));
            wanted.blocks.push(blocks);
        }
        Ok(wanted)
    }

    fn add(&mut self, hash: u64, draft: usize) -> u32 {
        let next = u32::try_from(self.owners.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(hash).or_insert(next);
        if number == next {
            self.owners.push(draft);
            let (word, bit) = filter_place(hash);
            self.filter[word] |= bit;
        }
        number
    }

    fn number(&self, hash: u64) -> Option<u32> {
        let (word, bit) = filter_place(hash);
        if self.filter[word] & bit == 0 { None } else { self.numbers.get(&hash).copied() }
    }
}

/// An old file, and the blocks of new bytes that it has.
struct Candidate {
    reference: Reference,
    blocks: Vec<u32>,
}

/// The old files that have some of what is wanted, and for each block whether one that is referred to in any case has it.
fn candidates(drafts: &[Draft<'_>], old: Build<'_>, wanted: &Wanted) -> Result<(Vec<Candidate>, Vec<bool>), DiffError> {
    let mut seen_anyway = vec![false; old.manifest.entries().len()];
    for draft in drafts.iter().filter(|draft| draft.is_literal() && draft.old_file().is_some()) {
        seen_anyway[number_of(old.manifest, draft.path) as usize] = true;
    }
    let (roller, mut bytes) = (Roller::new(BLOCK_LEN), Vec::new());
    let (mut candidates, mut at_hand, mut found) = (Vec::new(), vec![false; wanted.owners.len()], 0);
    for (source, entry) in (0..).zip(old.manifest.entries()) {
        let Some(Content { len, .. }) = content(Some(&entry.kind)) else { continue };
        if len < BLOCK_LEN as u64 || len > WHOLE_LEN_MAX || found >= FOUND_MAX {
            continue;
        }
        read(old, &entry.path, (0, len), &mut bytes)?;
        let mut blocks = Vec::new();
        sampled(&roller, &bytes, |hash| blocks.extend(wanted.number(hash)));
        if seen_anyway[source as usize] {
            blocks.iter().for_each(|block| at_hand[*block as usize] = true);
            continue;
        }
        blocks.sort_unstable();
        blocks.dedup();
        if blocks.len() >= WORTH {
            found += blocks.len();
            candidates.push(Candidate { reference: Reference { source, at: 0, len }, blocks });
        }
    }
    Ok((candidates, at_hand))
}

/// Takes the file with most blocks that no other has, and so on. Says of each block which one was taken for it.
fn cover(candidates: &[Candidate], at_hand: &mut [bool]) -> Vec<Option<Reference>> {
    let mut heap: BinaryHeap<_> =
        candidates.iter().enumerate().map(|(number, candidate)| (candidate.blocks.len(), Reverse(number))).collect();
    let (mut taken, mut taken_len) = (vec![None; at_hand.len()], 0);
    while let Some((expected, Reverse(number))) = heap.pop() {
        let Candidate { reference, blocks } = &candidates[number];
        let count = blocks.iter().filter(|block| !at_hand[**block as usize]).count();
        if count < WORTH || taken_len + reference.len > TAKEN_LEN_MAX {
            continue;
        }
        if count < expected {
            heap.push((count, Reverse(number)));
            continue;
        }
        taken_len += reference.len;
        for block in blocks.iter().map(|block| *block as usize) {
            if !std::mem::replace(&mut at_hand[block], true) {
                taken[block] = Some(*reference);
            }
        }
    }
    taken
}

/// The hashes of those blocks of `bytes` that are looked at.
fn sampled(roller: &Roller, bytes: &[u8], mut each: impl FnMut(u64)) {
    let Some(first) = bytes.get(..BLOCK_LEN) else { return };
    let mut hash = block_hash(first);
    let mut look = |hash| {
        let hash = spread(hash);
        if hash.is_multiple_of(SAMPLE) {
            each(hash);
        }
    };
    look(hash);
    for (leaves, enters) in bytes.iter().zip(&bytes[BLOCK_LEN..]) {
        hash = roller.roll(hash, *leaves, *enters);
        look(hash);
    }
}

fn filter_place(hash: u64) -> (usize, u64) {
    ((hash >> 40) as usize & (FILTER_LEN - 1), 1 << (hash >> 58))
}

/// Reads `len` bytes of a file from `at` on into `bytes`, at most [`WHOLE_LEN_MAX`].
fn read(build: Build<'_>, path: &TreePath, (at, len): (u64, u64), bytes: &mut Vec<u8>) -> Result<(), DiffError> {
    bytes.resize(usize::try_from(len).unwrap_or(usize::MAX), 0);
    fill(build.files, path, bytes, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_are_taken_and_each_for_what_no_other_has() {
        let candidates: Vec<_> = [0..20, 0..12, 10..30, 28..33]
            .into_iter()
            .zip(0..)
            .map(|(blocks, source)| Candidate { reference: Reference { source, at: 0, len: 100 }, blocks: blocks.collect() })
            .collect();
        let mut at_hand = vec![false; 34];
        at_hand[29] = true;
        let taken: Vec<_> = cover(&candidates, &mut at_hand).iter().map(|taken| taken.map(|taken| taken.source)).collect();
        let expected = (0..34).map(|block| match block {
            0..20 => Some(0),
            20..29 => Some(2),
            _ => None,
        });
        assert_eq!(taken, expected.collect::<Vec<_>>());
        assert_eq!((at_hand[28], at_hand[29], at_hand[30]), (true, true, false));
    }

    #[test]
    fn no_more_is_taken_than_a_frame_can_refer_to() {
        let candidate = |source| Candidate {
            reference: Reference { source, at: 0, len: TAKEN_LEN_MAX / 2 },
            blocks: (source * 10..source * 10 + 10).collect(),
        };
        let taken = cover(&[candidate(0), candidate(1), candidate(2)], &mut [false; 30]);
        assert_eq!(taken.iter().flatten().count(), 20);
    }
}
