//! Two patches joined without their trees lead where one after the other leads, whatever they change; and what does not fit together is refused.

use std::cell::Cell;
use std::io::{self, Cursor};
use std::path::PathBuf;
use std::{env, fs};

use crate::programs::Source;
use crate::trees::{Node, Tree, apply, noise, patch, patch_with, path};
use crate::what_a_patch_makes_is_the_new_tree::tree;
use proptest::prelude::*;
use untorn_delta::{
    Files, MergeError, MergeReport, Options, PatchError, PatchReader, StretchReader, Way, check_replaced, merge,
    merge_uncompressed,
};
use untorn_format::patch::{Before, How, MAX_HELD_LEN, Replaced};
use untorn_format::{DecodeError, Hash, TreePath};

fn joined(first: &[u8], second: &[u8]) -> Result<(Vec<u8>, MergeReport), MergeError> {
    let mut out = Vec::new();
    let report = merge(Cursor::new(first), Cursor::new(second), &mut out, &mut |_, _| {})?;
    assert_eq!(report.patch_len, out.len() as u64);
    let mut uncompressed = Vec::new();
    merge_uncompressed(Cursor::new(first), Cursor::new(second), &mut uncompressed, &mut |_, _| {})?;
    let index = |patch: &[u8]| PatchReader::new(patch).map(|reader| reader.index().clone()).unwrap();
    assert!(index(&uncompressed) == index(&out) && uncompressed.ends_with(&out[out.len() - frames_len(&out)..]));
    Ok((out, report))
}

fn frames_len(patch: &[u8]) -> usize {
    usize::try_from(PatchReader::new(patch).unwrap().header().frames_len).unwrap()
}

fn at_level(level: i32) -> Options {
    let mut options = Options::default();
    options.level = level;
    options
}

/// Joins the patches between three trees, and applies the result in every way.
fn assert_joins(trees: [&Tree; 3], level: i32) -> (Vec<u8>, MergeReport) {
    let [old, mid, new] = trees;
    let first = patch_with(old, mid, &at_level(level)).0;
    let second = patch_with(mid, new, &at_level(level)).0;
    let (patch, report) = joined(&first, &second).unwrap();
    for way in [Way::Whole, Way::InPlace] {
        let made = apply(old, &patch, way).unwrap_or_else(|error| panic!("{way:?}: {error}"));
        assert!(made.nodes == new.nodes, "{way:?}");
    }
    assert!(joined(&first, &second).unwrap().0 == patch, "the same, once more");
    (patch, report)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_three_trees(old in tree(), mid in tree(), new in tree(), level in prop::sample::select(vec![1, 6, 9])) {
        assert_joins([&old, &mid, &new], level);
        assert_joins([&old, &mid, &old], level);
    }

    #[test]
    fn any_chain_in_any_order(trees in prop::collection::vec(tree(), 4..7), level in prop::sample::select(vec![1, 6, 9])) {
        let trees: Vec<_> = trees.iter().collect();
        assert_joins_all(&trees, level);
        assert_joins_all(&[trees[0], trees[1], trees[2], trees[0], trees[1]], level);
    }
}

/// Joins the patches of a chain from the left, from the right, and in halves, and applies each result in every way.
fn assert_joins_all(trees: &[&Tree], level: i32) -> Vec<Vec<u8>> {
    let patches: Vec<_> = trees.windows(2).map(|pair| patch_with(pair[0], pair[1], &at_level(level)).0).collect();
    let join = |first: &Vec<u8>, second: &Vec<u8>| joined(first, second).unwrap().0;
    let (first, rest) = patches.split_first().unwrap();
    let left = rest.iter().fold(first.clone(), |first, second| join(&first, second));
    let (last, rest) = patches.split_last().unwrap();
    let right = rest.iter().rev().fold(last.clone(), |second, first| join(first, &second));
    let mut halves = patches;
    while halves.len() > 1 {
        halves = halves.chunks(2).map(|pair| if let [one, two] = pair { join(one, two) } else { pair[0].clone() }).collect();
    }
    let all = vec![left, right, halves.remove(0)];
    let (old, new) = (trees[0], trees[trees.len() - 1]);
    for (patch, order) in all.iter().zip(["left", "right", "halves"]) {
        for way in [Way::Whole, Way::InPlace] {
            let made = apply(old, patch, way).unwrap_or_else(|error| panic!("{order}, {way:?}: {error}"));
            assert!(made.nodes == new.nodes, "{order}, {way:?}");
        }
    }
    all
}

