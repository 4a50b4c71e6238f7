//! A line of a shell, with an end.

use std::{process::Command, time::Duration};

use super::place::Place;
use crate::lab::child::{self, Ended, Silence};

/// So much of what a program says goes into a message.
const SAID_MAX: usize = 200;

/// How it ended.
#[derive(Debug)]
pub(super) enum Said {
    Ended(Ended),
    /// It took too long, and was killed, with all that it had started.
    Hung,
}

/// Runs it in a process namespace of its own: what it started ends with it.
///
/// # Errors
/// It could not be started.
pub(super) fn run(place: &Place, line: &str, limit: Duration) -> Result<Said, String> {
    words(place, &["sh".into(), "-e".into(), "-c".into(), place.fill(line)], limit)
}

/// The same for a program and its arguments.
pub(super) fn words(place: &Place, words: &[String], limit: Duration) -> Result<Said, String> {
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--kill-child=KILL", "--"]).args(words).current_dir(&place.work);
    command.envs([("LC_ALL", "C"), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")]).env("HOME", &place.work);
    match child::run_within(&mut command, &place.log, limit) {
        Ok(ended) => Ok(Said::Ended(ended)),
        Err(Silence::Hung) => Ok(Said::Hung),
        Err(Silence::Failed(why)) => Err(why),
    }
}

/// Runs one that has to succeed.
///
/// # Errors
/// It does not.
pub(super) fn expect(place: &Place, what: &str, line: &str, limit: Duration) -> Result<String, String> {
    match run(place, line, limit)? {
        Said::Ended(ended) if ended.code == Some(0) => Ok(ended.said),
        Said::Ended(ended) => Err(format!("{what} ends with {:?}: {}", ended.code, shortened(&ended.said))),
        Said::Hung => Err(format!("{what} did not end within {} s", limit.as_secs())),
    }
}

/// The beginning of what somebody said, as one line.
pub(super) fn shortened(said: &str) -> String {
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(SAID_MAX) {
        Some((end, _)) => format!("{}...", &words[..end]),
        None => words,
    }
}
