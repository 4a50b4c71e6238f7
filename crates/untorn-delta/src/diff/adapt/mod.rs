//! Executables: whether the old one, adapted, costs less than copies and literal bytes.

mod elf;
mod filter;
mod labels;
mod layout;
mod parts;
mod pe;
mod stretches;
mod suffixes;

use untorn_format::Hash;
use untorn_format::patch::{MAX_PROGRAM_LEN, MAX_REFERENCE_LEN, Op};

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

/// The longest file that is adapted: 64 MiB, or as much as memory allows.
const LEN_MAX: u64 = 64 << 20;
/// How many bytes of memory each byte of it takes.
const MEMORY_FACTOR: u64 = 9;
/// Fewer literal bytes than this are not worth the search.
const LITERAL_LEN_MIN: u64 = 64;
/// Level at which both ways are compressed to compare them.
const TRIAL_LEVEL: i32 = 2;
/// About what an operation and a reference cost in the patch, in bytes.
const OP_COST: usize = 3;
const REFERENCE_COST: usize = 4;
/// The most bytes of all programs together: 16 MiB, half of what a reader takes as digests.
const PROGRAMS_LEN_MAX: usize = 16 << 20;

/// Adapts every made executable where that costs less.
pub(super) fn adapt(
    drafts: &mut [Draft<'_>],
    old: Build<'_>,
    new: Build<'_>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), DiffError> {
    let templates = Templates::new(drafts, old.manifest);
    let (total, mut done) = (drafts.iter().map(Draft::literal_len).fold(0, u64::saturating_add), 0);
    let mut programs_left = PROGRAMS_LEN_MAX;
    for draft in drafts {
        done += draft.literal_len();
        let template = templates.of(draft, old.manifest).filter(|_| draft.literal_len() >= LITERAL_LEN_MIN);
        if let (Some(template), Some(made), true) = (template, draft.made(), draft.members.is_empty()) {
            let len_max = LEN_MAX.min(options.memory_len / MEMORY_FACTOR);
            let adapter = Adapter { source: template.source, old, new, len_max };
            if let Some(other) = adapter.adapt(draft, made, programs_left)? {
                programs_left -= other.adapted.as_ref().map_or(0, |adapted| adapted.program.len());
                *draft = other;
            }
        }
        progress(Progress::Adapted { done, total });
    }
    Ok(())
}

struct Adapter<'a> {
    /// Number of the old file among the entries.
    source: u32,
    old: Build<'a>,
    new: Build<'a>,
    len_max: u64,
}

impl Adapter<'_> {
    /// The draft with an adapted file, when that costs less.
    fn adapt<'d>(&self, draft: &Draft<'d>, made: Content, program_len_max: usize) -> Result<Option<Draft<'d>>, DiffError> {
        let entry = &self.old.manifest.entries()[self.source as usize];
        let Some(template) = content(Some(&entry.kind)) else { return Ok(None) };
        if template.len.max(made.len) > self.len_max || !self.is_executable(draft)? {
            return Ok(None);
        }
        let old = read(self.old, &entry.path, template)?;
        let mut new = read(self.new, draft.path, made)?;
        let (Some(old_parts), Some(new_parts)) = (parts::parts(&old), parts::parts(&new)) else { return Ok(None) };
        let stretches = {
            let (old, new) = (labels::labelled(&old, &old_parts), labels::labelled(&new, &new_parts));
            stretches::stretches(&old, &new)
        };
        let program = Program { layout: layout::layout(&old_parts, &new_parts), stretches };
        let Some(bytes) = program.encode((&old, 0), &mut new) else { return Ok(None) };
        if bytes.len() > program_len_max.min(usize::try_from(MAX_PROGRAM_LEN).unwrap_or(usize::MAX)) {
            return Ok(None);
        }
        let other = self.adapted(draft, made, program.stretches, bytes);
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
        for plan in plan(drafts, (self.old.manifest, &[]), MAX_REFERENCE_LEN) {
            let job = plan.read(drafts, &mut raws)?;
            cost += compress(&job, &Effort::of(TRIAL_LEVEL))?.bytes.len() + plan.references.len() * REFERENCE_COST;
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