/// A text of which about one line in a hundred is another in each version.
fn text(version: u64, lines: u64) -> Vec<u8> {
    let line = |number: u64| {
        let edited = (1..=version).rev().find(|version| (number * 7 + version * 13).is_multiple_of(101)).unwrap_or(0);
        format!("line {number} of the text as it was written in version {edited}\n")
    };
    (0..lines).flat_map(|number| line(number).into_bytes()).collect()
}

#[test]
fn files_that_both_change() {
    let tree = |version: u64| {
        let mut pak = noise(1, 3 << 20);
        for edit in 0..version {
            let at = usize::try_from(edit).unwrap() * 700_000 + 1000;
            pak[at..at + 60_000].copy_from_slice(&noise(100 + edit, 60_000));
        }
        let shifted = [noise(9, usize::try_from(version).unwrap() * 5000), noise(2, 1 << 20)].concat();
        (0..40).fold(Tree::default().with("pak", pak).with("shifted", shifted), |tree, number| {
            tree.with(&format!("texts/{number}"), text(version, 100 + number))
        })
    };
    let trees = [0, 1, 2].map(tree);
    let (patch, _) = assert_joins([&trees[0], &trees[1], &trees[2]], 6);
    let direct = crate::trees::patch(&trees[0], &trees[2]);
    assert!(patch.len() * 10 <= direct.len() * 11, "{} instead of {}", patch.len(), direct.len());
    let reader = PatchReader::new(&patch[..]).unwrap();
    let keeps = |name: &str| reader.index().changes().get(&path(name)).unwrap().file().unwrap().keeps();
    assert!(keeps("pak"), "what neither changes stays in its place");
}

/// A tree that counts how often it is read.
struct Counting<'t>(&'t Tree, Cell<u64>);

impl Files for Counting<'_> {
    fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.1.set(self.1.get() + 1);
        self.0.read_at(path, buf, offset)
    }
}

/// What happened: of a file that both patches change, the whole is hashed, with a buffer as long as the longest stretch that is replaced. Why: that is all
/// that is read of a file that one patch changes. What would have been lost: applying never ended where nothing is replaced, and read single bytes where one is.
#[test]
fn a_file_that_both_change_is_read_in_large_pieces_however_little_is_replaced() {
    let log = noise(1, 200_000);
    let grown = |len: usize| [&log[..], &noise(2, len)].concat();
    let edited = |edits: usize| {
        let mut edited = log.clone();
        (0..edits).for_each(|edit| edited[edit * 100_000 + 1000] ^= 1);
        edited
    };
    for [old, mid, new] in [[0, 700, 1500].map(grown), [0, 1, 2].map(edited)] {
        let trees = [old, mid, new].map(|bytes| Tree::default().with("log", bytes));
        let (patch, _) = assert_joins([&trees[0], &trees[1], &trees[2]], 6);
        let index = PatchReader::new(&patch[..]).unwrap().index().clone();
        let change = index.changes().get(&path("log")).unwrap();
        assert!(matches!(change.before, Before::File { replaced: Replaced::Unsaid, .. }) && change.file().unwrap().keeps());
        let counting = Counting(&trees[0], Cell::new(0));
        assert_eq!(check_replaced(change, &counting).unwrap(), Some(Hash::of(trees[0].bytes(&path("log")))));
        // The tree gives at most 5000 bytes at a time.
        assert!(counting.1.get() < 50, "{}", counting.1.get());
    }
}

