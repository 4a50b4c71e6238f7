//! The same work for many things at once.

use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// How many threads `jobs` asks for: 0 means one for each core.
pub(crate) fn threads(jobs: usize) -> usize {
    if jobs > 0 { jobs } else { thread::available_parallelism().map_or(1, NonZero::get) }
}

/// Does `work` for every number below `count`, on `jobs` threads, and gives the results in order.
pub(crate) fn each<T: Send>(jobs: usize, count: usize, work: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let run = || {
        loop {
            let number = next.fetch_add(1, Relaxed);
            if number >= count {
                break;
            }
            let result = work(number);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..jobs.min(count) {
            scope.spawn(run);
        }
        run();
    });
    let mut results = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}
