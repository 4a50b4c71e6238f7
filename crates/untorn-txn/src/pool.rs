//! A few threads for many small jobs of the same kind.

use crate::error::Result;

/// A thread costs about as much as this many short jobs, such as opening a file.
pub(crate) const SHORT: usize = 64;
/// Jobs that are worth a thread each, such as syncing a file.
pub(crate) const LONG: usize = 1;

/// Does `work` on every item, shared out over at most `jobs` threads in runs of neighbours, none shorter than `run_len_min` if that can be helped. All runs are gone
/// through until their first error; of several errors the one that comes first in order is the answer.
pub(crate) fn each<T: Sync>(jobs: usize, run_len_min: usize, items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    each_run(jobs, run_len_min, items, |run| run.iter().try_for_each(&work))
}

/// As [`each`], for work that wants a whole run, to keep a buffer over it.
pub(crate) fn each_run<'t, T: Sync>(
    jobs: usize,
    run_len_min: usize,
    items: &'t [T],
    work: impl Fn(&'t [T]) -> Result<()> + Sync,
) -> Result<()> {
    let run_len = items.len().div_ceil(jobs.max(1)).max(run_len_min);
    if items.len() <= run_len {
        return work(items);
    }
    std::thread::scope(|scope| {
        let mut runs = items.chunks(run_len);
        let own = runs.next().unwrap_or_default();
        let workers: Vec<_> = runs.map(|run| scope.spawn(|| work(run))).collect();
        let first = work(own);
        workers.into_iter().fold(first, |result, worker| match worker.join() {
            Ok(other) => result.and(other),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// Does `other` on a thread of its own while this one does `own`; on this one, first, where no thread can be had.
pub(crate) fn beside<R>(other: impl FnOnce() + Send, own: impl FnOnce() -> R) -> R {
    let other = std::sync::Mutex::new(Some(other));
    let do_other = || {
        let other = other.lock().ok().and_then(|mut other| other.take());
        if let Some(other) = other {
            other();
        }
    };
    std::thread::scope(|scope| {
        if std::thread::Builder::new().spawn_scoped(scope, do_other).is_err() {
            do_other();
        }
        own()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::error::{Cause, Error};

    #[test]
    fn every_item_is_done_once_and_the_first_error_in_order_is_the_answer() {
        for jobs in 0..5 {
            for len in [0, 1, 7, 8, 9, 100_u64] {
                let items: Vec<u64> = (1..=len).collect();
                let sum = AtomicU64::new(0);
                each(jobs, 1 + jobs, &items, |item| {
                    sum.fetch_add(*item, Ordering::Relaxed);
                    Ok(())
                })
                .unwrap();
                assert_eq!(sum.into_inner(), len * (len + 1) / 2);
                let error = each(jobs, 1 + jobs, &items, |item| {
                    if item % 3 == 0 { Err(Error::new(Cause::Missing).at(item.to_string())) } else { Ok(()) }
                });
                assert_eq!(error.err().and_then(|error| error.path().map(str::to_owned)), (len >= 3).then(|| "3".to_owned()));
            }
        }
    }
}
