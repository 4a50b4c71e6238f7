//! Members of archives and pictures that changed: whether what they hold costs less than the deflated bytes.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZero;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

use untorn_archive::{Stream, Streams};
use untorn_format::TreePath;
use untorn_format::patch::{Inflated, MAX_RAW_LEN, Op, Restored, Wrap};

use super::compress::{Job, compress};
use super::directory;
use super::draft::{Content, Draft};
use super::effort::Effort;
use super::frame_plan::Templates;
use super::members::{Member, Place, inflated, stored};
use super::relatives::Relatives;
use super::{Build, Options, Progress};
use crate::adapt::Stretch;
use crate::deflate::{self, Old, Parsed, Zlib};
use crate::files::common_prefix;
use crate::read::{new_memory_len, old_memory_len};
use crate::{DiffError, Files};

/// How many bytes of memory reading an old and a new member may take: with a frame it stays below what is usually allowed. 160 MiB.
const READ_MEMORY_MAX: u64 = 160 << 20;
/// How many bytes of memory working on one member takes at most.
const WORK_MEMORY: u64 = 320 << 20;
/// The most members of all files.
const MEMBERS_MAX: usize = 128 << 10;
/// The most bytes of all recipes together: with programs and hashes they must fit into what a reader takes as digests. 8 MiB.
const RECIPES_LEN_MAX: usize = 8 << 20;
/// The most bytes of all programs of directories: 4 MiB.
const PROGRAMS_LEN_MAX: usize = 4 << 20;
/// The most operations of one member: what differs in more places is compressed whole.
const OPS_MAX: usize = 1024;
/// Up to so many equal stretches it is always told which they are.
const FEW: usize = 6;
/// Up to this length what a member holds is compressed whole, against all of the old one: 64 KiB, or when more than half of it changed 2 MiB.
const SMALL_LEN_MAX: usize = 64 << 10;
const MIDDLE_LEN_MAX: usize = 2 << 20;
/// The longest old member that is seen whole: 4 MiB.
const SEEN_LEN_MAX: usize = 4 << 20;
/// About what a member costs in the index, and each operation, in bytes.
const MEMBER_COST: usize = 24;
/// What a file costs that has any: its hash, and what says how much of it stays. Without, what is new of it is only literal bytes.
const FILE_COST: usize = 64;
const OP_COST: usize = 4;
/// Level at which literal bytes are compressed to see what they cost.
const TRIAL_LEVEL: i32 = 2;

