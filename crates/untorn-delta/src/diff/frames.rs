//! Third pass: the literal bytes, cut into frames and compressed into the spool.

use std::io::Write;

use untorn_format::Hash;
use untorn_format::patch::Frame;

use super::compress::{Stored, compress};
use super::draft::Draft;
use super::frame_plan::{FramePlan, plan};
use super::{Build, Options, Progress};
use crate::DiffError;

/// Frames compressed side by side. Each takes about 50 MiB.
const THREADS: usize = 2;

/// Compresses the literal bytes of all files into `spool`. Sources of the frames are numbers of old entries.
pub(super) fn write(
    drafts: &[Draft<'_>],
    old: Build<'_>,
    new: Build<'_>,
    options: &Options,
    spool: &mut dyn Write,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Frame>, DiffError> {
    let plans = plan(drafts, old.manifest);
    let total = plans.iter().map(|plan| plan.len).sum();
    let mut frames: Vec<Frame> = Vec::with_capacity(plans.len());
    let mut done = 0;
    for batch in plans.chunks(THREADS) {
        for (plan, (hash, stored)) in batch.iter().zip(compress_all(batch, drafts, old, new, options.level)?) {
            spool.write_all(&stored.bytes).map_err(DiffError::Write)?;
            frames.push(frame(plan, hash, &stored));
            done += plan.len;
            progress(Progress::Compressed { done, total });
        }
    }
    spool.flush().map_err(DiffError::Write)?;
    Ok(frames)
}

/// Compresses frames side by side; the results keep their order.
fn compress_all(
    plans: &[FramePlan],
    drafts: &[Draft<'_>],
    old: Build<'_>,
    new: Build<'_>,
    level: i32,
) -> Result<Vec<(Hash, Stored)>, DiffError> {
    let jobs = plans.iter().map(|plan| plan.read(drafts, old, new)).collect::<Result<Vec<_>, _>>()?;
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            jobs.iter().map(|job| scope.spawn(move || Ok((Hash::of(job.literal()), compress(job, level)?)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err(DiffError::Compress("the compressor stopped")))).collect()
    })
}

fn frame(plan: &FramePlan, hash: Hash, stored: &Stored) -> Frame {
    Frame {
        kind: stored.kind,
        len: plan.len,
        stored_len: stored.bytes.len() as u64,
        stored_hash: Hash::of(&stored.bytes),
        hash,
        references: if stored.refers { plan.references.clone() } else { Vec::new() },
    }
}
