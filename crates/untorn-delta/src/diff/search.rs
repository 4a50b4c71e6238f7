//! Second pass: which bytes that do not stay come from elsewhere in the old tree.

use std::collections::HashSet;
use std::ops::Range;

use untorn_format::Hasher;
use untorn_format::patch::Op;

use super::blocks::{BLOCK_MEMORY, Blocks, Density, Place, STEP_MAX};
use super::draft::{Content, Draft, content, number_of};
use super::effort::Effort;
use super::matching::Matcher;
use super::new_window::NewWindow;
use super::old_pages::OldPages;
use super::ops::Ops;
use super::pairs::Twin;
use super::scan::expect;
use super::{Build, Options, Progress, Search};
use crate::DiffError;
use crate::files::read_range;

const PIECE_LEN: usize = 1 << 20;
/// However little memory there is.
const BLOCKS_MIN: u64 = 1 << 20;
const _: () = assert!((PIECE_LEN as u64).is_multiple_of(STEP_MAX));

/// Finds the operations of every made file.
pub(super) fn search(
    drafts: &mut [Draft<'_>],
    old: Build<'_>,
    new: Build<'_>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), DiffError> {
    let blocks = index(drafts, old, options)?;
    let old_pages = OldPages::new(old.files, old.manifest.entries());
    let mut matcher = Matcher::new(&blocks, old_pages, Effort::of(options.level).lone_copy_len_min);
    let total = drafts.iter().map(stretches_len).fold(0, u64::saturating_add);
    let (mut done, mut ops_found) = (0, 0_u64);
    for draft in drafts {
        done += stretches_len(draft);
        let Some(made) = draft.made() else { continue };
        let (ops, hasher) = cover(draft, made.len, new, &mut matcher, ops_found)?;
        let kept = ops.iter().any(|op| matches!(op, Op::Keep { .. }));
        if kept {
            draft.written = Some(hasher.finish().into());
        } else {
            expect(hasher.finish(), made.hash, draft)?;
        }
        ops_found += ops.len() as u64 + draft.members.iter().map(|member| member.restored.ops.len() as u64).sum::<u64>();
        draft.ops = ops;
        draft.stretches = Vec::new();
        progress(Progress::Searched { done, total });
    }
    Ok(())
}

fn stretches_len(draft: &Draft<'_>) -> u64 {
    draft.stretches.iter().map(|stretch| stretch.end - stretch.start).sum()
}

/// The operations of a file, and the hash of the bytes they write.
fn cover(
    draft: &Draft<'_>,
    len: u64,
    new: Build<'_>,
    matcher: &mut Matcher<'_>,
    ops_before: u64,
) -> Result<(Vec<Op>, Hasher), DiffError> {
    let (mut ops, mut hasher, mut at) = (Ops::new(ops_before), Hasher::new(), 0);
    for stretch in &draft.stretches {
        ops.push(Op::Keep { len: stretch.start - at });
        let first = draft.members.partition_point(|member| member.at < stretch.start);
        let mut start = stretch.start;
        for (number, member) in draft.members.iter().enumerate().skip(first).take_while(|(_, member)| member.at < stretch.end) {
            cover_plain(draft, start..member.at, new, matcher, (&mut ops, &mut hasher))?;
            NewWindow::new(new.files, draft.path, member.at..member.end(), &mut hasher).read_to_end()?;
            ops.push(member.op(number));
            start = member.end();
        }
        let tail = draft.tail.filter(|tail| stretch.end == len && start + tail.len() <= len);
        let end = stretch.end - tail.map_or(0, |tail| tail.len());
        cover_plain(draft, start..end, new, matcher, (&mut ops, &mut hasher))?;
        if let Some(tail) = tail {
            NewWindow::new(new.files, draft.path, end..stretch.end, &mut hasher).read_to_end()?;
            ops.push(tail);
        }
        at = stretch.end;
    }
    ops.push(Op::Keep { len: len - at });
    Ok((ops.into_vec(), hasher))
}

/// Bytes of no member.
fn cover_plain(
    draft: &Draft<'_>,
    stretch: Range<u64>,
    new: Build<'_>,
    matcher: &mut Matcher<'_>,
    (ops, hasher): (&mut Ops, &mut Hasher),
) -> Result<(), DiffError> {
    if stretch.is_empty() {
        return Ok(());
    }
    let mut window = NewWindow::new(new.files, draft.path, stretch.clone(), hasher);
    matcher.cover(&mut window, &stretch, ops)
}

/// Reads the old bytes that are searched, and takes the checks of those that are replaced.
fn index(drafts: &mut [Draft<'_>], old: Build<'_>, options: &Options) -> Result<Blocks, DiffError> {
    let others = if drafts.iter().any(|draft| stretches_len(draft) > 0) {
        other_ranges(drafts, old, options.searched())
    } else {
        Vec::new()
    };
    let replaced_len = drafts.iter().flat_map(Draft::replaced_ranges).map(|(_, len)| len).fold(0, u64::saturating_add);
    let others_len = others.iter().map(|other| other.density.share(other.len)).fold(0, u64::saturating_add);
    let blocks = Blocks::new(replaced_len.saturating_add(others_len), blocks_max(options));
    let mut indexer = Indexer { old, blocks, buf: vec![0; PIECE_LEN] };
    for draft in drafts.iter_mut().filter(|draft| draft.made().is_some() && draft.old_file().is_some()) {
        let file = number_of(old.manifest, draft.path);
        let mut hasher = Hasher::new();
        for (at, len) in draft.replaced_ranges() {
            indexer.add(&OldRange { file, at, len, density: Density::Full }, &mut hasher)?;
        }
        draft.replaced = Some(hasher.finish().into());
    }
    others.iter().try_for_each(|range| indexer.add(range, &mut Hasher::new()))?;
    Ok(indexer.blocks)
}

/// How many blocks the table may have: what the level asks for, or as many as fit into five eighths of the memory.
fn blocks_max(options: &Options) -> u64 {
    let mut blocks_max = Effort::of(options.level).blocks_max;
    while blocks_max > BLOCKS_MIN && blocks_max * BLOCK_MEMORY > options.memory_len / 8 * 5 {
        blocks_max /= 2;
    }
    blocks_max
}

/// Bytes of an old file.
struct OldRange {
    file: u32,
    at: u64,
    len: u64,
    density: Density,
}

struct Indexer<'a> {
    old: Build<'a>,
    blocks: Blocks,
    buf: Vec<u8>,
}

impl Indexer<'_> {
    fn add(&mut self, range: &OldRange, hasher: &mut Hasher) -> Result<(), DiffError> {
        let path = &self.old.manifest.entries()[range.file as usize].path;
        let mut at = range.at;
        read_range(self.old.files, path, (at, range.len), &mut self.buf, |bytes| {
            hasher.update(bytes);
            self.blocks.add(Place { file: range.file, at }, bytes, range.density);
            at += bytes.len() as u64;
        })
        .map_err(|source| DiffError::Read { path: path.clone(), source })
    }
}

