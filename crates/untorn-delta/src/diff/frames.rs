//! Third pass: the literal bytes, cut into frames and compressed into the spool.

use std::collections::VecDeque;
use std::io::Write;
use std::thread::ScopedJoinHandle;

use untorn_format::Hash;
use untorn_format::patch::{Frame, Inflated, MAX_FRAME_LEN, MAX_REFERENCE_LEN};

use super::compress::{Stored, compress};
use super::draft::Draft;
use super::effort::Effort;
use super::frame_plan::{FramePlan, plan};
use super::gathered::Gathered;
use super::members::Raws;
use super::{Build, Options, Progress};
use crate::DiffError;

/// Compresses the literal bytes of all files into `spool`. Sources of the frames are numbers of old entries.
pub(super) fn write(
    drafts: &[Draft<'_>],
    (old, new, members): (Build<'_>, Build<'_>, &[Inflated]),
    options: &Options,
    spool: &mut dyn Write,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Frame>, DiffError> {
    let total = drafts.iter().map(Draft::literal_len).fold(0, u64::saturating_add);
    let base = Effort::of(options.level);
    let level = base.for_total(total);
    let plans = plan(drafts, (old.manifest, members), level.frame_lens);
    let threads = threads(&plans, level, options);
    let mut plans = Gathered::new(plans, drafts, Raws::new(old, new, members), level);
    let (mut frames, mut done) = (Vec::<Frame>::new(), 0);
    let mut store = |plan: FramePlan, worker: Worker<'_>| {
        let (hash, stored) = worker.join().unwrap_or(Err(DiffError::Compress("the compressor stopped")))?;
        spool.write_all(&stored.bytes).map_err(DiffError::Write)?;
        done += plan.len;
        frames.push(frame(plan, hash, &stored));
        progress(Progress::Compressed { done, total });
        Ok(())
    };
    std::thread::scope(|scope| {
        // Frames are read and stored in order; those between are compressed side by side.
        let mut working = VecDeque::new();
        loop {
            if working.len() == threads
                && let Some((plan, worker)) = working.pop_front()
            {
                store(plan, worker)?;
            }
            let Some((plan, job)) = plans.next()? else { break };
            let effort = if plan.is_adapted() { level.for_adapted(base) } else { level };
            working.push_back((plan, scope.spawn(move || Ok((Hash::of(job.literal()), compress(&job, &effort)?)))));
        }
        working.into_iter().try_for_each(|(plan, worker)| store(plan, worker))
    })?;
    spool.flush().map_err(DiffError::Write)?;
    Ok(frames)
}

type Worker<'scope> = ScopedJoinHandle<'scope, Result<(Hash, Stored), DiffError>>;

/// How many frames may be compressed side by side.
fn threads(plans: &[FramePlan], effort: Effort, options: &Options) -> usize {
    let lens = plans.iter().map(FramePlan::total_len);
    let len = if effort.gathers() {
        lens.fold(0, u64::saturating_add).min(MAX_FRAME_LEN + MAX_REFERENCE_LEN)
    } else {
        lens.max().unwrap_or(0)
    };
    // Beside them, one that is gathered and one that may be are read.
    let beside = if effort.gathers() { 2 * len } else { 0 };
    let fit = options.memory_len.saturating_sub(beside) / effort.memory_len(len).max(1);
    options.jobs.min(usize::try_from(fit).unwrap_or(usize::MAX)).max(1)
}

fn frame(plan: FramePlan, hash: Hash, stored: &Stored) -> Frame {
    Frame {
        kind: stored.kind,
        len: plan.len,
        stored_len: stored.bytes.len() as u64,
        stored_hash: Hash::of(&stored.bytes),
        hash,
        references: if stored.refers { plan.references } else { Vec::new() },
    }
}
