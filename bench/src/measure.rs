//! The stopwatch: counters before, the contender, counters after.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use rustix::fs::syncfs;

use crate::device::{Counters, Device};
use crate::sample::{Outcome, Sample};
use crate::usage::Usage;

/// Runs `contender` and says what it cost.
pub fn measure(
    device: Option<&Device>,
    dir: &Path,
    contender: impl FnOnce() -> anyhow::Result<Outcome>,
) -> anyhow::Result<Sample> {
    let counters = || device.map(Device::counters).transpose();
    let before = counters()?;
    let (timed, peak_extra_disk_bytes) = Usage::new(dir, device).watch(|| {
        let start = Instant::now();
        contender().map(|outcome| (start.elapsed(), outcome))
    })?;
    let (elapsed, outcome) = timed?;
    let peak_memory_bytes = peak_memory_bytes()?;
    let returned = counters()?;
    syncfs(File::open(dir)?)?;
    let settled = counters()?;

    let iterations = outcome.iterations.max(1);
    Ok(Sample {
        seconds: elapsed.as_secs_f64() / iterations as f64,
        iterations,
        written_bytes: difference(before, settled, |counters| counters.written_bytes),
        read_bytes: difference(before, returned, |counters| counters.read_bytes),
        flushes: difference(before, returned, |counters| counters.flushes),
        peak_memory_bytes,
        peak_extra_disk_bytes,
        details: outcome.details,
    })
}

fn difference(before: Option<Counters>, after: Option<Counters>, field: fn(Counters) -> u64) -> Option<u64> {
    Some(field(after?).saturating_sub(field(before?)))
}

fn peak_memory_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in /proc/self/status")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1024)
}
