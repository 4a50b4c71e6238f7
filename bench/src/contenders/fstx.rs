//! The crate `fstx`: staged files, no-replace renames in waves, roll back only.

use std::path::Path;

use super::Contender;
use crate::sample::Outcome;
use crate::workload::Workload;

pub struct Fstx;

impl Contender for Fstx {
    fn about(&self) -> &'static str {
        "crate fstx 0.1.1: whole files staged, renamed in waves, rolls back after a crash; atomic as a whole"
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        let mut transaction = fstx::Transaction::begin(dir)?;
        for index in 0..workload.files {
            transaction.write(workload.path(index), workload.new_content(index).bytes(0, workload.file_len))?;
        }
        transaction.commit()?;
        Ok(Outcome::default())
    }
}