#[test]
fn programs_that_both_adapt() {
    let source = Source::new(1500);
    let again = |source: &Source, number: u64| {
        let mut again = source.clone();
        again.functions.insert(3, number);
        again.functions.insert(60, number + 1);
        again.functions.remove(100);
        again
    };
    let (mid, new) = (again(&source, 5000), again(&again(&source, 5000), 6000));
    for build in [Source::elf as fn(&Source) -> Vec<u8>, Source::pe] {
        let trees = [&source, &mid, &new].map(|source| Tree::default().with("game", build(source)));
        let (patch, _) = assert_joins([&trees[0], &trees[1], &trees[2]], 6);
        let index = PatchReader::new(&patch[..]).unwrap().index().clone();
        assert!(index.middles().iter().any(|middle| matches!(middle.how, How::Adapted { .. })));
        assert!(index.changes().as_slice()[0].file().unwrap().adapts());
    }
}

#[test]
fn programs_that_all_of_a_chain_adapt() {
    let mut sources = vec![Source::new(900)];
    for number in 0..4_u64 {
        let mut next = sources[sources.len() - 1].clone();
        next.functions.insert(usize::try_from(number).unwrap() * 20 + 3, 7000 + number);
        next.functions.remove(100);
        sources.push(next);
    }
    for build in [Source::elf as fn(&Source) -> Vec<u8>, Source::pe] {
        let trees: Vec<_> = sources.iter().map(|source| Tree::default().with("game", build(source))).collect();
        let all = assert_joins_all(&trees.iter().collect::<Vec<_>>(), 6);
        let whole = trees[4].bytes(&path("game")).len();
        assert!(all.iter().all(|patch| patch.len() * 5 < whole), "{:?} of {whole}", all.iter().map(Vec::len).collect::<Vec<_>>());
    }
}

#[test]
fn frames_of_zstd_that_all_of_a_chain_restore() {
    let trees = [0, 1, 2, 3].map(crate::what_zstd_compressed_becomes_the_same_again::tree);
    for patch in assert_joins_all(&trees.iter().collect::<Vec<_>>(), 6) {
        let header = PatchReader::new(&patch[..]).unwrap().header().clone();
        assert!(header.restores && header.zstd && header.joined);
    }
}

#[test]
fn members_that_all_of_a_chain_restore() {
    let (old, new) = crate::what_programs_deflated_becomes_the_same_again::all();
    let none = Tree::default();
    for trees in [[&old, &new, &old, &new], [&none, &old, &new, &old], [&old, &new, &old, &none], [&new, &none, &old, &new]] {
        assert_joins_all(&trees, 6);
    }
}

#[test]
fn files_that_all_of_a_chain_change() {
    let tree = |version: u64| {
        let mut pak = noise(1, 1 << 20);
        for edit in 0..version {
            let at = usize::try_from(edit).unwrap() * 200_000 + 1000;
            pak[at..at + 20_000].copy_from_slice(&noise(100 + edit, 20_000));
        }
        let shifted = [noise(9, usize::try_from(version).unwrap() * 5000), noise(2, 1 << 19)].concat();
        (0..20).fold(Tree::default().with("pak", pak).with("shifted", shifted), |tree, number| {
            tree.with(&format!("texts/{number}"), text(version, 100 + number))
        })
    };
    let trees: Vec<_> = (0..5).map(tree).collect();
    let all = assert_joins_all(&trees.iter().collect::<Vec<_>>(), 6);
    let steps: usize = trees.windows(2).map(|pair| patch(&pair[0], &pair[1]).len()).sum();
    for joined in all {
        assert!(joined.len() * 10 <= steps * 11, "{} instead of {steps}", joined.len());
        let reader = PatchReader::new(&joined[..]).unwrap();
        assert!(reader.index().changes().get(&path("pak")).unwrap().file().unwrap().keeps());
    }
}

