//! How long this thread has been computing: unlike the time on the wall it does not depend on what else the machine does.

use std::time::Duration;

/// The processor time of the calling thread; on systems that do not tell, the time since the first call.
#[must_use]
pub fn cpu_time() -> Duration {
    #[cfg(unix)]
    {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
    }
    #[cfg(not(unix))]
    {
        static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
        START.elapsed()
    }
}
