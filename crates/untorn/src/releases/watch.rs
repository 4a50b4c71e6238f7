//! Somebody who wants to stop need not wait for a host that says nothing.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use untorn_remote::Remote;
use untorn_txn::Observer;

/// How often the observer is asked.
const NAP: Duration = Duration::from_millis(100);

/// Does `work`; ends everything that `remote` does as soon as the observer asks to stop.
pub(crate) fn watched<T>(remote: &Remote, observer: Option<&dyn Observer>, work: impl FnOnce() -> T) -> T {
    let Some(observer) = observer else { return work() };
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            while !is_over.load(Relaxed) {
                if observer.should_stop() {
                    return remote.cancel();
                }
                thread::park_timeout(NAP);
            }
        });
        let _over = Over { is_over: &is_over, watch: watch.thread() };
        work()
    })
}

/// Ends the watch, whatever ends the work.
struct Over<'o> {
    is_over: &'o AtomicBool,
    watch: &'o thread::Thread,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        self.watch.unpark();
    }
}
