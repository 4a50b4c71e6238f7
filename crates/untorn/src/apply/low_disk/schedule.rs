//! What each step does: computed from the index of a patch, the length of a step and the way files are changed, and from nothing else, so that whoever goes on after a
//! crash, with the patch in hand, knows what was done.
//!
//! A new file is made in *parts*. A part reads old bytes and destroys old bytes, those that stand in its place. Within one step all parts read what was there before it,
//! so the order need only be this: whoever reads bytes comes in the step of the part that destroys them, or in an earlier one. Where nothing can be next, since parts wait for
//! each other in a circle, the parts that one of them waits for are made early and put aside (the *stash*): those of the fewest bytes. They are put in their places later, and
//! where that turns out to be in the same step, nothing is put aside at all.

use std::collections::{BTreeMap, BTreeSet};

use untorn_format::{
    Hash, Hasher, TreePath,
    patch::{After, Before, Change, FilePatch, Index, Op, Restored},
};

use crate::{Error, Result};

/// How many pairs of parts, of which one must wait for the other, are dealt with. Patches that were not made to be difficult stay far below.
const WAITS_MAX: usize = 1 << 24;

/// What a name, and its place in the journal, may take.
const NAME_LEN: u64 = 4096;

/// Something that is done in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Number of the change.
    pub(super) change: usize,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The old file goes.
    Remove,
    /// The old file is cut to the length of the new one.
    Cut,
    /// The new file is made at once.
    Whole { len: u64 },
    /// A stretch of the new file is written in place.
    Stretch { at: u64, len: u64 },
}

impl Part {
    /// The stretch of the new file that it makes; `None` when it makes no bytes.
    pub(super) fn stretch(&self) -> Option<(u64, u64)> {
        match self.what {
            What::Remove | What::Cut => None,
            What::Whole { len } => Some((0, len)),
            What::Stretch { at, len } => Some((at, len)),
        }
    }

    fn len(&self) -> u64 {
        self.stretch().map_or(0, |(_, len)| len)
    }
}

/// What is done with a part, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// It is made and put in its place.
    Make(usize),
    /// It is made and put aside.
    Stash(usize),
    /// It is put in its place.
    Place(usize),
}

/// All steps but the last, which gives everything its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// Those that make bytes stand in the order of the patch.
    pub(super) parts: Vec<Part>,
    pub(super) steps: Vec<Vec<Act>>,
    /// The most bytes that one step writes.
    pub(super) step_len_max: u64,
    /// The most bytes that are put aside at once.
    pub(super) stash_len_max: u64,
    /// Bytes that are written to the tree and to the stash.
    pub(super) made_len: u64,
}

impl Schedule {
    /// # Errors
    /// [`Error::Unsteppable`] for a patch whose parts wait for each other in too many ways.
    pub(super) fn of(index: &Index, step_len: u64, in_place: bool) -> Result<Self> {
        let part_len = (step_len / 16).next_multiple_of(4096).max(4096);
        let parts = parts(index, part_len, in_place);
        if parts.len() > untorn_format::release::PART_COUNT_MAX as usize {
            return Err(Error::Unsteppable);
        }
        let waits = waits(index, &parts)?;
        Ok(Builder::new(&parts, waits, step_len - step_len / 8).build(parts.clone()))
    }

    /// Names all of it: what is half way was divided by this schedule, or by another.
    pub(super) fn hash(&self) -> Hash {
        let mut hasher = Hasher::new();
        let mut put = |numbers: [u64; 3]| numbers.iter().for_each(|number| hasher.update(&number.to_le_bytes()));
        for part in &self.parts {
            let (kind, (at, len)) = match part.what {
                What::Remove => (0, (0, 0)),
                What::Cut => (1, (0, 0)),
                What::Whole { len } => (2, (0, len)),
                What::Stretch { at, len } => (3, (at, len)),
            };
            put([part.change as u64 * 4 + kind, at, len]);
        }
        for (step, acts) in self.steps.iter().enumerate() {
            for act in acts {
                let (kind, number) = match *act {
                    Act::Make(number) => (0, number),
                    Act::Stash(number) => (1, number),
                    Act::Place(number) => (2, number),
                };
                put([step as u64, kind, number as u64]);
            }
        }
        hasher.finish()
    }

