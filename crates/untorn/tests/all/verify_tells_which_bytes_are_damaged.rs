//! With an index, verifying names the damaged parts of a file: around what was damaged, and not much more.
#![allow(clippy::single_range_in_vec_init, reason = "one range is a list of ranges, too")]

use std::{ops::Range, path::PathBuf};

use crate::util::{Place, noise, write};
use untorn::{Manifest, ScanOptions, VerifyOptions, VerifyReport, scan, scan_with_index, verify_against, write_index};

const LEN: usize = 40 << 20;

struct Case {
    place: Place,
    manifest: Manifest,
    index: PathBuf,
}

fn case() -> Case {
    let place = Place::new();
    let build = place.dir("build", &[("long", &noise(LEN, 1)), ("short", &noise(70_000, 2)), ("other", b"x"), ("empty", b"")]);
    let (manifest, file) = scan_with_index(&build, &ScanOptions::default()).unwrap();
    assert_eq!(manifest, scan(&build, &ScanOptions::default()).unwrap());
    let index = place.path("index");
    write_index(&index, &file).unwrap();
    Case { place, manifest, index }
}

impl Case {
    fn verified(&self) -> VerifyReport {
        let mut options = VerifyOptions::default();
        options.index = Some(self.index.clone());
        verify_against(&self.place.path("build"), &self.manifest, &options).unwrap()
    }

    fn ranges(&self, path: &str) -> Vec<Range<u64>> {
        let ranges = self.verified().ranges.into_iter().find(|ranges| ranges.path == path);
        ranges.map(|ranges| ranges.ranges).unwrap_or_default()
    }
}

/// One range of at most `chunks` chunks that holds `at`.
fn assert_around(ranges: &[Range<u64>], at: u64, chunks: u64) {
    assert_eq!(ranges.len(), 1, "{ranges:?}");
    assert!(ranges[0].contains(&at) && ranges[0].end - ranges[0].start <= chunks * (128 << 10), "{ranges:?}");
}

#[test]
fn a_whole_tree_has_no_ranges() {
    let report = case().verified();
    assert!(report.is_intact() && report.ranges.is_empty());
}

#[test]
fn one_bit_is_one_chunk_and_two_neighbours_are_one_range() {
    let case = case();
    let mut long = noise(LEN, 1);
    long[22_222_222] ^= 4;
    write(&case.place.path("build"), "long", &long);
    assert_around(&case.ranges("long"), 22_222_222, 1);
    long[22_222_222 + (128 << 10)] ^= 4;
    long[22_222_222 + (64 << 10)] ^= 4;
    write(&case.place.path("build"), "long", &long);
    assert_around(&case.ranges("long"), 22_222_222, 4);
    long[0] ^= 1;
    *long.last_mut().unwrap() ^= 1;
    write(&case.place.path("build"), "long", &long);
    let ranges = case.ranges("long");
    assert!(ranges.len() == 3 && ranges[0].start == 0 && ranges[2].end == LEN as u64, "{ranges:?}");
}

#[test]
fn a_short_file_is_damaged_as_a_whole_and_what_is_missing_has_no_ranges() {
    let case = case();
    let dir = case.place.path("build");
    write(&dir, "short", &noise(70_000, 3));
    std::fs::remove_file(dir.join("other")).unwrap();
    let report = case.verified();
    assert_eq!(case.ranges("short"), [0..70_000]);
    let classes: Vec<_> = report.damage.iter().map(|damage| (damage.path.as_str(), damage.what.class())).collect();
    assert_eq!(classes, [("other", "missing"), ("short", "damaged")]);
    assert_eq!(report.ranges.len(), 1);
}

#[test]
fn what_was_cut_off_or_stands_behind_the_end_is_a_range() {
    let case = case();
    let dir = case.place.path("build");
    write(&dir, "long", &noise(LEN, 1)[..LEN - 1000]);
    let cut = case.ranges("long");
    assert!(cut.len() == 1 && cut[0].end == LEN as u64 && cut[0].start > (LEN - (129 << 10)) as u64, "{cut:?}");
    write(&dir, "long", &[noise(LEN, 1), vec![1; 10]].concat());
    assert_eq!(case.ranges("long"), [LEN as u64..LEN as u64 + 10]);
    write(&dir, "empty", b"x");
    assert_eq!(case.ranges("empty"), [0..1]);
}

#[test]
fn without_its_page_a_span_is_told_by_its_digest() {
    let case = case();
    let mut long = noise(LEN, 1);
    long[22_222_222] ^= 4;
    write(&case.place.path("build"), "long", &long);
    let mut bytes = std::fs::read(&case.index).unwrap();
    let pages_len = bytes.len() - head_len(&bytes);
    let from = bytes.len() - pages_len;
    bytes[from..].fill(0);
    std::fs::write(&case.index, bytes).unwrap();
    let ranges = case.ranges("long");
    // Some 16 MiB of 40.
    assert!(ranges.len() == 1 && ranges[0].contains(&22_222_222) && ranges[0].end - ranges[0].start < 39 << 20, "{ranges:?}");
}

fn head_len(index: &[u8]) -> usize {
    let count = |at: usize| u32::from_le_bytes(index[at..at + 4].try_into().unwrap()) as usize;
    64 + 36 * count(48) + 48 * count(52) + 8 * count(56) + 32
}

#[test]
fn an_index_that_is_damaged_or_belongs_to_another_build_is_refused() {
    let case = case();
    let good = std::fs::read(&case.index).unwrap();
    let refused = |bytes: &[u8], manifest: &Manifest| {
        std::fs::write(&case.index, bytes).unwrap();
        let mut options = VerifyOptions::default();
        options.index = Some(case.index.clone());
        let error = verify_against(&case.place.path("build"), manifest, &options).unwrap_err();
        // It lies on this machine: nothing was fetched, and nobody signed it.
        assert_eq!(error.exit_code(), if error.code() == "UNT-INDEX-OTHER" { 22 } else { 1 }, "{error}");
        error.code()
    };
    assert_eq!(refused(b"", &case.manifest), "UNT-FORMAT-LENGTH");
    assert_eq!(refused(&[7; 1000], &case.manifest), "UNT-FORMAT-MAGIC");
    refused(&good[..100], &case.manifest);
    let mut flipped = good.clone();
    flipped[70] ^= 1;
    assert_eq!(refused(&flipped, &case.manifest), "UNT-FORMAT-CHECKSUM");
    let other = Manifest::new(Vec::new()).unwrap();
    assert_eq!(refused(&good, &other), "UNT-INDEX-OTHER");
}
