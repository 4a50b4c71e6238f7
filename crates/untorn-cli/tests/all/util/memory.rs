//! How much memory a program takes.

use std::{
    fs,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

/// The most that any command may hold, whatever it is given.
const MEMORY_MAX: u64 = 256 << 20;
/// How often it is looked at. The system keeps the peak: only what is taken in the last moment is not seen.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Runs a program to its end, which must never hold too much memory, where the system tells.
pub(crate) fn run(command: &mut Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (pid, mut peak) = (child.id(), 0);
    let waiting = thread::spawn(move || child.wait_with_output());
    while !waiting.is_finished() {
        peak = peak.max(held(pid));
        thread::sleep(LOOK_EVERY);
    }
    assert!(peak < MEMORY_MAX, "{command:?} held {peak} bytes");
    waiting.join().unwrap().unwrap()
}

/// The most that a process has held, in bytes; 0 where nobody tells. (Under wine the number of a process is that of another one outside.)
fn held(pid: u32) -> u64 {
    // Until it is the program that was asked for, it shows what this one holds.
    let is_this = || fs::read_link(format!("/proc/{pid}/exe")).ok() == std::env::current_exe().ok();
    if !cfg!(target_os = "linux") || is_this() {
        return 0;
    }
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}