    /// How many steps there are, the last one included.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

fn parts(index: &Index, part_len: u64, in_place: bool) -> Vec<Part> {
    let changes = index.changes().as_slice();
    let moved: BTreeSet<_> = changes
        .iter()
        .filter_map(|change| if let After::Moved { from, .. } = &change.after { Some(from) } else { None })
        .collect();
    let mut parts = Vec::new();
    for (number, change) in changes.iter().enumerate() {
        let mut add = |what| parts.push(Part { change: number, what });
        match (&change.before, change.file()) {
            (Before::File { .. }, None) if !moved.contains(&change.path) => add(What::Remove),
            (_, None) => {}
            (Before::File { len: old_len, .. }, Some(file)) => {
                of_file(file, Some(*old_len), part_len, in_place).into_iter().for_each(add);
            }
            (_, Some(file)) => of_file(file, None, part_len, in_place).into_iter().for_each(add),
        }
    }
    parts
}

/// The parts of one new file.
fn of_file(file: &FilePatch, old_len: Option<u64>, part_len: u64, in_place: bool) -> Vec<What> {
    let changes = old_len != Some(file.len) || file.written_ranges().next().is_some();
    let is_whole = file.adapts() || !in_place || (file.len <= part_len && !file.keeps());
    if is_whole {
        return if changes { vec![What::Whole { len: file.len }] } else { Vec::new() };
    }
    let mut whats = Vec::new();
    if old_len.is_some_and(|old_len| old_len > file.len) {
        whats.push(What::Cut);
    }
    for (start, len) in file.written_ranges() {
        let (mut at, end) = (start, start.saturating_add(len));
        while at < end {
            let next = (at / part_len).saturating_add(1).saturating_mul(part_len).min(end);
            whats.push(What::Stretch { at, len: next - at });
            at = next;
        }
    }
    whats
}

/// A range of an old file: from, to.
type Range = (u64, u64);

/// The old bytes that a part destroys.
fn destroys(change: &Change, part: &Part) -> Option<Range> {
    let Before::File { len: old_len, .. } = change.before else { return None };
    let new_len = change.file().map_or(0, |file| file.len);
    let range = match part.what {
        What::Remove | What::Whole { .. } => (0, old_len),
        What::Cut => (new_len, old_len),
        What::Stretch { at, len } => (at, at.saturating_add(len).min(old_len)),
    };
    (range.0 < range.1).then_some(range)
}

/// Calls `each` with every range of an old file that a part reads.
fn reads<'i>(
    index: &'i Index,
    frames: &[u64],
    literal_at: u64,
    file: &FilePatch,
    stretch: (u64, u64),
    each: &mut dyn FnMut(&'i TreePath, Range),
) {
    let (start, end) = (stretch.0, stretch.0.saturating_add(stretch.1));
    let (mut at, mut literal) = (0_u64, literal_at);
    for op in &file.ops {
        let (from, to) = (at.max(start), at.saturating_add(op.len()).min(end));
        let mut literals = (literal, literal.saturating_add(op.literal_len()));
        if from < to {
            match *op {
                Op::Copy { source, at: source_at, .. } => {
                    of_source(index, source, (source_at.saturating_add(from - at), to - from), each);
                }
                // All of it is made whatever part of it is wanted.
                Op::Restore { number, .. } => {
                    of_restored(index, file.restored.get(number as usize), each);
                }
                Op::Adapt { source, .. } => {
                    let source = &index.sources()[source as usize];
                    each(&source.path, (0, source.len));
                }
                Op::Literal { .. } => literals = (literal.saturating_add(from - at), literal.saturating_add(to - at)),
                Op::Keep { .. } => literals.1 = literals.0,
            }
            references(index, frames, literals, each);
        }
        at = at.saturating_add(op.len());
        literal = literal.saturating_add(op.literal_len());
        if at >= end {
            break;
        }
    }
}

/// What must be read for some bytes (offset, length) of a source: of a member that is inflated all.
fn of_source<'i>(index: &'i Index, number: u32, (at, len): (u64, u64), each: &mut dyn FnMut(&'i TreePath, Range)) {
    if let Some(source) = index.source(number) {
        each(&source.file.path, source.range(at, len));
    }
}

fn of_restored<'i>(index: &'i Index, restored: Option<&Restored>, each: &mut dyn FnMut(&'i TreePath, Range)) {
    for op in restored.iter().flat_map(|restored| &restored.ops) {
        if let Op::Copy { source, at, len } = *op {
            of_source(index, source, (at, len), each);
        }
    }
    restored.and_then(|restored| restored.like).into_iter().for_each(|like| of_source(index, like, (0, 0), each));
}

/// What the frames of these literal bytes were compressed against.
fn references<'i>(index: &'i Index, frames: &[u64], literals: Range, each: &mut dyn FnMut(&'i TreePath, Range)) {
    if literals.0 >= literals.1 {
        return;
    }
    let first = frames.partition_point(|begin| *begin <= literals.0).saturating_sub(1);
    for (frame, _) in index.frames().iter().zip(frames).skip(first).take_while(|(_, begin)| **begin < literals.1) {
        for reference in &frame.references {
            of_source(index, reference.source, (reference.at, reference.len), each);
        }
    }
}

/// Who destroys what: for each old file the parts that do, by where.
fn destroyers<'i>(index: &'i Index, parts: &[Part]) -> BTreeMap<&'i TreePath, Vec<(Range, usize)>> {
    let mut destroyers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (number, part) in parts.iter().enumerate() {
        let change = &index.changes().as_slice()[part.change];
        if let Some(range) = destroys(change, part) {
            destroyers.entry(&change.path).or_default().push((range, number));
        }
    }
    destroyers.values_mut().for_each(|list| list.sort_unstable());
    destroyers
}

