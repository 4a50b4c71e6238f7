//! What changes: a tree of files, and the ranges of them that get new bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::units::megabytes;

const FILES_PER_DIR: u64 = 100;

/// A tree of equal files and a change to it. Everything follows from the numbers, so that every run makes the same change.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Workload {
    /// How many files the tree has.
    pub files: u64,
    /// The bytes of each.
    pub file_len: u64,
    /// Ranges overwritten in each file; 0 means that the whole file is replaced.
    pub edits: u64,
    /// The bytes of each such range.
    pub edit_len: u64,
}

/// A range of one file that gets new bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Where it begins.
    pub offset: u64,
    /// Its bytes.
    pub len: u64,
}

impl Workload {
    /// All files replaced by files of the same length.
    pub fn replaced(files: u64, file_len: u64) -> Self {
        Self { files, file_len, edits: 0, edit_len: 0 }
    }

    /// One file, some ranges of it overwritten.
    pub fn edited(file_len: u64, edits: u64, edit_len: u64) -> Self {
        Self { files: 1, file_len, edits, edit_len: edit_len.min(file_len / edits.max(1)) }
    }

    /// Whether files are replaced whole.
    pub fn is_replacing(&self) -> bool {
        self.edits == 0
    }

    /// The path of file `index`, relative to the tree.
    pub fn path(&self, index: u64) -> String {
        format!("d{:04}/f{index:06}.dat", index / FILES_PER_DIR)
    }

    /// The directories of the tree.
    pub fn dirs(&self) -> impl Iterator<Item = String> {
        (0..self.files.div_ceil(FILES_PER_DIR)).map(|index| format!("d{index:04}"))
    }

    /// What file `index` holds before the change.
    pub fn old_content(&self, index: u64) -> Content {
        Content::new(index, 0)
    }

    /// What the changed ranges of file `index` hold after it.
    pub fn new_content(&self, index: u64) -> Content {
        Content::new(index, 1)
    }

    /// The ranges that change in each file, ascending: spread evenly, and not aligned to pages.
    pub fn ranges(&self) -> Vec<Range> {
        if self.is_replacing() {
            return vec![Range { offset: 0, len: self.file_len }];
        }
        let stride = self.file_len / self.edits;
        let slack = stride - self.edit_len;
        (0..self.edits).map(|i| Range { offset: i * stride + (i * 7_919 % (slack + 1)), len: self.edit_len }).collect()
    }

    /// The bytes that change, in all files.
    pub fn change_bytes(&self) -> u64 {
        self.files * self.ranges().iter().map(|range| range.len).sum::<u64>()
    }

    /// The bytes of the tree.
    pub fn tree_bytes(&self) -> u64 {
        self.files * self.file_len
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (files, file_len, change) = (self.files, self.file_len, megabytes(self.change_bytes()));
        match self.edits {
            0 => write!(f, "{files} files of {file_len} bytes replaced, {change} MB"),
            edits => write!(f, "{edits} ranges, {change} MB in all, overwritten in {files} file of {file_len} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_ascending_apart_and_inside_the_file() {
        for workload in [Workload::edited(4 << 30, 40, 500_000), Workload::edited(1 << 20, 40, 500_000)] {
            let ranges = workload.ranges();
            assert_eq!(ranges.len(), 40);
            assert!(ranges.windows(2).all(|pair| pair[0].offset + pair[0].len <= pair[1].offset));
            assert!(ranges.iter().all(|range| range.offset + range.len <= workload.file_len));
        }
    }
}
