//! Negative controls: the library with mistakes, in a process that the laboratory for power cuts has for them, killed and failed at its calls as the program is.
//!
//! A kill leaves the page cache alone, so no missing barrier can be noticed here. What can be is what is done in the wrong order, and what is said that is not true.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use untorn_strace::{self as strace, Injection};

use super::arena::{Content, RECOVER, content, copy};

/// Those that must be noticed; the others may be.
const NOTICED: &[&str] = &[
    "changed-before-the-decision",
    "decided-before-the-plan",
    "decided-before-the-redo-file",
    "cleared-before-it-is-applied",
    "stage-deleted-before-b4",
    "a-failed-decision-not-taken-back",
];

/// Calls between which the order of things shows.
const CALLS: &[&str] =
    &["pwrite64", "ftruncate", "fdatasync", "syncfs", "renameat2", "renameat", "linkat", "unlinkat", "mkdirat"];

/// Plays each mistake until it is noticed; the findings are mistakes that were not, and what the twin without one should not do.
pub(super) fn run(untorn: &Path, laboratory: &Path, stride: usize) -> Result<Vec<String>, String> {
    let dir = std::env::temp_dir().join(format!("untorn-controls-{}", std::process::id()));
    let ground = Ground::new(untorn, laboratory, &dir);
    let findings = ground.and_then(|(mut ground, mistakes)| ground.play(&mistakes, stride));
    drop(fs::remove_dir_all(&dir));
    findings
}

struct Ground {
    untorn: PathBuf,
    laboratory: PathBuf,
    dir: PathBuf,
    transaction: String,
    before: Content,
    after: Content,
}

/// What came of one mistake.
#[derive(Default)]
struct Outcome {
    runs: usize,
    noticed: Option<String>,
}

impl Ground {
    fn new(untorn: &Path, laboratory: &Path, dir: &Path) -> Result<(Self, Vec<String>), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", dir.display());
        fs::create_dir_all(dir).map_err(failed)?;
        let listed = output(Command::new(laboratory).args(["mistakes", "start"]).current_dir(dir))?;
        let mut lines = listed.lines().map(str::to_owned);
        let transaction = lines.next().ok_or("the laboratory names no transaction")?;
        let (untorn, laboratory, dir) = (untorn.to_owned(), laboratory.to_owned(), dir.to_owned());
        let mut ground = Self { untorn, laboratory, dir, transaction, before: Content::new(), after: Content::new() };
        ground.reset()?;
        ground.before = ground.now()?;
        output(Command::new(&ground.laboratory).args(ground.act("none")).current_dir(&ground.dir))?;
        ground.after = ground.now()?;
        Ok((ground, lines.collect()))
    }

    fn act(&self, mistake: &str) -> Vec<String> {
        ["act", "tree", &self.transaction, mistake].map(str::to_owned).to_vec()
    }

    fn now(&self) -> Result<Content, String> {
        content(&self.dir.join("tree")).map_err(|error| format!("the tree: {error}"))
    }

    /// The tree before, under care.
    fn reset(&self) -> Result<(), String> {
        let tree = self.dir.join("tree");
        if tree.exists() {
            fs::remove_dir_all(&tree).map_err(|error| format!("the tree: {error}"))?;
        }
        copy(&self.dir.join("start"), &tree).map_err(|error| format!("the tree: {error}"))?;
        output(Command::new(&self.untorn).args(RECOVER).current_dir(&self.dir)).map(drop)
    }

    fn play(&mut self, mistakes: &[String], stride: usize) -> Result<Vec<String>, String> {
        let mut findings = Vec::new();
        for mistake in mistakes {
            let outcome = self.mistake(mistake, stride)?;
            let must_be = NOTICED.contains(&mistake.as_str());
            println!("{mistake:<36} {:>5} runs: {}", outcome.runs, outcome.noticed.as_deref().unwrap_or("not noticed"));
            if outcome.noticed.is_some() && mistake == "none" || outcome.noticed.is_none() && must_be && stride == 1 {
                findings.push(format!("controls: {mistake}: {}", outcome.noticed.unwrap_or_else(|| "not noticed".into())));
            }
        }
        Ok(findings)
    }

    fn mistake(&self, mistake: &str, stride: usize) -> Result<Outcome, String> {
        let (words, mut outcome) = (self.act(mistake), Outcome::default());
        let args: Vec<&str> = words.iter().map(String::as_str).collect();
        self.reset()?;
        let counts = strace::count_in_one(&self.laboratory, &args, &self.dir, CALLS)?;
        for what in ["signal=KILL", "error=EIO"] {
            for (call, number) in strace::each(&counts).step_by(stride) {
                let injection = Injection { call, number, what: what.to_owned(), sticky: false };
                self.reset()?;
                let ended = strace::inject(&self.laboratory, &args, &self.dir, &injection)?;
                outcome.runs += 1;
                if let Some(why) = self.judge(&ended)? {
                    outcome.noticed = Some(format!("{} {} of {}: {why}", injection.what, injection.number, injection.call));
                    return Ok(outcome);
                }
            }
        }
        Ok(outcome)
    }

    /// What is not true, if anything.
    fn judge(&self, ended: &Output) -> Result<Option<String>, String> {
        let (found, said) = (self.now()?, String::from_utf8_lossy(&ended.stderr).into_owned());
        let is_unchanged = said.contains("Unchanged:");
        if ended.status.success() && found != self.after {
            return Ok(Some("it reported success, and the tree is not the new one".into()));
        }
        if is_unchanged && found != self.before {
            return Ok(Some("it called the tree unchanged, and it is another".into()));
        }
        let recovered = finished(Command::new(&self.untorn).args(RECOVER).current_dir(&self.dir))?;
        let now = self.now()?;
        let is_new_only = ended.status.success() || said.contains("WillComplete:");
        Ok(match (recovered.status.success(), now == self.before, now == self.after) {
            (false, ..) => Some("recovery refuses".into()),
            (true, false, false) => Some("after recovery the tree is a mixture".into()),
            (true, true, false) if is_new_only => Some("what was promised is gone".into()),
            (true, false, true) if is_unchanged => Some("it called the tree unchanged, and recovery changes it".into()),
            _ => None,
        })
    }
}

fn finished(command: &mut Command) -> Result<Output, String> {
    command.stdin(Stdio::null()).output().map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))
}

/// What it says, if it succeeds.
fn output(command: &mut Command) -> Result<String, String> {
    let output = finished(command)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}
