//! What came of it, for people, and for the log.

use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::campaign::{Outcome, Row};
use crate::lab::summary::said;

const HEAD: &[&str] = &[
    "updater",
    "ground",
    "states",
    "old",
    "new",
    "mixed",
    "damaged",
    "recovered",
    "run again",
    "lost",
    "stuck",
    "too early",
    "left",
    "hung",
    "KiB written",
    "flushes",
    "unmountable",
];

/// A table with a row for each updater and file system, and below it an example of what was torn.
pub(super) fn text(outcome: &Outcome) -> String {
    let mut text = format!("| {} |\n|{}\n", HEAD.join(" | "), "---|".repeat(HEAD.len()));
    for row in &outcome.rows {
        text.push_str(&line(row));
    }
    for row in &outcome.rows {
        if let Some((is_lost, example)) = &row.tally.example {
            let what = if *is_lost { "lost" } else { "torn" };
            text.push_str(&format!("{}, {}, {what}: {example}\n", row.recipe.name, row.ground));
        }
    }
    for why in &outcome.failures {
        text.push_str(&format!("could not be played: {why}\n"));
    }
    let states: u64 = outcome.rows.iter().map(|row| row.tally.states).sum();
    let seconds = outcome.elapsed.as_secs_f64();
    text.push_str(&format!("{states} states in {seconds:.0} s: {:.0} a second\n", states as f64 / seconds.max(0.001)));
    text
}

/// A line of the table.
pub(super) fn line(row: &Row) -> String {
    let tally = &row.tally;
    let counts = [
        tally.states,
        tally.old,
        tally.new,
        tally.mixed,
        tally.damaged,
        tally.recovered,
        tally.repaired,
        tally.lost,
        tally.stuck,
        tally.early,
        tally.leftovers,
        tally.hung,
    ];
    let or_none = |number: Option<u64>| number.map_or("-".into(), |number| number.to_string());
    let cells = [row.recipe.name.clone(), row.ground.into()].into_iter().chain(counts.map(|count| count.to_string())).chain([
        or_none(tally.written.map(|bytes| bytes >> 10)),
        or_none(tally.flushes),
        tally.unmountable.to_string(),
    ]);
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// A file to which a line of JSON is added for each row that is done.
pub(super) struct Log {
    path: PathBuf,
    seed: u64,
    revision: Option<String>,
    kernel: Option<String>,
}

impl Log {
    /// The revision is that of the directory that this is called in.
    pub(super) fn new(path: &Path, seed: u64) -> Self {
        let (revision, kernel) = (said("git", &["rev-parse", "--short=12", "HEAD"]), said("uname", &["-r"]));
        Self { path: path.into(), seed, revision, kernel }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn row(&self, row: &Row) -> Result<(), String> {
        let Row { recipe, version, ground, tally, .. } = row;
        self.add(&json!({
            "revision": self.revision, "kernel": self.kernel, "seed": self.seed, "updater": recipe.name, "version": version, "about": recipe.about,
            "promise": recipe.promise, "ground": ground, "recordings": tally.recordings, "states": tally.states, "old": tally.old, "new": tally.new,
            "mixed": tally.mixed, "damaged": tally.damaged, "recovered": tally.recovered, "repaired": tally.repaired, "lost": tally.lost,
            "stuck": tally.stuck, "early": tally.early, "leftovers": tally.leftovers, "hung": tally.hung, "written": tally.written,
            "flushes": tally.flushes, "unmountable": tally.unmountable, "example": tally.example.as_ref().map(|(_, text)| text),
        }))
    }

    /// Adds what could not be played.
    ///
    /// # Errors
    /// As [`Log::row`].
    pub(super) fn failure(&self, why: &str) -> Result<(), String> {
        self.add(&json!({ "revision": self.revision, "failure": why }))
    }

    fn add(&self, document: &Value) -> Result<(), String> {
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        file.and_then(|mut file| writeln!(file, "{document}")).map_err(|error| format!("{}: {error}", self.path.display()))
    }
}