/// Finds the members that are better diffed as what they hold, and gives the old ones that these are made like: sources numbered behind the old entries.
pub(super) fn expand(
    drafts: &mut [Draft<'_>],
    old: Build<'_>,
    new: Build<'_>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Inflated>, DiffError> {
    let mut found = Found { first: u32::try_from(old.manifest.entries().len()).unwrap_or(u32::MAX), ..Found::default() };
    if !options.recompress {
        return Ok(found.old);
    }
    let templates = Templates::new(drafts, old.manifest);
    let changed_len = |draft: &Draft<'_>| draft.made().filter(|_| !draft.stretches.is_empty()).map(|content| content.len);
    let (mut done, total) = (0, drafts.iter().filter_map(changed_len).fold(0, u64::saturating_add));
    for draft in drafts {
        let before_it = done;
        let mut told = |at: u64| progress(Progress::Recompressed { done: before_it + at, total });
        done += changed_len(draft).unwrap_or(0);
        let Some(Content { len, .. }) = draft.made().filter(|_| !draft.stretches.is_empty()) else { continue };
        let Some(template) = templates.of(draft, old.manifest) else { continue };
        let Some((source, old_path, old_len)) = template.file(old.manifest) else { continue };
        let (Some(before), Some(after)) = (streams(old.files, old_path, old_len)?, streams(new.files, draft.path, len)?) else {
            continue;
        };
        let pairs = pairs(&before.all, &after.all, &draft.stretches);
        let zlibs = Mutex::default();
        let work = Work { old: (old.files, old_path), new: (new.files, draft.path), options, zlibs };
        let members = work.members(&pairs, found.room(), &mut told)?;
        told(len);
        if members.iter().map(|(member, _)| member.spared).sum::<usize>() < FILE_COST {
            continue;
        }
        found.take(draft, source, members);
        if !draft.members.is_empty() {
            let tails = ((source, old_path, before.end..old_len), after.end..len);
            found.programs_len += directory::adapt(draft, old, new, tails, PROGRAMS_LEN_MAX - found.programs_len)?;
        }
        draft.stretches = united(draft, len);
    }
    Ok(found.old)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// The number of the first old member.
    first: u32,
    old: Vec<Inflated>,
    /// Their numbers by file and offset.
    numbers: BTreeMap<(u32, u64), u32>,
    members: usize,
    recipes_len: usize,
    programs_len: usize,
}

impl Found {
    fn room(&self) -> usize {
        MEMBERS_MAX - self.members.min(MEMBERS_MAX)
    }

    fn take(&mut self, draft: &mut Draft<'_>, source: u32, members: Vec<(Member, Inflated)>) {
        for (mut member, like) in members {
            if self.recipes_len + member.restored.recipe.len() > RECIPES_LEN_MAX || self.room() == 0 {
                break;
            }
            self.members += 1;
            self.recipes_len += member.restored.recipe.len();
            let next = self.first.saturating_add(u32::try_from(self.old.len()).unwrap_or(u32::MAX));
            let number = *self.numbers.entry((source, like.at)).or_insert(next);
            if number == next {
                self.old.push(Inflated { source, ..like });
            }
            member.restored.like = Some(number);
            for op in &mut member.restored.ops {
                if let Op::Copy { source, .. } = op {
                    *source = number;
                }
            }
            draft.members.push(member);
        }
    }
}

/// The stretches that do not stay in place, with all bytes of the members, and of the directory.
fn united(draft: &Draft<'_>, len: u64) -> Vec<Range<u64>> {
    let members = draft.members.iter().map(|member| member.at..member.end());
    let tail = draft.tail.as_ref().map(|tail| len - tail.len()..len);
    let mut all: Vec<_> = draft.stretches.iter().cloned().chain(members).chain(tail).collect();
    all.sort_unstable_by_key(|range| (range.start, range.end));
    let mut united: Vec<Range<u64>> = Vec::with_capacity(all.len());
    for range in all {
        match united.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => united.push(range),
        }
    }
    united
}

fn streams(files: &dyn Files, path: &TreePath, len: u64) -> Result<Option<Streams>, DiffError> {
    let read = |buf: &mut [u8], at: u64| files.read_at(path, buf, at);
    let found = untorn_archive::streams(&read, len).map_err(|source| DiffError::Read { path: path.clone(), source })?;
    Ok(found.ok().filter(|streams| !streams.all.is_empty()))
}

/// An old and a new stream.
type Pair<'s> = (&'s Stream, &'s Stream);

/// The streams that changed, each with the old one that it is made like.
fn pairs<'s>(before: &'s [Stream], after: &'s [Stream], stretches: &[Range<u64>]) -> Vec<Pair<'s>> {
    if let ([before], [after]) = (before, after) {
        // The one stream of a file may be called otherwise.
        return vec![(before, after)];
    }
    let relatives = Relatives::new(before, after);
    let is_touched = |stream: &Stream| {
        let first = stretches.partition_point(|stretch| stretch.end <= stream.at);
        stretches.get(first).is_some_and(|stretch| stretch.start < stream.at + stream.len)
    };
    after.iter().filter(|stream| is_touched(stream)).filter_map(|stream| Some((relatives.of(stream)?, stream))).collect()
}

struct Work<'w> {
    old: (&'w dyn Files, &'w TreePath),
    new: (&'w dyn Files, &'w TreePath),
    options: &'w Options,
    /// Memory of threads that are done.
    zlibs: Mutex<Vec<Zlib>>,
}

type Worker<'scope> = ScopedJoinHandle<'scope, Option<(Member, Inflated)>>;

