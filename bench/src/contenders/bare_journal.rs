//! The floor of a change in place that could be made safe: everything is written twice, once in a row.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use rustix::fs::syncfs;

use super::Contender;
use crate::files::{overwrite, sync_parent};
use crate::sample::Outcome;
use crate::workload::{Range, Workload};

pub struct BareJournal;

impl Contender for BareJournal {
    fn about(&self) -> &'static str {
        "one journal, fsync, overwrite in place, syncfs; no hashes, no recovery: the floor"
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        let root = File::open(dir)?;
        let ranges = workload.ranges();
        let journal = dir.join("journal");
        write_journal(workload, &ranges, &journal)?;
        for index in 0..workload.files {
            let file = File::options().write(true).open(dir.join(workload.path(index)))?;
            overwrite(&file, workload.new_content(index), &ranges)?;
        }
        syncfs(&root)?;
        fs::remove_file(&journal)?;
        Ok(Outcome::default())
    }
}

fn write_journal(workload: &Workload, ranges: &[Range], path: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create_new(path)?);
    for index in 0..workload.files {
        for range in ranges {
            for number in [index, range.offset, range.len] {
                out.write_all(&number.to_le_bytes())?;
            }
            out.write_all(&workload.new_content(index).bytes(range.offset, range.len))?;
        }
    }
    out.into_inner()?.sync_all()?;
    Ok(sync_parent(path)?)
}