#[test]
fn members_that_both_restore() {
    let (old, new) = crate::what_programs_deflated_becomes_the_same_again::all();
    let (patch, _) = assert_joins([&old, &new, &old], 6);
    let index = PatchReader::new(&patch[..]).unwrap().index().clone();
    assert!(index.middles().iter().any(|middle| matches!(middle.how, How::Restored(_))));
    assert_joins([&new, &old, &new], 6);
    assert_joins([&Tree::default(), &old, &new], 6);
    assert_joins([&old, &new, &Tree::default()], 6);
}

#[test]
fn one_changes_half_and_the_other_one_the_rest() {
    let tree = |half: u64, rest: u64| {
        (0..160_u64).fold(Tree::default(), |tree, number| {
            let version = if number % 2 == 0 { half } else { rest };
            let own = noise(1000 * version + number, 200);
            tree.with(&format!("dir{}/file{number}", number % 7), [text(version, 150 + number), own].concat())
        })
    };
    let trees = [tree(0, 0), tree(1, 0), tree(1, 1)];
    for level in [6, 9] {
        let (patch, report) = assert_joins([&trees[0], &trees[1], &trees[2]], level);
        let direct = patch_with(&trees[0], &trees[2], &at_level(level)).0;
        assert!(patch.len() * 10 <= direct.len() * 11, "{} instead of {}", patch.len(), direct.len());
        assert_eq!(report.dropped_len, 0);
    }
}

#[test]
fn what_the_second_one_replaces_whole_is_left_out() {
    let tree = |seed| Tree::default().with("other", noise(1, 5000)).with("file", noise(seed, 100_000));
    let (patch, report) = assert_joins([&tree(2), &tree(3), &tree(4)], 6);
    assert!(report.dropped_len >= 100_000 && patch.len() < 102_000, "{report:?}");
}

/// What must be kept is bounded, also where literal bytes fill many frames that are needed again and again.
#[test]
fn memory_is_bounded_and_stated() {
    let old = Tree::default().with("z", noise(1, 1000));
    let big: Vec<_> = (0..30).map(|part| noise(part, 3 << 20)).collect();
    let mid = Tree::default().with("z", noise(1, 1000)).with("big", big.concat());
    // Everything once more, in another order, and changed here and there.
    let mut turned: Vec<u8> = big.iter().rev().flatten().copied().collect();
    (0..turned.len()).step_by(1_000_000).for_each(|at| turned[at] = 0);
    let new = mid.clone().with("turned", turned);
    let first = patch_with(&old, &mid, &at_level(5)).0;
    let (patch, report) = joined(&first, &patch_with(&mid, &new, &at_level(5)).0).unwrap();
    assert!(apply(&old, &patch, Way::Whole).unwrap().nodes == new.nodes);
    assert!((8 << 20..=MAX_HELD_LEN).contains(&report.held_len), "{report:?}");
    assert!(report.patch_len > report.first_len + report.second_len + (8 << 20), "some frames are there twice: {report:?}");
    let reader = PatchReader::new(&patch[..]).unwrap();
    assert!(reader.memory_len(1) > report.held_len);
    assert!(reader.memory_len(1) < (64 << 20) + report.held_len + (4 << 20), "{}", reader.memory_len(1));
    let refused = PatchReader::within(&patch[..], report.held_len, 1).map(|_| ());
    assert!(matches!(refused, Err(PatchError::Memory { .. })), "{refused:?}");
}

#[test]
fn threads_change_nothing() {
    let tree = |version: u64| {
        (0..30_u64).fold(Tree::default(), |tree, number| {
            tree.with(&format!("{number}"), [text(version, 3000), noise(number, 60_000)].concat())
        })
    };
    let (old, mid, new) = (tree(0), tree(1), tree(2));
    let (patch, _) = joined(&patch(&old, &mid), &patch(&mid, &new)).unwrap();
    let mut reader = PatchReader::within(&patch[..], u64::MAX, 4).unwrap();
    while let Some(mut file) = reader.next_file(&old, Way::Whole) {
        let at = file.change().path.clone();
        let mut made = Vec::new();
        while let Some(piece) = file.next_piece().unwrap() {
            made.extend_from_slice(piece.bytes);
        }
        assert!(made == new.bytes(&at));
    }
    reader.finish().unwrap();
}

