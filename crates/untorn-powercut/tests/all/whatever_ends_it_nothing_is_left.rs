//! Interrupted, or killed in the middle of its work: no mount, no loop device, no process. Needs root, and says so.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::machine;

/// The laboratory at work, and the name by which everything it has can be known.
struct Work {
    process: Child,
    name: String,
}

/// One of the laboratories.
#[derive(Clone, Copy)]
enum Laboratory {
    Powercut,
    Torture,
}

impl Laboratory {
    /// At work for minutes; `None` if it cannot be.
    fn command(self) -> Option<(Command, &'static str)> {
        if let Self::Torture = self {
            let mut command = Command::new(env!("CARGO_BIN_EXE_untorn-torture"));
            // What it tries starts others, which must go, too.
            command.args(["--file-system", "ext4-ordered", "--jobs", "2", "--recordings", "500", "--recipe", "tar"]);
            command.args(["--recover", "sleep 1000 & sleep 0.05", "--", "sh", "-c", "cp -a {new}/. {tree}/; rm -rf {tree}/gone"]);
            return Some((command, "untorn-torture"));
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_untorn-powercut"));
        command.args(["--minutes", "5", "--file-system", "ext4-ordered", "--jobs", "2", "--program"]).arg(machine::untorn()?);
        Some((command, "untorn-powercut"))
    }
}

fn start(laboratory: Laboratory) -> Option<Work> {
    let lacks = |why: &str| println!("skipped: {why}");
    if let Some(why) = machine::lacks() {
        lacks(why);
        return None;
    }
    let Some((mut command, name)) = laboratory.command() else {
        lacks("untorn is not built");
        return None;
    };
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let name = format!("{name}-{}", process.id());
    let began = Instant::now();
    while !loop_devices().contains(&name) {
        if process.try_wait().unwrap().is_some() || began.elapsed() > Duration::from_secs(60) {
            drop(process.kill());
            process.wait().unwrap();
            lacks("it cannot mount here");
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
    Some(Work { process, name })
}

/// What loop devices stand on.
fn loop_devices() -> String {
    let devices = fs::read_dir("/sys/block").unwrap().map(|entry| entry.unwrap().path().join("loop/backing_file"));
    devices.filter_map(|path| fs::read_to_string(path).ok()).collect()
}

/// Everything anywhere that bears its name.
fn left(name: &str) -> String {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| fs::read_to_string(entry.unwrap().path().join("cmdline")).ok());
    let all = loop_devices() + &mounts + &processes.collect::<String>();
    all.lines().filter(|line| line.contains(name)).collect()
}

fn ends(laboratory: Laboratory, signal: &str) {
    let Some(mut work) = start(laboratory) else { return };
    let pid = work.process.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    let status = work.process.wait().unwrap();
    let began = Instant::now();
    while !left(&work.name).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "after {signal}: {}", left(&work.name));
        thread::sleep(Duration::from_millis(20));
    }
    let dir = std::env::temp_dir().join(&work.name);
    if signal == "-KILL" {
        // Files of no more use, which nobody was left to remove.
        fs::remove_dir_all(dir).unwrap();
    } else {
        assert_eq!(status.code(), Some(130));
        assert!(!dir.exists());
    }
}

#[test]
fn an_interruption() {
    ends(Laboratory::Powercut, "-INT");
    ends(Laboratory::Torture, "-INT");
}

#[test]
fn a_polite_request() {
    ends(Laboratory::Powercut, "-TERM");
    ends(Laboratory::Torture, "-TERM");
}

#[test]
fn a_kill() {
    ends(Laboratory::Powercut, "-KILL");
    ends(Laboratory::Torture, "-KILL");
}
