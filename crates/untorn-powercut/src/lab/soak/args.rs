//! What was asked for.

use std::{path::PathBuf, time::Duration};

use crate::lab::args::{minutes, number};

pub(super) const USAGE: &str = include_str!("usage.txt");

/// The options.
#[derive(Clone, Debug)]
pub(super) struct Args {
    pub(super) time: Duration,
    pub(super) seed: u64,
    pub(super) files: u64,
    pub(super) jobs: u64,
    pub(super) dir: PathBuf,
    pub(super) program: PathBuf,
}

impl Args {
    /// Reads them.
    ///
    /// # Errors
    /// The first that is not understood.
    pub(super) fn read(words: &[String]) -> Result<Self, String> {
        let (time, dir) = (Duration::from_secs(60), PathBuf::from("target/soak"));
        let mut args = Self { time, seed: 1, files: 2000, jobs: 2, dir, program: PathBuf::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--minutes" => args.time = minutes(value()?)?,
                "--seed" => args.seed = number(value()?)?,
                "--files" => args.files = number::<u64>(value()?)?.clamp(20, 100_000),
                "--jobs" => args.jobs = number::<u64>(value()?)?.clamp(1, 64),
                "--dir" => args.dir = value()?.into(),
                "--program" => args.program = std::path::absolute(value()?).map_err(|error| error.to_string())?,
                _ => return Err(format!("what is {word:?}?\n{USAGE}")),
            }
        }
        if args.program.as_os_str().is_empty() { Err(format!("--program is missing: which untorn?\n{USAGE}")) } else { Ok(args) }
    }
}