impl Work<'_> {
    /// The members that cost less as what they hold, in order; `told` is told up to which byte they are found. Each is worked on by itself, so that the result is the same for any number of threads.
    fn members(&self, pairs: &[Pair<'_>], room: usize, told: &mut dyn FnMut(u64)) -> Result<Vec<(Member, Inflated)>, DiffError> {
        let (mut members, mut hint, zlibs) = (Vec::new(), None, &self.zlibs);
        let threads = self.threads();
        std::thread::scope(|scope| {
            let mut working: VecDeque<(u64, Worker<'_>)> = VecDeque::new();
            let mut is_first = true;
            for pair in pairs.iter().take(room) {
                let Some(task) = self.read(pair)? else { continue };
                if is_first {
                    // Most archives are the work of one program: what the first member tells is tried first for the others.
                    is_first = false;
                    members.extend(run(task, &mut hint, &self.zlibs));
                    continue;
                }
                if working.len() >= threads
                    && let Some((end, worker)) = working.pop_front()
                {
                    members.extend(worker.join().ok().flatten());
                    told(end);
                }
                let (mut hint, end) = (hint, task.place.at + task.place.len);
                working.push_back((end, scope.spawn(move || run(task, &mut hint, zlibs))));
            }
            for (end, worker) in working {
                members.extend(worker.join().ok().flatten());
                told(end);
            }
            Ok(members)
        })
    }

    fn threads(&self) -> usize {
        let jobs =
            if self.options.jobs > 0 { self.options.jobs } else { std::thread::available_parallelism().map_or(1, NonZero::get) };
        let fit = self.options.memory_len / WORK_MEMORY;
        jobs.min(usize::try_from(fit).unwrap_or(usize::MAX)).max(1)
    }

    /// Both streams as they are stored, unless they are too long, or equal.
    fn read(&self, (before, after): &Pair<'_>) -> Result<Option<Task>, DiffError> {
        let raw_len = before.raw_len.unwrap_or(0).max(after.raw_len.unwrap_or(0));
        if before.len.max(after.len).max(raw_len) > MAX_RAW_LEN {
            return Ok(None);
        }
        let place = |stream: &Stream, wrap| Place { at: stream.at, len: stream.len, wrap };
        let (old, new) = (
            stored(self.old.0, self.old.1, place(before, Wrap::Bare))?,
            stored(self.new.0, self.new.1, place(after, Wrap::Bare))?,
        );
        let (Some(old_wrap), Some(wrap)) = (wrap(before, &old), wrap(after, &new)) else { return Ok(None) };
        if old == new {
            return Ok(None);
        }
        let raw_len_max = usize::try_from(MAX_RAW_LEN.min(self.options.memory_len / 16)).unwrap_or(usize::MAX);
        let told = [before.raw_len, after.raw_len];
        Ok(Some(Task { old, new, old_place: place(before, old_wrap), place: place(after, wrap), told, raw_len_max }))
    }
}

fn run(task: Task, hint: &mut Option<usize>, zlibs: &Mutex<Vec<Zlib>>) -> Option<(Member, Inflated)> {
    let held = || zlibs.lock().unwrap_or_else(PoisonError::into_inner);
    let mut zlib = held().pop().unwrap_or_default();
    let member = task.run(hint, &mut zlib);
    held().push(zlib);
    member
}

fn wrap(stream: &Stream, stored: &[u8]) -> Option<Wrap> {
    if stream.piece_len == 0 {
        return Some(Wrap::Bare);
    }
    let header = stored.first_chunk::<2>()?;
    Some(Wrap::Png { piece_len: stream.piece_len, header: u16::from_be_bytes(*header) })
}

/// Two streams to work on.
struct Task {
    old: Vec<u8>,
    new: Vec<u8>,
    old_place: Place,
    place: Place,
    /// How many bytes they are said to hold.
    told: [Option<u64>; 2],
    raw_len_max: usize,
}

impl Task {
    /// The member, when it costs less as what it holds. `hint` is the kind of zlib that is tried first.
    fn run(self, hint: &mut Option<usize>, zlib: &mut Zlib) -> Option<(Member, Inflated)> {
        let Self { old, new, old_place, place, told, raw_len_max } = self;
        let common = common_prefix(&old, &new);
        let (plain_cost, bare_new) = (new.len() - common, new.clone());
        let old = Old::new(inflated(old, old_place.wrap, raw_len_max).filter(|parsed| is_told(parsed, told[0]))?);
        let parsed = inflated(bare_new, place.wrap, raw_len_max).filter(|parsed| is_told(parsed, told[1]))?;
        let (old_len, raw_len) = (old.raw.len() as u64, parsed.raw.len() as u64);
        if old_memory_len(old_place.len, old_len).saturating_add(new_memory_len(place.len, raw_len)) > READ_MEMORY_MAX {
            return None;
        }
        let stretches = deflate::align(&old.raw, &parsed.raw);
        let ops = ops(&stretches, &old.raw, &parsed.raw);
        // What cannot pay off whatever the recipe is given up before one is looked for.
        let literal_cost = literal_cost(&ops, &old.raw, &parsed.raw)?;
        let cost = literal_cost + MEMBER_COST + ops.len() * OP_COST;
        if !pays(cost, plain_cost) {
            return None;
        }
        let recipe = deflate::make_recipe(&parsed, Some(&old), stretches, hint, zlib)?;
        if !pays(cost + recipe.len(), plain_cost) {
            return None;
        }
        let spared = plain_cost - cost - recipe.len();
        let Parsed { raw, stored_len, .. } = parsed;
        // Made once as a reader will make it: nothing but the very same bytes will do.
        let stream = deflate::restore(&raw, Some(&old), &recipe, stored_len, zlib).ok()?;
        if deflate::wrapped(stream, &raw, place.wrap) != new {
            return None;
        }
        let restored = Restored { raw_len, like: None, ops, wrap: place.wrap, recipe };
        let like = Inflated { source: 0, at: old_place.at, stored_len: old_place.len, raw_len: old_len, wrap: old_place.wrap };
        Some((Member { at: place.at, len: place.len, restored, like_len: old_len, spared }, like))
    }
}

/// Whether a stream holds as much as it is said to: of one that lies nothing is believed.
fn is_told(parsed: &Parsed, told: Option<u64>) -> bool {
    told.is_none_or(|len| len == parsed.raw.len() as u64)
}

/// Whether it is worth the time that applying takes.
fn pays(cost: usize, plain_cost: usize) -> bool {
    cost + cost / 8 < plain_cost
}

/// The operations that make what a member holds.
fn ops(stretches: &[Stretch], old: &[u8], raw: &[u8]) -> Vec<Op> {
    let len = raw.len() as u64;
    let copied: u64 = stretches.iter().map(|stretch| stretch.len).sum();
    let is_small = stretches.len() > FEW && raw.len() <= SMALL_LEN_MAX || raw.len() <= MIDDLE_LEN_MAX && copied < len / 2;
    let is_whole = is_small && old.len() <= SEEN_LEN_MAX || 2 * stretches.len() >= OPS_MAX;
    if is_whole || copied == 0 {
        return vec![Op::Literal { len }];
    }
    let (mut ops, mut left) = (super::ops::Ops::new(0), len);
    for stretch in stretches {
        ops.push(Op::Literal { len: stretch.literal_len });
        ops.push(Op::Copy { source: 0, at: stretch.at, len: stretch.len });
        left -= stretch.literal_len + stretch.len;
    }
    ops.push(Op::Literal { len: left });
    ops.into_vec()
}

/// About what the literal bytes cost, compressed quickly against the old ones.
fn literal_cost(ops: &[Op], old: &[u8], raw: &[u8]) -> Option<usize> {
    let mut bytes = if old.len() <= SEEN_LEN_MAX { old.to_vec() } else { Vec::new() };
    let (reference_len, mut at) = (bytes.len(), 0);
    for op in ops {
        let end = at + usize::try_from(op.len()).ok()?;
        if let Op::Literal { .. } = op {
            bytes.extend_from_slice(&raw[at..end]);
        }
        at = end;
    }
    let job = Job { bytes, reference_len };
    if job.literal().is_empty() {
        return Some(0);
    }
    Some(compress(&job, &Effort::of(TRIAL_LEVEL)).ok()?.bytes.len())
}
