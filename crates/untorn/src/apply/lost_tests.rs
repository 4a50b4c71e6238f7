//! What counts as lost is what cannot be made: everything else comes out right, though old files are spoilt.

use std::{collections::BTreeSet, fs, path::Path};

use untorn_delta::{PatchReader, Way};
use untorn_format::TreePath;
use untorn_fs::OsFs;
use untorn_testhost::noise;

use super::Lost;
use crate::{DiffOptions, diff, merge, tree_files::TreeFiles};

/// Numbers that look random, always the same for a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Files long enough that they fill several frames, in each of which some are compressed against each other's old bytes. Each build has other bytes in most of them; some become copies or move.
fn builds(dir: &Path) {
    let mut draw = Draw(1);
    for build in 0..4_u64 {
        let at = dir.join(build.to_string());
        fs::create_dir(&at).unwrap();
        for number in 0..90_u64 {
            let mut bytes = match build {
                0 => noise(number, 30_000 + 500 * usize::try_from(number).unwrap()),
                _ => fs::read(dir.join(format!("{}/{number:02}", build - 1))).unwrap(),
            };
            match draw.below(12) {
                0 => {}
                1 => bytes = fs::read(dir.join(format!("0/{:02}", draw.below(number + 1)))).unwrap_or(bytes),
                _ => {
                    bytes[usize::try_from(draw.below(29_000)).unwrap()..][..60]
                        .copy_from_slice(&noise(build * 1000 + number, 60));
                }
            }
            fs::write(at.join(format!("{number:02}")), bytes).unwrap();
        }
    }
}

/// Reads a patch over spoilt old files, but for what is lost, which it returns the number of.
fn read(dir: &Path, patch: &Path, new: &str, spoilt: &BTreeSet<TreePath>) -> usize {
    let mut reader = PatchReader::within(fs::File::open(patch).unwrap(), u64::MAX, 2).unwrap();
    let lost = Lost::of(reader.index(), spoilt);
    let fs_old = OsFs::open(&dir.join("0")).unwrap();
    let instead = spoilt.iter().map(|path| (path.clone(), noise(99, 80_000))).collect();
    let old = TreeFiles::new(&fs_old, None).with(instead);
    while let Some(mut file) = reader.next_file(&old, Way::Whole) {
        let path = file.change().path.clone();
        if lost.paths.contains(&path) && !lost.remade.contains(&path) {
            continue;
        }
        let mut made = Vec::new();
        while let Some(piece) = file.next_piece().unwrap_or_else(|error| panic!("{path:?}, though {spoilt:?} are lost: {error}"))
        {
            made.extend_from_slice(piece.bytes);
        }
        assert!(made == fs::read(dir.join(new).join(path.as_str())).unwrap(), "{path:?}");
    }
    reader.finish().unwrap();
    lost.paths.len()
}

#[test]
fn what_is_not_lost_comes_out_right() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path();
    builds(dir);
    let at = |name: &str| dir.join(name);
    let step = |from: &str, to: &str| {
        diff(&at(from), &at(to), &at(&format!("{from}-{to}")), &DiffOptions::default()).unwrap();
    };
    step("0", "1");
    step("1", "2");
    step("2", "3");
    merge(&at("0-1"), &at("1-2"), &at("0-2"), None).unwrap();
    merge(&at("0-2"), &at("2-3"), &at("0-3"), None).unwrap();
    let mut draw = Draw(2);
    let mut smallest = usize::MAX;
    for (patch, new) in [("0-1", "1"), ("0-2", "2"), ("0-3", "3")] {
        for round in 0..12 {
            let spoilt = (0..1 + round / 4).map(|_| TreePath::new(&format!("{:02}", draw.below(90))).unwrap()).collect();
            smallest = smallest.min(read(dir, &at(patch), new, &spoilt));
        }
        assert!(smallest < 80, "{patch}: one file takes all others with it");
    }
}
