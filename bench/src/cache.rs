//! Starting cold and quiet.

use std::fs::File;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::syncfs;

use crate::device::Device;

const QUIET: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(5);

/// Flushes the file system that holds `dir`, then waits until nothing more is written to its device, or for five seconds.
pub fn settle(dir: &Path, device: Option<&Device>) -> anyhow::Result<()> {
    syncfs(File::open(dir)?)?;
    let Some(device) = device else { return Ok(()) };
    let start = Instant::now();
    let mut written_bytes = device.counters()?.written_bytes;
    while start.elapsed() < PATIENCE {
        sleep(QUIET);
        let now = device.counters()?.written_bytes;
        if now == written_bytes {
            break;
        }
        written_bytes = now;
    }
    Ok(())
}

/// Drops what is clean in the page cache; `false` when this user may not.
pub fn drop_page_cache() -> bool {
    std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}
