//! The crate `fs-transaction`: a write-ahead journal of whole files, rolls forward only.

use std::path::Path;

use fs_transaction::exec::block_on;
use fs_transaction::{ChangeSet, StdFs, recover};

use super::Contender;
use crate::sample::Outcome;
use crate::workload::Workload;

pub struct FsTransaction;

impl Contender for FsTransaction {
    fn about(&self) -> &'static str {
        "crate fs-transaction 0.4.2: whole files in a write-ahead journal, rolls forward after a crash; atomic as a whole, no lock"
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        block_on(recover(&StdFs, dir))?;
        let mut change = ChangeSet::new();
        for index in 0..workload.files {
            change.write(workload.path(index), workload.new_content(index).bytes(0, workload.file_len));
        }
        block_on(change.apply(&StdFs, dir))?;
        Ok(Outcome::default())
    }
}
