//! Members of archives and pictures that changed: which of them are better diffed as what they hold.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

use untorn_archive::{Kind, Stream, Streams};
use untorn_format::TreePath;
use untorn_format::patch::{Inflated, MAX_RAW_LEN, Op, Wrap};

use super::directory;
use super::draft::{Content, Draft};
use super::frame_plan::Templates;
use super::members::{Member, Place, stored};
use super::relatives::Relatives;
use super::repack::{Hints, Task};
use super::{Build, Options, Progress};
use crate::deflate::Zlib;
use crate::zstd_frame::Known;
use crate::{DiffError, Files};

/// How many bytes of memory working on one member takes at most.
const WORK_MEMORY: u64 = 320 << 20;
/// So many members are looked at one after the other until one tells how its kind is packed: the others do not pay off.
const PROBES_MAX: usize = 16;
/// The most members of all files.
const MEMBERS_MAX: usize = 128 << 10;
/// The most bytes of all recipes together: with programs and hashes they must fit into what a reader takes as digests. 8 MiB.
const RECIPES_LEN_MAX: usize = 8 << 20;
/// The most bytes of all programs of directories: 4 MiB.
const PROGRAMS_LEN_MAX: usize = 4 << 20;
/// What a file costs that has any: its hash, and what says how much of it stays. Without, what is new of it is only literal bytes.
const FILE_COST: usize = 64;

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
    let mut zstd = Known::default();
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
        let pairs = &pairs[..pairs.len().min(found.room())];
        let members = work.members(pairs, &mut zstd, &mut told)?;
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

/// What comes of a pair.
enum Worker<'scope> {
    Done(Option<(Member, Inflated)>),
    Running(ScopedJoinHandle<'scope, Option<(Member, Inflated)>>),
}

impl Work<'_> {
    /// The members that cost less as what they hold, in order; `told` is told up to which byte they are found. Each is worked on by itself, so that the result is the same for any number of threads.
    fn members(
        &self,
        pairs: &[Pair<'_>],
        zstd: &mut Known,
        told: &mut dyn FnMut(u64),
    ) -> Result<Vec<(Member, Inflated)>, DiffError> {
        let mut hints = Hints { zlib: None, zstd: *zstd };
        let mut probed = self.probe(pairs, &mut hints)?;
        *zstd = hints.zstd;
        hints.zstd.ask_no_further();
        let (mut members, zlibs, threads) = (Vec::new(), &self.zlibs, self.threads());
        std::thread::scope(|scope| {
            let mut working: VecDeque<(u64, Worker<'_>)> = VecDeque::new();
            let mut end_oldest = |working: &mut VecDeque<(u64, Worker<'_>)>, members: &mut Vec<_>| {
                let Some((end, worker)) = working.pop_front() else { return };
                members.extend(match worker {
                    Worker::Done(member) => member,
                    Worker::Running(thread) => thread.join().ok().flatten(),
                });
                told(end);
            };
            for (number, pair) in pairs.iter().enumerate() {
                let worker = match probed.remove(&number) {
                    Some(member) => Worker::Done(member),
                    None => {
                        let Some(task) = self.read(pair)? else { continue };
                        let mut hints = hints;
                        Worker::Running(scope.spawn(move || run(task, &mut hints, zlibs)))
                    }
                };
                working.push_back((pair.1.at + pair.1.len, worker));
                while working.iter().filter(|(_, worker)| matches!(worker, Worker::Running(_))).count() >= threads {
                    end_oldest(&mut working, &mut members);
                }
            }
            while !working.is_empty() {
                end_oldest(&mut working, &mut members);
            }
            Ok(members)
        })
    }

    /// Works on the longest member of each kind first, one after the other until one tells something: most archives are the work of one program. Gives what came of them, by number.
    fn probe(&self, pairs: &[Pair<'_>], hints: &mut Hints) -> Result<BTreeMap<usize, Option<(Member, Inflated)>>, DiffError> {
        let mut probed = BTreeMap::new();
        for is_zstd in [false, true] {
            let is_meant = |number: &usize| (pairs[*number].1.kind == Kind::Zstd) == is_zstd;
            let mut numbers: Vec<usize> = (0..pairs.len()).filter(is_meant).collect();
            numbers.sort_by_key(|number| (Reverse(pairs[*number].1.len), *number));
            let asked = hints.zstd.asked;
            for number in numbers.into_iter().take(if is_zstd { PROBES_MAX } else { 1 }) {
                let task = self.read(&pairs[number])?;
                probed.insert(number, task.and_then(|task| run(task, hints, &self.zlibs)));
                if hints.zstd.asked > asked {
                    break;
                }
            }
        }
        Ok(probed)
    }

    fn threads(&self) -> usize {
        let fit = self.options.memory_len / WORK_MEMORY;
        self.options.jobs.min(usize::try_from(fit).unwrap_or(usize::MAX)).max(1)
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

fn run(task: Task, hints: &mut Hints, zlibs: &Mutex<Vec<Zlib>>) -> Option<(Member, Inflated)> {
    let held = || zlibs.lock().unwrap_or_else(PoisonError::into_inner);
    let mut zlib = held().pop().unwrap_or_default();
    let member = task.run(hints, &mut zlib);
    held().push(zlib);
    member
}

fn wrap(stream: &Stream, stored: &[u8]) -> Option<Wrap> {
    match stream.kind {
        Kind::Deflated => Some(Wrap::Bare),
        Kind::Zstd => Some(Wrap::Zstd),
        Kind::Picture { piece_len } => {
            let header = stored.first_chunk::<2>()?;
            Some(Wrap::Png { piece_len, header: u16::from_be_bytes(*header) })
        }
    }
}
