//! Schedules of patches between random builds, followed byte by byte: nothing is read after it was destroyed, and everything is made once.

#![expect(clippy::cast_possible_truncation, reason = "lengths of tests are short")]

use std::{collections::BTreeMap, fs, fs::File, path::Path};

use untorn_delta::PatchReader;
use untorn_format::patch::{Before, Change, Index, Op};

use super::schedule::{Act, Part, Schedule, What};
use crate::{DiffOptions, Search, diff};

const STEP_LEN: u64 = 64 << 10;

/// Bytes that do not repeat.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}

type Files = Vec<(&'static str, Vec<u8>)>;

fn index(old: &Files, new: &Files) -> Index {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let fill = |dir: &Path, files: &Files| {
        fs::create_dir(dir).unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(dir.join(name), bytes).unwrap());
    };
    fill(&at("old"), old);
    fill(&at("new"), new);
    let mut options = DiffOptions::default();
    (options.level, options.search) = (1, Search::Everything);
    diff(&at("old"), &at("new"), &at("patch"), &options).unwrap();
    PatchReader::new(File::open(at("patch")).unwrap()).unwrap().index().clone()
}

/// What stands where in the old files, and is not there any more.
struct Gone<'i> {
    index: &'i Index,
    bytes: BTreeMap<String, Vec<bool>>,
}

impl<'i> Gone<'i> {
    fn nothing(index: &'i Index) -> Self {
        let old = |change: &Change| match change.before {
            Before::File { len, .. } => Some((change.path.to_string(), vec![false; len as usize])),
            _ => None,
        };
        Self { index, bytes: index.changes().as_slice().iter().filter_map(old).collect() }
    }

    /// Every byte of the old files that a part needs.
    fn needs(&self, part: &Part) -> Vec<(String, u64, u64)> {
        let changes = self.index.changes().as_slice();
        let mut literal: u64 = changes[..part.change].iter().filter_map(Change::file).map(|file| file.literal_len()).sum();
        let (Some(file), Some((start, len))) = (changes[part.change].file(), part.stretch()) else { return Vec::new() };
        let source = |source: u32| &self.index.sources()[source as usize];
        let (mut at, mut needs) = (0, Vec::new());
        for op in &file.ops {
            let (from, to) = (at.max(start), (at + op.len()).min(start + len));
            match *op {
                _ if from >= to => {}
                Op::Copy { source: number, at: begin, .. } => {
                    needs.push((source(number).path.to_string(), begin + from - at, to - from));
                }
                Op::Adapt { source: number, .. } => {
                    needs.push((source(number).path.to_string(), 0, source(number).len));
                    needs.extend(self.references(literal, literal + op.literal_len()));
                }
                Op::Literal { .. } => needs.extend(self.references(literal + from - at, literal + to - at)),
                Op::Restore { number, .. } => {
                    let restored = &file.restored[number as usize];
                    let inner = restored
                        .ops
                        .iter()
                        .filter_map(|op| if let Op::Copy { source, at, len } = *op { Some((source, at, len)) } else { None });
                    for (number, at, len) in inner.chain(restored.like.map(|like| (like, 0, 0))) {
                        let source = self.index.source(number).unwrap();
                        let (from, to) = source.range(at, len);
                        needs.push((source.file.path.to_string(), from, to - from));
                    }
                    needs.extend(self.references(literal, literal + op.literal_len()));
                }
                Op::Keep { .. } => {}
            }
            at += op.len();
            literal += op.literal_len();
        }
        needs
    }

    fn references(&self, from: u64, to: u64) -> Vec<(String, u64, u64)> {
        let (mut begin, mut found) = (0, Vec::new());
        for frame in self.index.frames() {
            if begin < to && from < begin + frame.len {
                found.extend(frame.references.iter().map(|it| {
                    let source = self.index.source(it.source).unwrap();
                    let (from, to) = source.range(it.at, it.len);
                    (source.file.path.to_string(), from, to - from)
                }));
            }
            begin += frame.len;
        }
        found
    }

    fn destroy(&mut self, part: &Part) {
        let change = &self.index.changes().as_slice()[part.change];
        let Some(bytes) = self.bytes.get_mut(change.path.as_str()) else { return };
        let new_len = change.file().map_or(0, |file| file.len);
        let (from, to) = match part.what {
            What::Remove | What::Whole { .. } => (0, bytes.len()),
            What::Cut => (new_len as usize, bytes.len()),
            What::Stretch { at, len } => (at as usize, (at + len) as usize),
        };
        let (from, to) = (from.min(bytes.len()), to.min(bytes.len()));
        bytes[from..to].fill(true);
    }
}

