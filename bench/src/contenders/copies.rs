//! Whole files written beside the old ones.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use rustix::fs::ioctl_ficlone;

use super::Contender;
use crate::files::{overwrite, sync_parent, write_content};
use crate::sample::Outcome;
use crate::workload::Workload;

/// Writes over the old file.
pub struct PlainCopy;

impl Contender for PlainCopy {
    fn about(&self) -> &'static str {
        "truncate, write, fsync, as `cp` does; a crash leaves a torn file"
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        for index in 0..workload.files {
            let mut file = File::create(dir.join(workload.path(index)))?;
            write_content(&mut file, workload.new_content(index), workload.file_len)?;
            file.sync_all()?;
        }
        Ok(Outcome::default())
    }
}

/// Copies the old file, changes the copy, renames it in.
pub struct CopyAndRename;

impl Contender for CopyAndRename {
    fn about(&self) -> &'static str {
        "copy the file, overwrite ranges of the copy, fsync, rename, fsync of the directory: the file replacer's floor"
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        replace_by(workload, dir, copy_bytes)
    }
}

/// Clones the old file, changes the clone, renames it in.
pub struct CloneAndRename;

impl Contender for CloneAndRename {
    fn about(&self) -> &'static str {
        "reflink the file, overwrite ranges of the clone, fsync, rename, fsync of the directory: the floor where reflinks exist"
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        replace_by(workload, dir, |from, to| Ok(ioctl_ficlone(to, from)?))
    }
}

fn replace_by(workload: &Workload, dir: &Path, copy: fn(&File, &File) -> anyhow::Result<()>) -> anyhow::Result<Outcome> {
    let ranges = workload.ranges();
    for index in 0..workload.files {
        let path = dir.join(workload.path(index));
        let temporary = path.with_extension("tmp");
        let file = File::create_new(&temporary)?;
        copy(&File::open(&path)?, &file)?;
        overwrite(&file, workload.new_content(index), &ranges)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        sync_parent(&path)?;
    }
    Ok(Outcome::default())
}

/// By read and write: `copy_file_range` would share the blocks where it can, and that is the other contender.
fn copy_bytes(mut from: &File, mut to: &File) -> anyhow::Result<()> {
    let mut buffer = vec![0; 1 << 20];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            len => to.write_all(&buffer[..len])?,
        }
    }
}
