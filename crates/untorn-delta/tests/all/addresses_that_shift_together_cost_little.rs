//! Executables that were built again: what only has another address costs next to nothing, whatever else was changed; and whatever stands in an
//! executable or in the program of a patch, the result is right or refused.

use std::io::Write;
use std::path::PathBuf;
use std::{env, fs};

use crate::programs::Source;
use crate::trees::{Tree, apply, noise, patch, patch_with};
use lzma_rust2::{Lzma2Options, Lzma2Writer, LzmaOptions};
use proptest::prelude::*;
use untorn_delta::{Options, PatchReader, Way};
use untorn_format::Hash;
use untorn_format::patch::{After, Changes, Header, Index, Op};

fn built_again(source: &Source) -> Source {
    let mut again = source.clone();
    again.functions.insert(3, 1000);
    again.functions.insert(60, 1001);
    again.functions.remove(100);
    again
}

fn pair(old: Vec<u8>, new: Vec<u8>) -> (Tree, Tree) {
    (Tree::default().with("game", old), Tree::default().with("game", new))
}

/// The patch must lead to the new tree both ways.
fn check(old: &Tree, new: &Tree, patch: &[u8]) {
    for way in [Way::Whole, Way::InPlace] {
        assert!(apply(old, patch, way).unwrap().nodes == new.nodes, "{way:?}");
    }
}

#[test]
fn a_program_that_shifts_costs_little_more_than_its_new_functions() {
    let source = Source::new(2000);
    for (build, len_max) in [(Source::elf as fn(&Source) -> Vec<u8>, 2200), (Source::pe, 5000)] {
        let (old, new) = pair(build(&source), build(&built_again(&source)));
        let (patch, report) = patch_with(&old, &new, &Options::default());
        assert!(report.adapted_len > 150_000, "{report:?}");
        assert!(report.patch_len < len_max, "{report:?}");
        check(&old, &new, &patch);
    }
}

#[test]
fn what_is_no_executable_or_looks_like_another_old_one_is_not_adapted() {
    let (old, new) = pair(noise(1, 50_000), Source::new(100).elf());
    assert_eq!(patch_with(&old, &new, &Options::default()).1.adapted_len, 0);
    let (old, new) = pair(Source::new(100).elf(), noise(1, 50_000));
    assert_eq!(patch_with(&old, &new, &Options::default()).1.adapted_len, 0);
}

#[test]
fn a_file_without_its_old_path_is_adapted_from_the_one_it_resembles() {
    let source = Source::new(300);
    let old = Tree::default().with("bin/game", source.elf());
    let new = Tree::default().with("game", built_again(&source).elf());
    let (patch, report) = patch_with(&old, &new, &Options::default());
    assert!(report.adapted_len > 0, "{report:?}");
    check(&old, &new, &patch);
}

#[test]
fn equal_bytes_are_made_of_equal_builds() {
    let source = Source::new(300);
    let (old, new) = pair(source.elf(), built_again(&source).elf());
    assert!(patch(&old, &new) == patch(&old, &new));
}

/// `UNTORN_BLESS=1` makes the golden patch anew: only for a new format number.
#[test]
fn a_patch_of_a_program_stays_readable() {
    let source = Source::new(150);
    let (old, new) = pair(source.elf(), built_again(&source).elf());
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/program.v2");
    if env::var_os("UNTORN_BLESS").is_some() {
        fs::write(&golden, patch(&old, &new)).unwrap();
    }
    check(&old, &new, &fs::read(golden).unwrap());
}

/// The patch with another program for its only adapted file, all checksums right.
fn with_program(patch: &[u8], program: Vec<u8>) -> Option<Vec<u8>> {
    let reader = PatchReader::new(patch).unwrap();
    let (header, index) = (reader.header().clone(), reader.index().clone());
    let mut changes = index.changes().as_slice().to_vec();
    let After::File(file) = &mut changes[0].after else { panic!("the game is a file") };
    assert!(matches!(file.ops[..], [Op::Adapt { .. }]));
    file.program = program;
    let parts = (index.sources().to_vec(), index.frames().to_vec(), *index.sums());
    let index = Index::new(Changes::new(changes).ok()?, parts.0, parts.1, parts.2).ok()?;
    let (facts, digests) = index.encode();
    let stored = lzma(&facts);
    let frames = &patch[patch.len() - usize::try_from(header.frames_len).unwrap()..];
    let header = Header {
        restores: false,
        facts_stored_len: stored.len() as u64,
        facts_len: facts.len() as u64,
        digests_len: digests.len() as u64,
        index_hash: Hash::of(&[&stored[..], &digests].concat()),
        ..header
    };
    Some([&header.encode()[..], &stored, &digests, frames].concat())
}

