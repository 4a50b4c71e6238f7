//! Waiting for a program, with an eye on its memory.

use std::process::Child;
use std::time::Duration;
use std::{fs, io, thread};

/// How often it is looked at.
const NAP: Duration = Duration::from_millis(5);

/// Waits for the end, and gives the most bytes of memory it held; 0 where the kernel does not tell. What it answers must be short enough for a pipe.
pub(crate) fn watched(child: &mut Child) -> io::Result<u64> {
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = peak.max(line.and_then(|kib| kib.trim().parse::<u64>().ok()).unwrap_or(0) << 10);
        thread::sleep(NAP);
    }
    Ok(peak)
}
