//! The textbook's recipe with its syncs pooled: what replacing by rename costs at least.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::syncfs;

use super::Contender;
use crate::files::write_content;
use crate::sample::Outcome;
use crate::workload::Workload;

pub struct Batched;

impl Contender for Batched {
    fn about(&self) -> &'static str {
        "all temporaries, syncfs, all renames, syncfs; atomic by file, not as a whole"
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        let root = File::open(dir)?;
        for index in 0..workload.files {
            let mut file = File::create_new(dir.join(workload.path(index)).with_extension("tmp"))?;
            write_content(&mut file, workload.new_content(index), workload.file_len)?;
        }
        syncfs(&root)?;
        for index in 0..workload.files {
            let path = dir.join(workload.path(index));
            fs::rename(path.with_extension("tmp"), path)?;
        }
        syncfs(&root)?;
        Ok(Outcome::default())
    }
}
