//! What stays costs nothing: no bytes in the patch, no reads.

use crate::trees::{Tree, assert_leads_to_at, everything, noise, patch, patch_with, path, replaced};
use untorn_delta::{Cost, Options, PatchReader};
use untorn_format::patch::{After, Op};

#[test]
fn files_that_stay_are_never_opened() {
    let mut old = Tree::default();
    for number in 0..100 {
        old = old.with(&format!("data/{number}"), noise(number, 3000));
    }
    let new = Tree { nodes: old.nodes.clone(), ..Tree::default() }.with("new", noise(200, 100));
    let (patch, _) = patch_with(&old, &new, &replaced());
    assert!(old.read.borrow().is_empty());
    assert_eq!(new.read.borrow().iter().collect::<Vec<_>>(), [&path("new")]);
    assert!(patch.len() < 176 + 100 + 32 * 4 + 40, "{} bytes", patch.len());
}

#[test]
fn a_file_that_moves_is_not_read_and_a_hundred_cost_little() {
    let (mut old, mut new) = (Tree::default(), Tree::default());
    for number in 0..100 {
        old = old.with(&format!("textures/{number}"), noise(number, 3000));
        new = new.with(&format!("assets/textures/{number}"), noise(number, 3000));
    }
    let (patch, report) = patch_with(&old, &new, &Options::default());
    assert!(old.read.borrow().is_empty() && new.read.borrow().is_empty());
    assert_eq!((report.moved, report.literal_len), (100, 0));
    assert!(patch.len() < 100 * 30, "{} bytes", patch.len());
    for change in PatchReader::new(&patch[..]).unwrap().index().changes().as_slice() {
        if let After::Moved { from, .. } = &change.after {
            assert_eq!(from.name(), change.path.name());
        }
    }
}

#[test]
fn an_edit_in_the_middle_is_written_in_place_and_nothing_else() {
    let old_bytes = noise(1, 1 << 20);
    let mut new_bytes = old_bytes.clone();
    new_bytes[500_000..500_010].copy_from_slice(b"ten bytes!");
    let patch = patch(&Tree::default().with("pak", old_bytes), &Tree::default().with("pak", new_bytes));
    let reader = PatchReader::new(&patch[..]).unwrap();
    let change = &reader.index().changes().as_slice()[0];
    assert_eq!(Cost::of(change), Some(Cost { whole_len: 1 << 20, in_place_len: 10, replaced_len: 10, ranges: 1 }));
    assert!(patch.len() < 400, "{} bytes", patch.len());
}

#[test]
fn what_shifts_moves_between_files_or_is_repeated_is_copied() {
    let (one, two) = (noise(1, 400_000), noise(2, 400_000));
    let old = Tree::default().with("pak", [&one[..], &two].concat()).with("loose", noise(3, 100_000));
    let new = Tree::default()
        .with("pak", [b"seven b", &two[..], &one[100..], &noise(3, 100_000)[500..]].concat())
        .with("part", two[1000..90_000].to_vec());
    let (patch, report) = patch_with(&old, &new, &Options::default());
    assert!(report.frames_len < 1000, "{report:?}");
    assert!(patch.len() < 2000, "{} bytes", patch.len());
}

/// Where a long file stays, nothing of it is read; each copy from there is a read of its own, though a disk is told of it beforehand.
#[test]
fn short_pieces_are_not_gathered_from_all_over_a_long_file_unless_the_patch_shall_be_the_shortest() {
    let copies_at = |level, len| {
        let old_bytes = noise(1, 4 << 20);
        let mut new_bytes = old_bytes.clone();
        let places = (0..200).map(|number| 499_712 + number * 16_384);
        let gathered: Vec<_> = places.flat_map(|at| old_bytes[at..at + len].to_vec()).collect();
        new_bytes[1000..1000 + gathered.len()].copy_from_slice(&gathered);
        let (old, new) = (Tree::default().with("pak", old_bytes), Tree::default().with("pak", new_bytes));
        let mut options = Options::default();
        options.level = level;
        let (patch, _) = patch_with(&old, &new, &options);
        let reader = PatchReader::new(&patch[..]).unwrap();
        let changes = reader.index().changes().as_slice();
        changes[0].file().unwrap().ops.iter().filter(|op| matches!(op, Op::Copy { .. })).count()
    };
    assert_eq!([copies_at(5, 200), copies_at(6, 200)], [0, 0]);
    for (level, len) in [(5, 300), (6, 300), (7, 200)] {
        let copies = copies_at(level, len);
        assert!(copies > 190, "level {level}, {len} bytes: {copies} copies");
    }
}

