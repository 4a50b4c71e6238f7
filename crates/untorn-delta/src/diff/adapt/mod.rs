//! Executables: whether the old one, adapted, costs less than copies and literal bytes.

mod elf;
mod labels;
mod layout;
mod parts;
mod pe;
mod seeds;
mod stretches;

use std::collections::VecDeque;
use std::thread::ScopedJoinHandle;

use untorn_format::Hash;
use untorn_format::manifest::Entry;
use untorn_format::patch::{MAX_PROGRAM_LEN, Op};

use super::compress::compress;
use super::draft::{Adapted, Content, Draft, content};
use super::effort::Effort;
use super::frame_plan::{Templates, plan};
use super::members::Raws;
use super::solid::make_solid;
use super::{Build, Options, Progress};
use crate::DiffError;
use crate::adapt::{Program, Stretch};
use crate::files::bytes_at;

/// How many bytes of memory each byte of it takes.
const MEMORY_FACTOR: u64 = 10;
/// Fewer literal bytes than this are not worth the search.
const LITERAL_LEN_MIN: u64 = 64;
/// Level at which both ways are compressed to compare them.
const TRIAL_LEVEL: i32 = 1;
/// About what an operation and a reference cost in the patch, in bytes.
const OP_COST: usize = 3;
const REFERENCE_COST: usize = 4;
/// The most bytes of all programs together: 16 MiB, half of what a reader takes as digests.
const PROGRAMS_LEN_MAX: usize = 16 << 20;

/// Adapts every made executable where that costs less. Several are searched side by side, and weighed in order: the result is the same for any number of threads.
pub(super) fn adapt(
    drafts: &mut [Draft<'_>],
    old: Build<'_>,
    new: Build<'_>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), DiffError> {
    let templates = Templates::new(drafts, old.manifest);
    let total = drafts.iter().map(Draft::literal_len).fold(0, u64::saturating_add);
    let len_max = seeds::LEN_MAX.min(options.memory_len / MEMORY_FACTOR);
    let sampling_log = Effort::of(options.level).sampling_log;
    let mut programs_left = PROGRAMS_LEN_MAX;
    let mut weigh = |Working { draft, adapter, worker, end, .. }: Working<'_, '_, '_>| {
        let found = worker.join().map_err(|_| DiffError::Compress("the search of executables stopped"))?;
        if let Some((stretches, program)) = found
            && let Some(left) = programs_left.checked_sub(program.len())
            && let Some(other) = adapter.weigh(draft, stretches, program)?
        {
            programs_left = left;
            *draft = other;
        }
        progress(Progress::Adapted { done: end, total });
        Ok(())
    };
    std::thread::scope(|scope| -> Result<(), DiffError> {
        let (mut working, mut taken) = (VecDeque::<Working<'_, '_, '_>>::new(), 0);
        let mut end = 0;
        for draft in drafts {
            end += draft.literal_len();
            let template = templates.of(draft, old.manifest).filter(|_| draft.literal_len() >= LITERAL_LEN_MIN);
            let (Some(template), Some(made), true) = (template, draft.made(), draft.members.is_empty()) else { continue };
            let adapter = Adapter { source: template.source, old, new };
            let Some((entry, template)) = adapter.template().filter(|(_, old)| old.len.max(made.len) <= len_max) else {
                continue;
            };
            if !adapter.is_executable(draft)? {
                continue;
            }
            let memory_len = MEMORY_FACTOR.saturating_mul(template.len.max(made.len));
            while (working.len() >= options.jobs || taken + memory_len > options.memory_len)
                && let Some(oldest) = working.pop_front()
            {
                taken -= oldest.memory_len;
                weigh(oldest)?;
            }
            let (old, new) = (read(old, &entry.path, template)?, read(new, draft.path, made)?);
            taken += memory_len;
            working.push_back(Working {
                draft,
                adapter,
                end,
                memory_len,
                worker: scope.spawn(move || search(&old, new, sampling_log)),
            });
        }
        working.into_iter().try_for_each(&mut weigh)
    })?;
    progress(Progress::Adapted { done: total, total });
    Ok(())
}

/// An executable that is searched.
struct Working<'scope, 'a, 'd> {
    draft: &'scope mut Draft<'d>,
    adapter: Adapter<'a>,
    /// Literal bytes of all files up to it.
    end: u64,
    /// How many bytes of memory that takes.
    memory_len: u64,
    worker: ScopedJoinHandle<'scope, Option<Found>>,
}

