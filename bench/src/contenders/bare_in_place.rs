//! What the medium allows, without any safety.

use std::fs::File;
use std::path::Path;

use super::Contender;
use crate::files::overwrite;
use crate::sample::Outcome;
use crate::workload::Workload;

pub struct BareInPlace;

impl Contender for BareInPlace {
    fn about(&self) -> &'static str {
        "overwrite in place, fsync; a crash leaves a torn file"
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        let ranges = workload.ranges();
        for index in 0..workload.files {
            let file = File::options().write(true).open(dir.join(workload.path(index)))?;
            overwrite(&file, workload.new_content(index), &ranges)?;
            file.sync_all()?;
        }
        Ok(Outcome::default())
    }
}
