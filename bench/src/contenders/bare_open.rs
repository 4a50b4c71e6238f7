//! The floor of looking whether a tree is clean.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::Contender;
use crate::files;
use crate::sample::Outcome;
use crate::workload::Workload;

const SLOT_LEN: usize = 4096;
const ITERATIONS: u64 = 2_000;

pub struct BareOpen;

impl Contender for BareOpen {
    fn about(&self) -> &'static str {
        "lock a file, read three blocks of 4 KiB from three others: the floor"
    }

    fn prepare(&self, workload: &Workload, dir: &Path) -> anyhow::Result<()> {
        std::fs::write(dir.join("lock"), "")?;
        (0..3).try_for_each(|slot| std::fs::write(dir.join(format!("slot.{slot}")), [0; SLOT_LEN]))?;
        files::write_old(workload, dir)
    }

    fn run(&self, _workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        (0..ITERATIONS).try_for_each(|_| look(dir))?;
        Ok(Outcome { iterations: ITERATIONS, ..Outcome::default() })
    }

    fn verify(&self, _workload: &Workload, _dir: &Path) -> anyhow::Result<()> {
        Ok(())
    }
}

fn look(dir: &Path) -> anyhow::Result<()> {
    let lock = File::options().write(true).open(dir.join("lock"))?;
    lock.lock()?;
    let mut slot_bytes = [0; SLOT_LEN];
    for slot in 0..3 {
        File::open(dir.join(format!("slot.{slot}")))?.read_exact_at(&mut slot_bytes, 0)?;
    }
    Ok(())
}