/// For each part those that must wait for it, each once.
fn waits(index: &Index, parts: &[Part]) -> Result<Vec<Vec<usize>>> {
    let destroyers = destroyers(index, parts);
    let frames: Vec<u64> =
        index.frames().iter().scan(0_u64, |at, frame| Some(std::mem::replace(at, at.saturating_add(frame.len)))).collect();
    let mut literal_at = BTreeMap::new();
    let mut sum = 0_u64;
    for (number, change) in index.changes().as_slice().iter().enumerate() {
        literal_at.insert(number, sum);
        sum = sum.saturating_add(change.file().map_or(0, FilePatch::literal_len));
    }
    let (mut all, mut count) = (Vec::with_capacity(parts.len()), 0);
    for (number, part) in parts.iter().enumerate() {
        let mut waiting = Vec::new();
        if let (Some(file), Some(stretch)) = (index.changes().as_slice()[part.change].file(), part.stretch()) {
            let mut is_too_much = false;
            reads(index, &frames, literal_at[&part.change], file, stretch, &mut |path, (from, to)| {
                let Some(list) = destroyers.get(path) else { return };
                let first = list.partition_point(|((_, end), _)| *end <= from);
                waiting.extend(
                    list[first..]
                        .iter()
                        .take_while(|((begin, _), _)| *begin < to)
                        .map(|(_, who)| *who)
                        .filter(|who| *who != number),
                );
                if waiting.len() > WAITS_MAX {
                    waiting.sort_unstable();
                    waiting.dedup();
                    is_too_much |= waiting.len() > WAITS_MAX / 2;
                }
            });
            waiting.sort_unstable();
            waiting.dedup();
            count += waiting.len();
            if is_too_much || count > WAITS_MAX {
                return Err(Error::Unsteppable);
            }
        }
        all.push(waiting);
    }
    Ok(all)
}

/// Puts parts into steps, one after the other.
struct Builder<'p> {
    parts: &'p [Part],
    budget: u64,
    /// For each part those that wait for it, and those that it waits for.
    waiting: Vec<Vec<usize>>,
    awaited: Vec<Vec<usize>>,
    /// How many parts each still waits for, and how many bytes these make.
    blockers: Vec<usize>,
    cost: Vec<u64>,
    is_released: Vec<bool>,
    ready: BTreeSet<(bool, usize)>,
    blocked: BTreeSet<(u64, usize)>,
    steps: Vec<Vec<Act>>,
    step: Vec<Act>,
    step_len: u64,
    step_len_max: u64,
    /// Which part was put aside in which step.
    stashed: BTreeMap<usize, usize>,
    /// By step: how many bytes are in the stash after it.
    stash_len: i128,
    stash_len_max: i128,
    made_len: u64,
}

