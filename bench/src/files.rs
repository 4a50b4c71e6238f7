//! A tree of plain files: made, compared, changed.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Context;
use rustix::fs::syncfs;

use crate::content::Content;
use crate::workload::{Range, Workload};

const BUFFER_LEN: u64 = 1 << 20;

/// Makes the old tree in `dir`, durably.
pub fn write_old(workload: &Workload, dir: &Path) -> anyhow::Result<()> {
    for name in workload.dirs() {
        fs::create_dir(dir.join(name))?;
    }
    for index in 0..workload.files {
        let mut file = File::create_new(dir.join(workload.path(index)))?;
        write_content(&mut file, workload.old_content(index), workload.file_len)?;
    }
    syncfs(File::open(dir)?)?;
    Ok(())
}

/// Appends the first `len` bytes of `content` to `out`, in pieces large enough not to be what is measured.
pub fn write_content(out: &mut impl Write, content: Content, len: u64) -> io::Result<()> {
    let mut reader = content.reader(len);
    let mut buffer = vec![0; BUFFER_LEN.min(len) as usize];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(()),
            read_len => out.write_all(&buffer[..read_len])?,
        }
    }
}

/// Overwrites `ranges` of `file` with `content`.
pub fn overwrite(file: &File, content: Content, ranges: &[Range]) -> io::Result<()> {
    ranges.iter().try_for_each(|range| file.write_all_at(&content.bytes(range.offset, range.len), range.offset))
}

/// After this returns, the names in the directory that holds `path` are durable.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

/// Compares the tree in `dir` with what the change must leave, and looks for strangers.
pub fn verify_new(workload: &Workload, dir: &Path) -> anyhow::Result<()> {
    let ranges = workload.ranges();
    for index in 0..workload.files {
        let path = dir.join(workload.path(index));
        verify_file(workload, index, &ranges, &path).with_context(|| format!("after the run, {} is wrong", path.display()))?;
    }
    let mut found = 0;
    for name in workload.dirs() {
        found += fs::read_dir(dir.join(name))?.count() as u64;
    }
    anyhow::ensure!(found == workload.files, "after the run there are {found} files instead of {}", workload.files);
    Ok(())
}

fn verify_file(workload: &Workload, index: u64, ranges: &[Range], path: &Path) -> anyhow::Result<()> {
    let file = File::open(path)?;
    anyhow::ensure!(file.metadata()?.len() == workload.file_len, "its length differs");
    let mut offset = 0;
    for range in ranges {
        verify_range(&file, workload.old_content(index), offset, range.offset)?;
        offset = range.offset + range.len;
        verify_range(&file, workload.new_content(index), range.offset, offset)?;
    }
    verify_range(&file, workload.old_content(index), offset, workload.file_len)
}

fn verify_range(file: &File, content: Content, mut offset: u64, end: u64) -> anyhow::Result<()> {
    let mut found = vec![0; BUFFER_LEN.min(end - offset) as usize];
    let mut expected = found.clone();
    while offset < end {
        let len = BUFFER_LEN.min(end - offset) as usize;
        file.read_exact_at(&mut found[..len], offset)?;
        content.fill(offset, &mut expected[..len]);
        anyhow::ensure!(found[..len] == expected[..len], "bytes differ between {offset} and {}", offset + len as u64);
        offset += len as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(workload: &Workload) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        write_old(workload, dir.path()).unwrap();
        dir
    }

    #[test]
    fn the_old_tree_is_not_taken_for_the_new_one() {
        for workload in [Workload::replaced(3, 100), Workload::edited(10_000, 4, 50)] {
            assert!(verify_new(&workload, tree(&workload).path()).is_err());
        }
    }

    #[test]
    fn a_tree_with_every_range_overwritten_is_the_new_one() {
        let workload = Workload::edited(3_000_000, 4, 500);
        let dir = tree(&workload);
        let file = File::options().write(true).open(dir.path().join(workload.path(0))).unwrap();
        let ranges = workload.ranges();
        overwrite(&file, workload.new_content(0), &ranges[1..]).unwrap();
        assert!(verify_new(&workload, dir.path()).is_err(), "one range is still old");
        overwrite(&file, workload.new_content(0), &ranges[..1]).unwrap();
        verify_new(&workload, dir.path()).unwrap();
        file.write_all_at(b"x", 0).unwrap();
        assert!(verify_new(&workload, dir.path()).is_err(), "a byte outside the ranges changed");
    }

    #[test]
    fn a_file_left_behind_is_noticed() {
        let workload = Workload::replaced(1, 10);
        let dir = tree(&workload);
        fs::write(dir.path().join(workload.path(0)), workload.new_content(0).bytes(0, 10)).unwrap();
        verify_new(&workload, dir.path()).unwrap();
        fs::write(dir.path().join("d0000/f000000.dat.tmp"), "").unwrap();
        assert!(verify_new(&workload, dir.path()).is_err());
    }
}
