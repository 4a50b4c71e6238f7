//! Finding a stretch of a new file in the old tree.

use std::ops::Range;

use untorn_format::patch::Op;

use super::block_filter::GROUP;
use super::blocks::{BLOCK_LEN, Blocks, Density, Place};
use super::in_place::common_suffix;
use super::new_window::NewWindow;
use super::old_pages::OldPages;
use super::ops::Ops;
use super::rolling::{Roller, block_hash};
use crate::DiffError;
use crate::files::common_prefix;

/// How far back a match may reach into bytes already given up.
const BACK_LEN_MAX: u64 = 64 << 10;

/// A file longer than this is not read whole because of one copy from it: 1 MiB.
const LONG_FILE_LEN_MIN: u64 = 1 << 20;

/// Finds stretches of new files among blocks of old ones.
pub(super) struct Matcher<'a> {
    blocks: &'a Blocks,
    old: OldPages<'a>,
    roller: Roller,
    /// How long a copy must be that lies by itself in a long file, where nothing else is read.
    lone_len_min: u64,
}

/// Equal bytes in a new file and in the old tree.
struct Match {
    at: u64,
    place: Place,
    len: u64,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(blocks: &'a Blocks, old: OldPages<'a>, lone_len_min: u64) -> Self {
        Self { blocks, old, roller: Roller::new(BLOCK_LEN), lone_len_min }
    }

    /// Appends operations that make `stretch`, which `window` looks at.
    pub(super) fn cover(&mut self, window: &mut NewWindow<'_>, stretch: &Range<u64>, ops: &mut Ops) -> Result<(), DiffError> {
        let mut at = stretch.start;
        while let Some(found) = self.find(window, at..stretch.end, ops.copy_len_min())? {
            ops.push(Op::Literal { len: found.at - at });
            ops.push(Op::Copy { source: found.place.file, at: found.place.at, len: found.len });
            at = found.at + found.len;
        }
        ops.push(Op::Literal { len: stretch.end - at });
        window.read_to_end()
    }

    /// The first long enough match in `range`.
    fn find(&mut self, window: &mut NewWindow<'_>, range: Range<u64>, copy_len_min: u64) -> Result<Option<Match>, DiffError> {
        let (mut at, mut poor_until) = (range.start, range.start);
        while range.end - at >= BLOCK_LEN as u64 {
            window.fill(range.start.max(at.saturating_sub(BACK_LEN_MAX)), at, BLOCK_LEN + 1)?;
            let (steps, candidate) = self.next_candidate(window.after(at));
            at += steps as u64;
            let Some((place, density)) = candidate else { continue };
            let lone_len_min = self.worth_reading(place, density);
            // What lies by itself and begins within a match that is too short is hardly longer: the old bytes need not be read for it.
            if lone_len_min > 0 && at < poor_until {
                at += 1;
                continue;
            }
            let found = self.extend(window, range.start..range.end, at, place)?;
            if found.at + found.len >= at + BLOCK_LEN as u64 && found.len >= copy_len_min.max(lone_len_min) {
                return Ok(Some(found));
            }
            poor_until = poor_until.max(found.at + found.len);
            at += 1;
        }
        Ok(None)
    }

    /// How long a copy from there must be: a disk gives some KiB for it, alone, where none of the bytes around are replaced, and so read anyway.
    fn worth_reading(&self, place: Place, density: Density) -> u64 {
        let is_lone = density == Density::Sparse && self.old.len(place.file) > LONG_FILE_LEN_MIN;
        if is_lone { self.lone_len_min } else { 0 }
    }

    /// How many bytes on from the start of `bytes` a block may match, and where; or how many blocks do not.
    fn next_candidate(&self, bytes: &[u8]) -> (usize, Option<(Place, Density)>) {
        let (first, entering) = bytes.split_at(BLOCK_LEN.min(bytes.len()));
        let mut hash = block_hash(first);
        let mut steps = 0;
        for (leaving, entering) in bytes.chunks(GROUP).zip(entering.chunks(GROUP)) {
            let mut hashes = [0; GROUP];
            for ((at_place, leaves), enters) in hashes.iter_mut().zip(leaving).zip(entering) {
                *at_place = hash;
                hash = self.roller.roll(hash, *leaves, *enters);
            }
            // Of the last group only so many places are asked for as bytes enter.
            let asked = u64::MAX >> (GROUP - entering.len());
            let mut places = self.blocks.may_have(&hashes, &bytes[steps..]) & asked;
            while places != 0 {
                let place = places.trailing_zeros() as usize;
                if let Some(found) = self.blocks.find(hashes[place]) {
                    return (steps + place, Some(found));
                }
                places &= places - 1;
            }
            steps += entering.len();
        }
        match self.blocks.find(hash) {
            Some(found) => (steps, Some(found)),
            None => (steps + 1, None),
        }
    }

    /// The longest match within `range` around equal bytes at `at` and `place`.
    fn extend(&mut self, window: &mut NewWindow<'_>, range: Range<u64>, at: u64, place: Place) -> Result<Match, DiffError> {
        let len = self.equal_after(window, at..range.end, place)?;
        if len < BLOCK_LEN as u64 {
            return Ok(Match { at, place, len: 0 });
        }
        let back = self.equal_before(window, range.start..at, place)?;
        Ok(Match { at: at - back, place: Place { at: place.at - back, ..place }, len: back + len })
    }

    /// How many bytes from the start of `range` on are those from `place` on.
    fn equal_after(&mut self, window: &mut NewWindow<'_>, range: Range<u64>, place: Place) -> Result<u64, DiffError> {
        let mut len = 0;
        loop {
            let at = range.start + len;
            window.fill(at.saturating_sub(2 * BACK_LEN_MAX), at, 1)?;
            let new = window.between(at, range.end);
            let old = self.old.after(Place { at: place.at + len, ..place })?;
            let (equal, both) = (common_prefix(old, new), old.len().min(new.len()));
            len += equal as u64;
            if equal < both || both == 0 {
                return Ok(len);
            }
        }
    }

    /// How many bytes before the end of `range` are those before `place`.
    fn equal_before(&mut self, window: &NewWindow<'_>, range: Range<u64>, place: Place) -> Result<u64, DiffError> {
        let mut len = 0;
        while let Some(at) = place.at.checked_sub(len) {
            let new = window.between(range.start.max(window.base()), range.end - len);
            let old = self.old.before(Place { at, ..place })?;
            let (equal, both) = (common_suffix(old, new), old.len().min(new.len()));
            len += equal as u64;
            if equal < both || both == 0 {
                break;
            }
        }
        Ok(len)
    }
}