impl<'p> Builder<'p> {
    fn new(parts: &'p [Part], waiting: Vec<Vec<usize>>, budget: u64) -> Self {
        let mut awaited = vec![Vec::new(); parts.len()];
        for (number, list) in waiting.iter().enumerate() {
            list.iter().for_each(|who| awaited[*who].push(number));
        }
        let blockers: Vec<_> = awaited.iter().map(Vec::len).collect();
        let cost: Vec<_> = awaited.iter().map(|list| list.iter().map(|who| parts[*who].len()).sum::<u64>()).collect();
        let mut builder = Self {
            parts,
            budget,
            waiting,
            awaited,
            is_released: vec![false; parts.len()],
            ready: BTreeSet::new(),
            blocked: BTreeSet::new(),
            steps: Vec::new(),
            step: Vec::new(),
            step_len: 0,
            step_len_max: 0,
            stashed: BTreeMap::new(),
            stash_len: 0,
            stash_len_max: 0,
            made_len: 0,
            blockers,
            cost,
        };
        for number in 0..parts.len() {
            if builder.blockers[number] == 0 {
                builder.ready.insert((builder.takes(number), number));
            } else {
                builder.blocked.insert((builder.cost[number], number));
            }
        }
        builder
    }

    /// What gives space comes before what takes it.
    fn takes(&self, number: usize) -> bool {
        self.parts[number].stretch().is_some()
    }

    fn build(mut self, parts: Vec<Part>) -> Schedule {
        loop {
            while let Some((_, number)) = self.ready.pop_first() {
                self.place(number);
            }
            let Some(&(_, number)) = self.blocked.first() else { break };
            for who in self.awaited[number].clone() {
                if !self.is_released[who] {
                    self.stash(who);
                }
            }
        }
        self.end_step();
        Schedule {
            parts,
            steps: self.steps,
            step_len_max: self.step_len_max,
            stash_len_max: u64::try_from(self.stash_len_max).unwrap_or(u64::MAX),
            made_len: self.made_len,
        }
    }

    /// Puts a part that waits for nothing any more in its place.
    fn place(&mut self, number: usize) {
        let len = self.parts[number].len();
        match self.stashed.get(&number) {
            // What was to be put aside in this very step need not be.
            Some(step) if *step == self.steps.len() => {
                if let Some(act) = self.step.iter_mut().find(|act| **act == Act::Stash(number)) {
                    *act = Act::Make(number);
                }
                self.stash_len -= i128::from(len);
            }
            Some(_) => {
                self.add(Act::Place(number), len);
                self.stash_len -= i128::from(len);
            }
            None => self.add(Act::Make(number), len),
        }
        self.release(number);
    }

    fn stash(&mut self, number: usize) {
        let len = self.parts[number].len();
        self.add(Act::Stash(number), len);
        self.stash_len += i128::from(len);
        self.stashed.insert(number, self.steps.len());
        self.release(number);
    }

    fn add(&mut self, act: Act, len: u64) {
        let len = len.saturating_add(NAME_LEN);
        if self.step_len.saturating_add(len) > self.budget {
            self.end_step();
        }
        self.step.push(act);
        self.step_len += len;
        self.made_len = self.made_len.saturating_add(len - NAME_LEN);
    }

    fn end_step(&mut self) {
        if !self.step.is_empty() {
            self.steps.push(std::mem::take(&mut self.step));
        }
        self.step_len_max = self.step_len_max.max(self.step_len);
        self.stash_len_max = self.stash_len_max.max(self.stash_len);
        self.step_len = 0;
    }

    /// A part has read what it reads: who waited for that waits for one less.
    fn release(&mut self, number: usize) {
        if std::mem::replace(&mut self.is_released[number], true) {
            return;
        }
        let len = self.parts[number].len();
        for who in std::mem::take(&mut self.waiting[number]) {
            self.blocked.remove(&(self.cost[who], who));
            self.blockers[who] -= 1;
            self.cost[who] -= len;
            if self.blockers[who] == 0 {
                self.ready.insert((self.takes(who), who));
            } else {
                self.blocked.insert((self.cost[who], who));
            }
        }
    }
}
