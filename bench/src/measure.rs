//! The stopwatch: counters before, the contender, counters after.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::fs::{statvfs, syncfs};

use crate::device::{Counters, Device};
use crate::sample::{Outcome, Sample};

const SAMPLE_EVERY: Duration = Duration::from_micros(500);

/// Runs `contender` and says what it cost.
pub fn measure(
    device: Option<&Device>,
    dir: &Path,
    contender: impl FnOnce() -> anyhow::Result<Outcome>,
) -> anyhow::Result<Sample> {
    let counters = || device.map(Device::counters).transpose();
    let before = counters()?;
    let (timed, peak_extra_disk_bytes) = with_disk_watch(dir, || {
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

/// Runs `work` while a second thread watches the free space; answers with the largest growth in use.
fn with_disk_watch<T>(dir: &Path, work: impl FnOnce() -> T) -> anyhow::Result<(T, u64)> {
    let free_before = free_bytes(dir)?;
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| lowest_free_bytes(dir, &done));
        let result = work();
        done.store(true, Ordering::Release);
        let lowest = watch.join().map_err(|_| anyhow::anyhow!("the watch over the free space failed"))??;
        Ok((result, free_before.saturating_sub(lowest)))
    })
}

fn lowest_free_bytes(dir: &Path, done: &AtomicBool) -> anyhow::Result<u64> {
    let mut lowest = free_bytes(dir)?;
    while !done.load(Ordering::Acquire) {
        std::thread::sleep(SAMPLE_EVERY);
        lowest = lowest.min(free_bytes(dir)?);
    }
    Ok(lowest)
}

fn free_bytes(dir: &Path) -> anyhow::Result<u64> {
    let space = statvfs(dir)?;
    Ok(space.f_bfree * space.f_frsize)
}

fn peak_memory_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in /proc/self/status")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1024)
}
