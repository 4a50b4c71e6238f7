//! The textbook's recipe for one file, repeated.

use std::fs::{self, File};
use std::path::Path;

use super::Contender;
use crate::files::{sync_parent, write_content};
use crate::sample::Outcome;
use crate::workload::Workload;

pub struct Naive;

impl Contender for Naive {
    fn about(&self) -> &'static str {
        "each file: temporary, fsync, rename, fsync of its directory; atomic by file, not as a whole"
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        for index in 0..workload.files {
            let path = dir.join(workload.path(index));
            let temporary = path.with_extension("tmp");
            let mut file = File::create_new(&temporary)?;
            write_content(&mut file, workload.new_content(index), workload.file_len)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            sync_parent(&path)?;
        }
        Ok(Outcome::default())
    }
}
