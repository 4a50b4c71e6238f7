//! How much of a file system is taken.

use std::collections::VecDeque;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use rustix::fs::statvfs;

use crate::device::Device;

const LOOK_EVERY: Duration = Duration::from_micros(500);
const LOOKS: usize = 8;

/// Where a file system says how much of it is taken.
#[derive(Debug)]
pub enum Usage {
    /// `statvfs` on this directory.
    Stat(PathBuf),
    /// Btrfs, whose `statvfs` knows nothing of what was written since its last transaction: its accounts in sysfs.
    Btrfs(PathBuf),
}

impl Usage {
    /// That of the file system that holds `dir` and lies on `device`.
    pub fn new(dir: &Path, device: Option<&Device>) -> Self {
        match device.and_then(btrfs_accounts) {
            Some(accounts) => Self::Btrfs(accounts),
            None => Self::Stat(dir.into()),
        }
    }

    /// Runs `work` while a second thread looks; answers with the largest growth beyond what was taken before.
    pub fn watch<T>(&self, work: impl FnOnce() -> T) -> anyhow::Result<(T, u64)> {
        let before = self.taken_bytes()?;
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let peak = scope.spawn(|| self.peak_bytes(&done));
            let result = work();
            done.store(true, Ordering::Release);
            let peak = peak.join().map_err(|_| anyhow::anyhow!("the watch over the disk space failed"))??;
            Ok((result, peak.saturating_sub(before)))
        })
    }

    /// The most that was taken in [`LOOKS`] looks in a row: XFS first tries to reserve the length of a file that it clones, and gives
    /// it back at once (the clone also succeeds without).
    fn peak_bytes(&self, done: &AtomicBool) -> anyhow::Result<u64> {
        let mut recent = VecDeque::from([self.taken_bytes()?]);
        let mut peak = 0;
        while !done.load(Ordering::Acquire) {
            std::thread::sleep(LOOK_EVERY);
            recent.push_back(self.taken_bytes()?);
            if recent.len() > LOOKS {
                recent.pop_front();
            }
            peak = peak.max(recent.iter().copied().min().unwrap_or(0));
        }
        Ok(peak)
    }

    fn taken_bytes(&self) -> anyhow::Result<u64> {
        match self {
            Self::Stat(dir) => {
                let space = statvfs(dir)?;
                Ok((space.f_blocks - space.f_bfree) * space.f_frsize)
            }
            Self::Btrfs(accounts) => {
                // Of metadata, what may be used is a generous guess; of data, it is what waits in memory.
                let data = ["data/bytes_used", "data/bytes_reserved", "data/bytes_pinned", "data/bytes_may_use"];
                let metadata = ["metadata/bytes_used", "metadata/bytes_reserved", "metadata/bytes_pinned"];
                data.iter().chain(&metadata).map(|name| number(&accounts.join(name))).sum()
            }
        }
    }
}

fn btrfs_accounts(device: &Device) -> Option<PathBuf> {
    let systems = std::fs::read_dir("/sys/fs/btrfs").ok()?.flatten().map(|entry| entry.path());
    let own = systems.into_iter().find(|path| path.join("devices").join(&device.name).exists())?;
    Some(own.join("allocation"))
}

fn number(path: &Path) -> anyhow::Result<u64> {
    read_to_string(path)?.trim().parse().with_context(|| format!("no number in {}", path.display()))
}