#[test]
fn reading_goes_on_wherever_it_stopped() {
    let old = Tree::default().with("text", text(0, 300)).with("z", noise(1, 500));
    let mid = Tree::default().with("first", noise(2, 5000)).with("text", text(1, 300)).with("z", noise(1, 500));
    let new = Tree::default().with("first", noise(2, 5000)).with("text", text(2, 300)).with("z", noise(1, 400));
    let (patch, _) = joined(&patch(&old, &mid), &patch(&mid, &new)).unwrap();
    for name in ["first", "text", "z"] {
        let bytes = new.bytes(&path(name));
        for made in (0..bytes.len()).step_by(97) {
            let mut reader = PatchReader::new(&patch[..]).unwrap();
            let mut file = loop {
                if reader.peek_file().unwrap().path == path(name) {
                    break reader.next_file(&old, Way::Whole).unwrap();
                }
                drop(reader.next_file(&old, Way::Whole));
            };
            let earlier = |buf: &mut [u8], at: u64| {
                let at = usize::try_from(at).unwrap();
                buf.copy_from_slice(&bytes[at..at + buf.len()]);
                Ok::<(), ()>(())
            };
            let at = file.go_on(u64::try_from(made).unwrap(), None, earlier).unwrap().unwrap();
            let mut rest = Vec::new();
            while let Some(piece) = file.next_piece().unwrap() {
                rest.extend_from_slice(piece.bytes);
            }
            assert!(rest == bytes[usize::try_from(at).unwrap()..], "{name} at {made}");
        }
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let trees = [1, 2, 3].map(|seed| Tree::default().with("file", noise(seed, 5000)));
    let (first, second) = (patch(&trees[0], &trees[1]), patch(&trees[1], &trees[2]));
    assert!(matches!(joined(&second, &first), Err(MergeError::Apart { .. })));
    assert!(matches!(joined(&first, &first), Err(MergeError::Apart { .. })));
    let (both, _) = joined(&first, &second).unwrap();
    assert!(matches!(joined(&both, &second), Err(MergeError::Apart { .. })));
    let third = patch(&trees[2], &trees[0]);
    let (back, _) = joined(&both, &third).unwrap();
    let (again, _) = joined(&back, &both).unwrap();
    assert!(apply(&trees[0], &again, Way::Whole).unwrap().nodes == trees[2].nodes);
    let trailing = [&first[..], b"x"].concat();
    assert!(matches!(joined(&trailing, &second), Err(MergeError::First(PatchError::Trailing))));
    assert!(matches!(joined(&first[..first.len() - 1], &second), Err(MergeError::First(PatchError::Damaged(_)))));
    assert!(matches!(joined(b"nothing", &second), Err(MergeError::First(_))));
    let mut unknown = second.clone();
    unknown[12] = 8;
    let checksum = untorn_format::Hash::of(&unknown[..144]);
    unknown[144..176].copy_from_slice(&checksum.0);
    let refused = joined(&first, &unknown);
    assert!(
        matches!(refused, Err(MergeError::Second(PatchError::Format(DecodeError::UnknownFeatures { bits: 8 })))),
        "{refused:?}"
    );
}

#[test]
fn every_flipped_byte_of_either_is_refused() {
    let trees = [0, 1, 2].map(|version| Tree::default().with("a", text(version, 200)).with("b", noise(version, 300)));
    let (first, second) = (patch(&trees[0], &trees[1]), patch(&trees[1], &trees[2]));
    for at in 0..first.len() {
        let mut flipped = first.clone();
        flipped[at] ^= 1;
        joined(&flipped, &second).unwrap_err();
    }
    for at in 0..second.len() {
        let mut flipped = second.clone();
        flipped[at] ^= 1;
        joined(&first, &flipped).unwrap_err();
    }
    let (both, back) = (joined(&first, &second).unwrap().0, patch(&trees[2], &trees[0]));
    joined(&both, &back).unwrap();
    for at in 0..both.len() {
        let mut flipped = both.clone();
        flipped[at] ^= 1;
        joined(&flipped, &back).unwrap_err();
        joined(&back, &flipped).unwrap_err();
    }
}

#[test]
fn no_damaged_joined_patch_is_accepted() {
    let trees = [0, 1, 2].map(|version| Tree::default().with("a", text(version, 200)).with("b", noise(version, 300)));
    let (patch, _) = joined(&patch(&trees[0], &trees[1]), &patch(&trees[1], &trees[2])).unwrap();
    for at in 0..patch.len() {
        let mut flipped = patch.clone();
        flipped[at] ^= 4;
        apply(&trees[0], &flipped, Way::Whole).map(|tree| tree.nodes).unwrap_err();
    }
    for len in 0..patch.len() {
        apply(&trees[0], &patch[..len], Way::Whole).map(|tree| tree.nodes).unwrap_err();
    }
}

#[test]
fn a_joined_patch_is_not_read_anywhere_but_from_its_beginning() {
    let trees = [1, 2, 3].map(|seed| Tree::default().with("file", noise(seed, 5000)));
    let (patch, _) = joined(&patch(&trees[0], &trees[1]), &patch(&trees[1], &trees[2])).unwrap();
    let index = PatchReader::new(&patch[..]).unwrap().index().clone();
    let mut anywhere = StretchReader::new(index, Cursor::new(patch), 0);
    assert!(matches!(anywhere.stretch(0, (0, 1), &trees[0]).map(|_| ()), Err(PatchError::Joined)));
}

#[test]
fn a_wrong_old_tree_gives_no_wrong_byte() {
    let trees = [0, 1, 2].map(|version| Tree::default().with("a", text(version, 200)).with("b", noise(7, 300)));
    let (patch, _) = joined(&patch(&trees[0], &trees[1]), &patch(&trees[1], &trees[2])).unwrap();
    let mut wrong = trees[0].clone();
    let mut bytes = wrong.bytes(&path("a")).to_vec();
    bytes[1000] ^= 1;
    wrong.nodes.insert(path("a"), Node::File(bytes, false));
    let mut reader = PatchReader::new(&patch[..]).unwrap();
    let mut file = reader.next_file(&wrong, Way::Whole).unwrap();
    let error = loop {
        match file.next_piece() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it was accepted"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, PatchError::References { .. } | PatchError::Made { .. }), "{error:?}");
}

/// `UNTORN_BLESS=1` makes the golden patch anew: only for a new format number.
#[test]
fn a_joined_patch_stays_readable() {
    let source = Source::new(150);
    let mut again = source.clone();
    again.functions.insert(3, 1000);
    let mut more = again.clone();
    more.functions.insert(9, 1001);
    let programs = [source.elf(), again.elf(), more.elf()];
    let trees: Vec<_> = (0..3_u64)
        .zip(programs)
        .map(|(version, game)| {
            Tree::default().with("game", game).with("text", text(version, 300)).with(&format!("noise{version}"), noise(5, 999))
        })
        .collect();
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/joined.v2");
    if env::var_os("UNTORN_BLESS").is_some() {
        let (patch, _) = joined(&patch(&trees[0], &trees[1]), &patch(&trees[1], &trees[2])).unwrap();
        fs::write(&golden, patch).unwrap();
    }
    for way in [Way::Whole, Way::InPlace] {
        assert!(apply(&trees[0], &fs::read(&golden).unwrap(), way).unwrap().nodes == trees[2].nodes, "{way:?}");
    }
}