#[test]
fn what_stays_in_place_is_found_again_when_everything_is_searched() {
    let old = Tree::default().with("a", noise(1, 50_000));
    let new = Tree::default().with("a", noise(1, 50_000)).with("b", noise(1, 50_000)[1..].to_vec());
    assert!(patch_with(&old, &new, &replaced()).0.len() > 49_999);
    for options in [everything(), Options::default()] {
        assert!(patch_with(&old, &new, &options).0.len() < 1000);
    }
}

#[test]
fn a_text_with_small_edits_is_compressed_against_its_old_self() {
    let lines = |skip: usize| -> Vec<u8> {
        let words = noise(9, 20_000);
        let lines = words.chunks(10).enumerate().filter(|(number, _)| number % skip != 1);
        lines.flat_map(|(number, line)| format!("{number}: {line:?}\n").into_bytes()).collect()
    };
    let (old, new) = (Tree::default().with("old/text", lines(30)), Tree::default().with("new/text", lines(7)));
    let alone = patch(&Tree::default(), &new).len();
    let patch = patch(&old, &new);
    let reader = PatchReader::new(&patch[..]).unwrap();
    assert!(reader.index().frames().iter().any(|frame| !frame.references.is_empty()));
    assert!(patch.len() * 4 < alone, "{} of {alone} bytes", patch.len());
}

/// Tables of equal keys and other values get into files that have nothing else in common: a frame of one file each would say the keys each time.
#[test]
fn what_is_new_in_many_files_alike_is_said_once() {
    let (keys, mut old, mut new) = (noise(1, 6 << 15), Tree::default(), Tree::default());
    for number in 0..12 {
        let (bytes, values) = (noise(100 + number, 600_000), noise(200 + number, 2 << 15));
        let table = keys.chunks(6).zip(values.chunks(2)).flat_map(|(key, value)| [key, value].concat());
        new = new.with(&format!("{number}.lang"), [bytes.clone(), table.collect()].concat());
        old = old.with(&format!("{number}.lang"), bytes);
    }
    let (patch, report) = patch_with(&old, &new, &Options::default());
    assert_leads_to_at(&[6], &old, &new);
    assert_eq!(report.literal_len, 12 * (8 << 15));
    // All values, the keys once, and a few bytes to say which key it is.
    assert!(report.frames_len < (6 << 15) + 12 * (4 << 15) + 40_000, "{report:?}");
    let (mut one, mut poor) = (Options::default(), Options::default());
    (one.jobs, poor.jobs, poor.memory_len) = (1, 7, 0);
    assert!([one, poor].iter().all(|options| patch_with(&old, &new, options).0 == patch));
}

#[test]
fn little_that_is_new_names_few_old_files_at_the_highest_level() {
    let pool = noise(1, 300_000);
    let mut old = Tree::default().with("all of it", pool.clone());
    for (number, part) in (0..).zip(pool.chunks(1500)) {
        old = old.with(&format!("a part of it/{number}"), part);
    }
    let pieces = pool.chunks(6000).rev().flat_map(|part| &part[..400]);
    let new = Tree { nodes: old.nodes.clone(), ..Tree::default() }.with("new", pieces.copied().collect::<Vec<_>>());
    let mut options = Options::default();
    options.level = 9;
    let (patch, _) = patch_with(&old, &new, &options);
    assert_eq!(PatchReader::new(&patch[..]).unwrap().index().sources().len(), 1);
    assert!(patch.len() < 700, "{} bytes", patch.len());
    assert_leads_to_at(&[9], &old, &new);
}
