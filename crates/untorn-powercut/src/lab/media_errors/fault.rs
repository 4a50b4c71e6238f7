//! Errors of writes, flushes and reads at each barrier of an update.

use std::ops::RangeInclusive;

use untorn_sim::Rng;

use super::{Answer, tally::Cell};
use crate::lab::{
    disk::fault::{Extent, Fault, PHASES},
    oracle::{Oracle, Verdict},
    round::Round,
    state::State,
};

/// So many writes and flushes of what each barrier makes durable are failed.
const PLACES_MAX: usize = 5;

/// One error, and how the tree is opened again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    fault: Fault,
    /// Whether the tree is opened again before it is unmounted, with the page cache as the error left it.
    keeps_cache: bool,
}

/// Errors at each barrier, of each extent, with the page cache kept and dropped; `counts` are the writes and flushes up to each barrier.
pub(super) fn faults(counts: [usize; PHASES], rng: &mut Rng) -> Vec<Moment> {
    let mut all = Vec::new();
    for (phase, count) in counts.into_iter().enumerate() {
        for after in places(count, rng) {
            for extent in [Extent::Once, Extent::Blocks, Extent::Everything] {
                let fault = Fault { phase, after, extent };
                all.extend([false, true].map(|keeps_cache| Moment { fault, keeps_cache }));
            }
        }
    }
    all
}

/// The first, the last, and some between.
fn places(count: usize, rng: &mut Rng) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).collect();
    while all.len() > PLACES_MAX {
        let between = all.len() as u64 - 2;
        all.remove(1 + usize::try_from(rng.below(between)).unwrap_or(0));
    }
    all
}

impl Round<'_> {
    pub(super) fn fail(&mut self, moment: Moment) -> Result<(), String> {
        let start = State { flushed: 0, kept: Vec::new(), torn: None, done: 0 };
        self.ground.disk.cut(&start)?;
        self.ground.mount()?;
        self.ground.disk.fail(Some(moment.fault))?;
        let answer = self.command()?;
        let failed = self.ground.disk.failed()?;
        if moment.fault.extent == Extent::Everything {
            self.ground.disk.fail(None)?;
        }
        let what = format!("{moment:?}, {failed} failed: exit {:?}: {}", answer.code, answer.said);
        let mut cell = Cell::default();
        let verdict = match answer.allowed() {
            _ if failed == 0 && !answer.is_success() => Verdict::Broken("it failed, and the disk did not".into()),
            Err(why) => Verdict::Broken(why),
            Ok(allowed) => self.restart(moment, allowed, &mut cell)?,
        };
        self.ground.disk.fail(None)?;
        if self.ground.is_mounted() {
            self.ground.unmount()?;
        }
        // What came to no error says nothing about errors.
        if failed > 0 {
            cell.count(&answer, &verdict);
            self.tally.add(self.ground.file_system.name, moment.fault.phase, moment.keeps_cache, cell);
        }
        self.note_media(&verdict, &what)
    }

    /// Opens the tree after an error: on the disk as it is, then on one that is well again.
    fn restart(&mut self, moment: Moment, allowed: RangeInclusive<usize>, cell: &mut Cell) -> Result<Verdict, String> {
        if !moment.keeps_cache {
            if let Err(why) = self.ground.unmount() {
                return Ok(Verdict::Broken(why));
            }
            // What is bad may keep it from being mounted; then it is for the disk that is well.
            if moment.fault.extent != Extent::Blocks || self.ground.mount().is_err() {
                return self.judge(moment, allowed);
            }
        }
        let answer = self.answer_about_tree(&["recover"])?;
        cell.refused += u64::from(!answer.is_success());
        match self.narrowed(&answer, allowed) {
            Err(broken) => Ok(broken),
            Ok(allowed) => self.judge(moment, allowed),
        }
    }

    /// Which trees are left when recovery has said this.
    fn narrowed(&mut self, answer: &Answer, allowed: RangeInclusive<usize>) -> Result<RangeInclusive<usize>, Verdict> {
        if !answer.is_success() {
            return Ok(allowed);
        }
        match self.found(allowed.clone()) {
            Ok(Some(found)) => Ok(found..=found),
            Ok(None) => Err(Verdict::Broken("recovered on the failed disk, the tree is none that it may be".into())),
            // Recovery does not read what it need not: the disk does not give that back for now.
            Err(_) => Ok(allowed),
        }
    }

    /// On a disk that is well.
    fn judge(&mut self, moment: Moment, allowed: RangeInclusive<usize>) -> Result<Verdict, String> {
        if moment.fault.extent == Extent::Blocks {
            self.ground.disk.fail(None)?;
        }
        if self.ground.is_mounted()
            && let Err(why) = self.ground.unmount()
        {
            return Ok(Verdict::Broken(why));
        }
        let oracle = Oracle { workload: self.workload, program: self.program, used_max: u64::MAX, goes_on: false };
        oracle.judge(&mut self.ground, allowed, |_| Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_write_of_each_barrier_are_failed() {
        let all = faults([1, 2, 100, 0], &mut Rng::new(1));
        let of =
            |phase| all.iter().filter(|moment| moment.fault.phase == phase).map(|moment| moment.fault.after).collect::<Vec<_>>();
        assert_eq!(of(0), [0; 6]);
        assert_eq!((of(2).first(), of(2).last(), of(2).len()), (Some(&0), Some(&99), PLACES_MAX * 6));
        assert!(of(3).is_empty());
    }
}