/// What to copy, and the program that adapts it.
type Found = (Vec<Stretch>, Vec<u8>);

/// How `new` is made of `old`; none where one of them is no executable after all, or the program is too long.
fn search(old: &[u8], mut new: Vec<u8>, sampling_log: u32) -> Option<Found> {
    let (old_parts, new_parts) = (parts::parts(old)?, parts::parts(&new)?);
    let stretches = {
        let (old, new) = (labels::labelled(old, &old_parts), labels::labelled(&new, &new_parts));
        stretches::stretches(&old, &new, sampling_log)
    };
    let program = Program { layout: layout::layout(&old_parts, &new_parts), stretches };
    let bytes = program.encode((old, 0), &mut new)?;
    (bytes.len() as u64 <= MAX_PROGRAM_LEN).then_some((program.stretches, bytes))
}

struct Adapter<'a> {
    /// Number of the old file among the entries.
    source: u32,
    old: Build<'a>,
    new: Build<'a>,
}

impl<'a> Adapter<'a> {
    /// The old file.
    fn template(&self) -> Option<(&'a Entry, Content)> {
        let entry = &self.old.manifest.entries()[self.source as usize];
        Some((entry, content(Some(&entry.kind))?))
    }

    /// The draft with an adapted file, when that costs less.
    fn weigh<'d>(&self, draft: &Draft<'d>, stretches: Vec<Stretch>, program: Vec<u8>) -> Result<Option<Draft<'d>>, DiffError> {
        let Some(made) = draft.made() else { return Ok(None) };
        let other = self.adapted(draft, made, stretches, program);
        let mut plain = draft.clone();
        make_solid(std::slice::from_mut(&mut plain), self.old.manifest);
        Ok(if self.cost(&other)? < self.cost(&plain)? { Some(other) } else { None })
    }

    fn is_executable(&self, draft: &Draft<'_>) -> Result<bool, DiffError> {
        let mut magic = [0; 4];
        let source = |source| DiffError::Read { path: draft.path.clone(), source };
        let read = self.new.files.read_at(draft.path, &mut magic, 0).map_err(source)?;
        Ok(read == magic.len() && parts::is_magic(magic))
    }

    fn adapted<'d>(&self, draft: &Draft<'d>, made: Content, stretches: Vec<Stretch>, program: Vec<u8>) -> Draft<'d> {
        let copied: u64 = stretches.iter().map(|stretch| stretch.len).sum();
        let ops = vec![Op::Adapt { source: self.source, len: made.len, literal_len: made.len - copied }];
        let adapted = Some(Adapted { program, stretches });
        Draft { ops, adapted, replaced: None, written: None, stretches: Vec::new(), ..draft.clone() }
    }

    /// About what a draft costs in the patch: its literal bytes, compressed quickly, the program, and the operations.
    fn cost(&self, draft: &Draft<'_>) -> Result<usize, DiffError> {
        let drafts = std::slice::from_ref(draft);
        let mut cost = draft.adapted.as_ref().map_or(0, |adapted| adapted.program.len()) + draft.ops.len() * OP_COST;
        let mut raws = Raws::new(self.old, self.new, &[]);
        let effort = Effort::of(TRIAL_LEVEL);
        for plan in plan(drafts, (self.old.manifest, &[]), effort.frame_lens) {
            let job = plan.read(drafts, &mut raws)?;
            cost += compress(&job, &effort)?.bytes.len() + plan.references.len() * REFERENCE_COST;
        }
        Ok(cost)
    }
}

fn read(build: Build<'_>, path: &untorn_format::TreePath, content: Content) -> Result<Vec<u8>, DiffError> {
    let bytes = bytes_at(build.files, path, 0, content.len)?;
    if Hash::of(&bytes) == content.hash { Ok(bytes) } else { Err(DiffError::Changed { path: path.clone() }) }
}

/// An offset in a file that is in memory.
fn index(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