/// What is searched besides the replaced bytes of made files: files that leave, and all the rest where that is wanted. What stays is seldom copied, and then in long
/// stretches, so not every block of it is looked at.
fn other_ranges(drafts: &[Draft<'_>], old: Build<'_>, search: Search) -> Vec<OldRange> {
    let moved: HashSet<_> =
        drafts.iter().filter_map(|draft| if let Twin::Moved(from) = draft.twin { Some(from) } else { None }).collect();
    let everything = search == Search::Everything;
    let mut drafts = drafts.iter().peekable();
    let mut ranges = Vec::new();
    for (file, entry) in (0..).zip(old.manifest.entries()) {
        while drafts.next_if(|draft| *draft.path < entry.path).is_some() {}
        let draft = drafts.next_if(|draft| *draft.path == entry.path);
        let Some(Content { len: old_len, .. }) = content(Some(&entry.kind)) else { continue };
        match draft {
            Some(draft) if draft.made().is_some() => {
                let kept = if everything { draft.kept_ranges() } else { Vec::new() };
                ranges.extend(kept.into_iter().map(|(at, len)| OldRange {
                    file,
                    at,
                    len: len.min(old_len.saturating_sub(at)),
                    density: Density::Sparse,
                }));
            }
            Some(_) if !moved.contains(&entry.path) => {
                ranges.push(OldRange { file, at: 0, len: old_len, density: Density::Full });
            }
            _ if everything => ranges.push(OldRange { file, at: 0, len: old_len, density: Density::Sparse }),
            _ => {}
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_takes_at_most_five_eighths_of_the_memory() {
        let at = |level, memory_len| {
            let options = Options { level, memory_len, ..Options::default() };
            // As long as a file may be: the table is as large as it gets.
            (blocks_max(&options), Blocks::new(1 << 40, blocks_max(&options)).memory_len())
        };
        assert_eq!(at(9, 1 << 30).0, 48 << 20, "all that the level asks for");
        assert_eq!(at(6, 1 << 30).0, 6 << 20);
        for memory_len in [128 << 20, 200 << 20, 512 << 20, 1 << 30] {
            let (_, taken) = at(9, memory_len);
            assert!(taken <= memory_len / 8 * 5, "{taken} of {memory_len}");
        }
        assert_eq!(at(9, 0).0, at(6, 1).0, "however little there is");
    }
}
