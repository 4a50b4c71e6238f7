//! What errors of the disk came to: a table of file systems, barriers, and whether the page cache outlived the error.

use std::{collections::BTreeMap, fmt};

use super::Answer;
use crate::lab::oracle::Verdict;

/// What came of some errors.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::lab) struct Cell {
    /// Errors that the program came to.
    errors: u64,
    /// How many of them it reported; of the others it noticed nothing, or could do without.
    reported: u64,
    /// How often the next opening refused, on the disk as it was.
    pub(super) refused: u64,
    old: u64,
    new: u64,
    unmountable: u64,
    broken: u64,
}

impl Cell {
    pub(super) fn count(&mut self, answer: &Answer, verdict: &Verdict) {
        self.errors += 1;
        self.reported += u64::from(!answer.is_success());
        match verdict {
            Verdict::Tree(0) => self.old += 1,
            Verdict::Tree(_) => self.new += 1,
            Verdict::Unmountable(_) => self.unmountable += 1,
            Verdict::Broken(_) => self.broken += 1,
        }
    }

    fn add(&mut self, other: &Self) {
        let Self { errors, reported, refused, old, new, unmountable, broken } = other;
        self.errors += errors;
        self.reported += reported;
        self.refused += refused;
        self.old += old;
        self.new += new;
        self.unmountable += unmountable;
        self.broken += broken;
    }
}

/// Where something rotted, and what became of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rotten {
    pub(super) flipped: u64,
    /// How often the program refused to go on.
    pub(super) refused: u64,
    /// How often it came back into the tree unnoticed, where nothing promises more.
    pub(super) passed_on: u64,
    pub(super) broken: u64,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(in crate::lab) struct Tally {
    errors: BTreeMap<(&'static str, usize, bool), Cell>,
    rotten: BTreeMap<(&'static str, &'static str), Rotten>,
}

impl Tally {
    pub(super) fn add(&mut self, file_system: &'static str, phase: usize, keeps_cache: bool, cell: Cell) {
        self.errors.entry((file_system, phase, keeps_cache)).or_default().add(&cell);
    }

    pub(super) fn rotten(&mut self, file_system: &'static str, kind: &'static str) -> &mut Rotten {
        self.rotten.entry((file_system, kind)).or_default()
    }

    /// Adds what another round came to.
    pub(in crate::lab) fn join(&mut self, other: &Self) {
        for (key, cell) in &other.errors {
            self.errors.entry(*key).or_default().add(cell);
        }
        for (key, Rotten { flipped, refused, passed_on, broken }) in &other.rotten {
            let all = self.rotten.entry(*key).or_default();
            all.flipped += flipped;
            all.refused += refused;
            all.passed_on += passed_on;
            all.broken += broken;
        }
    }
}

impl fmt::Display for Tally {
    /// Two tables, as `docs/testing.md` has them; nothing where there were no errors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.errors.is_empty() {
            writeln!(
                f,
                "| file system | barrier | page cache | errors | reported | next opening refused | old | new | unmountable | broken |"
            )?;
            writeln!(f, "|---|---|---|---|---|---|---|---|---|---|")?;
        }
        for ((file_system, phase, keeps_cache), cell) in &self.errors {
            let Cell { errors, reported, refused, old, new, unmountable, broken } = cell;
            let (barrier, cache) = (phase + 1, if *keeps_cache { "kept" } else { "dropped" });
            writeln!(
                f,
                "| {file_system} | B{barrier} | {cache} | {errors} | {reported} | {refused} | {old} | {new} | {unmountable} | {broken} |"
            )?;
        }
        if !self.rotten.is_empty() {
            writeln!(f, "\n| file system | rotten | bits | refused | passed on | broken |\n|---|---|---|---|---|---|")?;
        }
        for ((file_system, kind), Rotten { flipped, refused, passed_on, broken }) in &self.rotten {
            writeln!(f, "| {file_system} | {kind} | {flipped} | {refused} | {passed_on} | {broken} |")?;
        }
        Ok(())
    }
}
