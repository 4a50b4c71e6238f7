//! What the figures were measured on.

use serde::Serialize;

use crate::target::Target;

/// What the figures were measured on.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Name and release of the kernel.
    pub kernel: String,
    /// The model of the first processor.
    pub processor: String,
    /// How many there are.
    pub cores: usize,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// The load average of the last minute when the runs began: above about 0.5, do not trust the seconds.
    pub load: f64,
    /// Each file system and its device.
    pub disks: Vec<String>,
    /// Whether the page cache was dropped before each run.
    pub cold: bool,
}

impl Machine {
    /// This one, now.
    pub fn describe(targets: &[Target], load: f64, cold: bool) -> Self {
        Self {
            kernel: format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
            processor: value("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_bytes: value("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024,
            load,
            disks: targets.iter().map(disk).collect(),
            cold,
        }
    }
}

/// The load average of the last minute.
pub fn load() -> f64 {
    read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}

fn disk(target: &Target) -> String {
    match &target.device {
        None => format!("{} without a block device (bytes and flushes are not counted)", target.label()),
        Some(device) if device.has_volatile_cache() => format!("{} on {}", target.label(), device.name),
        Some(device) => format!("{} on {} (no volatile cache: the kernel sends no flushes)", target.label(), device.name),
    }
}

fn value(path: &str, key: &str) -> String {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(key));
    line.and_then(|line| line.split_once(':')).map_or("unknown", |(_, value)| value.trim()).to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
