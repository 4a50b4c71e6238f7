//! One program, run to its end, and what it took.

use std::fs::{File, read_to_string};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::fs::syncfs;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use serde::Serialize;

use crate::target::Target;

/// What a run took.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// Until it returned.
    pub seconds: f64,
    /// Flushing what it left unwritten.
    pub sync_seconds: f64,
    /// Of its own and of the programs it started, user and system.
    pub cpu_seconds: f64,
    /// The most memory it held, looked at every two milliseconds.
    pub peak_bytes: u64,
    /// Written to the device until everything was flushed; `None` where that is not counted.
    pub disk_bytes: Option<u64>,
}

const LOOK_EVERY: Duration = Duration::from_millis(2);
/// The kernel's unit of CPU time towards programs, on every architecture there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// Runs `command`. An exit code other than 0 is an error, with what it said.
pub fn run(mut command: Command, target: &Target, work: &Path) -> anyhow::Result<Cost> {
    let said = work.join("said");
    command.stdin(Stdio::null()).stdout(File::create(&said)?).stderr(File::options().append(true).open(&said)?);
    let written =
        |target: &Target| target.device.as_ref().map(|device| device.counters().map(|now| now.written_bytes)).transpose();
    let (before, began) = (written(target)?, Instant::now());
    let mut child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let pid = child.id();
    let mut peak_bytes = 0;
    while !has_ended(pid)? {
        peak_bytes = peak_bytes.max(memory(pid));
        std::thread::sleep(LOOK_EVERY);
    }
    let seconds = began.elapsed().as_secs_f64();
    // It is not reaped yet, so its counters can still be read.
    let cpu_seconds = cpu(pid)?;
    let status = child.wait()?;
    let flushing = Instant::now();
    syncfs(File::open(&target.dir)?)?;
    let sync_seconds = flushing.elapsed().as_secs_f64();
    let disk_bytes = before.zip(written(target)?).map(|(before, after)| after.saturating_sub(before));
    anyhow::ensure!(status.success(), "{:?} ended with {status}: {}", command.get_program(), last_lines(&said));
    Ok(Cost { seconds, sync_seconds, cpu_seconds, peak_bytes, disk_bytes })
}

fn has_ended(pid: u32) -> anyhow::Result<bool> {
    let pid = Pid::from_raw(i32::try_from(pid)?).context("no such process")?;
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    Ok(waitid(WaitId::Pid(pid), options)?.is_some())
}

fn memory(pid: u32) -> u64 {
    let status = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn cpu(pid: u32) -> anyhow::Result<f64> {
    let stat = read_to_string(format!("/proc/{pid}/stat"))?;
    let fields = stat.rsplit_once(')').context("/proc/PID/stat is not as expected")?.1;
    // utime, stime, cutime, cstime: fields 14 to 17, the name being the second.
    let ticks: f64 = fields.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_PER_SECOND)
}

fn last_lines(said: &Path) -> String {
    let text = read_to_string(said).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
}