/// Does the steps one by one.
fn follow(index: &Index, schedule: &Schedule) -> Result<(), String> {
    let mut gone = Gone::nothing(index);
    let (mut made, mut placed) = (vec![0; schedule.parts.len()], vec![0; schedule.parts.len()]);
    for (step, acts) in schedule.steps.iter().enumerate() {
        for act in acts {
            let (Act::Make(number) | Act::Stash(number)) = act else { continue };
            for (path, at, len) in gone.needs(&schedule.parts[*number]) {
                let Some(bytes) = gone.bytes.get(&path) else { continue };
                if bytes[at as usize..(at + len) as usize].contains(&true) {
                    return Err(format!("step {step}: part {number} needs bytes of {path} that are gone"));
                }
            }
        }
        for act in acts {
            let (Act::Make(number) | Act::Stash(number) | Act::Place(number)) = *act;
            made[number] += u32::from(!matches!(act, Act::Place(_)));
            placed[number] += u32::from(!matches!(act, Act::Stash(_)));
            if made[number] == 0 {
                return Err(format!("step {step}: part {number} was not put aside"));
            }
            if let Act::Make(number) | Act::Place(number) = *act {
                gone.destroy(&schedule.parts[number]);
            }
        }
    }
    let is_once = made.iter().chain(&placed).all(|times| *times == 1);
    if is_once { Ok(()) } else { Err(format!("made {made:?}, placed {placed:?}")) }
}

/// New files of pieces of old ones, from anywhere to anywhere.
fn shuffled(seed: u64) -> (Files, Files) {
    let names = ["a", "b", "c", "d"];
    let dice = noise(400, seed + 1000);
    let mut dice = dice.iter().map(|die| usize::from(*die));
    let mut roll = |limit: usize| (dice.next().unwrap() << 8 | dice.next().unwrap()) % limit;
    let old: Files =
        names.iter().enumerate().map(|(at, name)| (*name, noise(9000 + roll(60_000), seed * 8 + at as u64))).collect();
    let mut new = Files::new();
    for (number, name) in names.iter().enumerate() {
        let mut bytes = Vec::new();
        match roll(6) {
            0 => continue,
            1 => bytes = [&noise(1 + roll(9), seed), &old[number].1[..]].concat(),
            2 => bytes = old[number].1[1 + roll(3000)..].to_vec(),
            _ => {
                for _ in 0..=roll(5) {
                    let from = &old[roll(names.len())].1;
                    let at = roll(from.len() - 4000);
                    bytes.extend_from_slice(&from[at..(at + 4000 + roll(40_000)).min(from.len())]);
                    bytes.extend(noise(roll(3000), seed + 77));
                }
            }
        }
        new.push((*name, bytes));
    }
    (old, new)
}

#[test]
fn nothing_is_read_after_it_was_destroyed() {
    let mut stashes = 0;
    for seed in 0..60 {
        let (old, new) = shuffled(seed);
        let index = index(&old, &new);
        for in_place in [true, false] {
            let schedule = Schedule::of(&index, STEP_LEN, in_place).unwrap();
            follow(&index, &schedule).unwrap_or_else(|what| panic!("seed {seed}, in place {in_place}: {what}"));
            stashes += u32::from(schedule.stash_len_max > 0);
        }
    }
    assert!(stashes > 10, "only {stashes} had a circle");
}

/// The oracle is worth something: steps in another order are found out.
#[test]
fn a_mistake_in_the_order_is_seen() {
    let pak = noise(4 << 20, 1);
    let index = index(&vec![("pak", pak.clone())], &vec![("pak", [&b"seven b"[..], &pak].concat())]);
    let schedule = Schedule::of(&index, STEP_LEN, true).unwrap();
    assert!(schedule.steps.len() > 5);
    follow(&index, &schedule).unwrap();
    for step in 1..schedule.steps.len() {
        let mut wrong = schedule.clone();
        wrong.steps.swap(step - 1, step);
        assert!(follow(&index, &wrong).is_err(), "steps {step} and the one before it");
    }
    let mut wrong = schedule.clone();
    wrong.steps.reverse();
    assert!(follow(&index, &wrong).is_err());
    assert_ne!(wrong.hash(), schedule.hash());
}

#[test]
fn what_shifts_puts_nothing_aside_and_a_circle_the_least() {
    let pak = noise(4 << 20, 1);
    for (old, new) in [(pak[7..].to_vec(), pak.clone()), (pak.clone(), pak[7..].to_vec())] {
        let index = index(&vec![("pak", old)], &vec![("pak", new)]);
        assert_eq!(Schedule::of(&index, STEP_LEN, true).unwrap().stash_len_max, 0);
    }
    let (long, short) = (noise(3 << 20, 2), noise(1 << 20, 3));
    let old = vec![("a", long.clone()), ("b", short.clone())];
    let new = vec![("a", [b"x", &short[..]].concat()), ("b", [b"y", &long[..]].concat())];
    let index = index(&old, &new);
    let schedule = Schedule::of(&index, STEP_LEN, true).unwrap();
    follow(&index, &schedule).unwrap();
    assert!((1..=(short.len() as u64 + 8192)).contains(&schedule.stash_len_max), "{}", schedule.stash_len_max);
}