/// As the facts are compressed.
fn lzma(bytes: &[u8]) -> Vec<u8> {
    let mut options = LzmaOptions::with_preset(1);
    options.dict_size = u32::try_from(bytes.len()).unwrap().max(4096);
    let mut writer = Lzma2Writer::new(Vec::new(), Lzma2Options { lzma_options: options, ..Default::default() });
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn program_of(patch: &[u8]) -> Vec<u8> {
    PatchReader::new(patch).unwrap().index().changes().as_slice()[0].file().unwrap().program.clone()
}

/// Refused, or by chance right.
fn right_or_refused(old: &Tree, new: &Tree, patch: &[u8]) -> bool {
    apply(old, patch, Way::Whole).is_ok_and(|made| {
        assert!(made.nodes == new.nodes);
        true
    })
}

#[test]
fn a_forged_program_is_refused() {
    let source = Source::new(120);
    let (old, new) = pair(source.elf(), built_again(&source).elf());
    let made = patch(&old, &new);
    let program = program_of(&made);
    assert!(right_or_refused(&old, &new, &with_program(&made, program.clone()).unwrap()));
    let mut right = 0;
    for at in 0..program.len() {
        for change in [1, 0x80, 0xff] {
            let mut forged = program.clone();
            forged[at] ^= change;
            right += usize::from(right_or_refused(&old, &new, &with_program(&made, forged).unwrap()));
        }
        if let Some(patch) = with_program(&made, program[..at].to_vec()) {
            right += usize::from(right_or_refused(&old, &new, &patch));
        }
    }
    assert!(right < 10, "{right} forged programs lead to the right file");
    for seed in 0..3000 {
        let random = noise(seed, 1 + usize::try_from(seed % 300).unwrap());
        assert!(!right_or_refused(&old, &new, &with_program(&made, random.clone()).unwrap()), "{seed}");
        // The first stream stays, the second does not.
        let keep = usize::from(program[0] & 0x7f | program[1] << 7).min(program.len());
        assert!(!right_or_refused(&old, &new, &with_program(&made, [&program[..keep], &random].concat()).unwrap()), "{seed}");
    }
}

#[test]
fn a_program_that_makes_more_or_less_than_the_file_is_refused() {
    let source = Source::new(120);
    let (old, new) = pair(source.elf(), built_again(&source).elf());
    let (other_old, other_new) = pair(source.elf(), source.elf()[..5000].to_vec());
    let made = patch(&old, &new);
    assert!(apply(&other_old, &patch(&other_old, &other_new), Way::Whole).is_ok());
    for other in [Source::new(119).elf(), Source::new(140).elf()] {
        let (_, other) = pair(Vec::new(), other);
        let other = patch(&old, &other);
        let forged = with_program(&made, program_of(&other)).unwrap();
        assert!(apply(&old, &forged, Way::Whole).is_err());
    }
}

fn edits() -> impl Strategy<Value = Vec<(usize, u8, usize)>> {
    prop::collection::vec((0..20_000_usize, any::<u8>(), 0..40_usize), 0..30)
}

/// Overwrites, inserts and removes bytes.
fn edited(mut bytes: Vec<u8>, edits: &[(usize, u8, usize)]) -> Vec<u8> {
    for (at, byte, len) in edits {
        let at = at % bytes.len().max(1);
        match len % 3 {
            0 => bytes[at] = *byte,
            1 => drop(bytes.splice(at..at, noise(u64::from(*byte), *len))),
            _ => drop(bytes.drain(at..bytes.len().min(at + len))),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn programs_with_any_functions_and_any_edits_are_made_anew(
        functions in prop::collection::vec(0..200_u64, 40..160),
        head in edits(),
        body in edits(),
        is_elf in any::<bool>(),
    ) {
        let mut unique = functions;
        unique.sort_unstable_by_key(|function| function * 7919 % 211);
        unique.dedup();
        prop_assume!(unique.len() >= 40);
        let build = if is_elf { Source::elf } else { Source::pe };
        let old = edited(build(&Source::new(160)), &head);
        let mut new = edited(build(&Source { functions: unique }), &body);
        // Also what a header says may be nonsense.
        for (at, byte, _) in &head {
            let at = at % 0x200.min(new.len());
            if at > 4 {
                new[at] = *byte;
            }
        }
        let (old, new) = pair(old, new);
        check(&old, &new, &patch(&old, &new));
    }
}
