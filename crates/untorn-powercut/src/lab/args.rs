//! What was asked for.

use std::{path::PathBuf, str::FromStr, time::Duration};

use super::file_system::{FILE_SYSTEMS, FileSystem};

pub(super) const USAGE: &str = include_str!("usage.txt");

/// The options.
#[derive(Clone, Debug)]
pub(super) struct Args {
    pub(super) time: Duration,
    pub(super) file_systems: Vec<&'static FileSystem>,
    pub(super) workloads: Vec<String>,
    pub(super) seed: u64,
    pub(super) jobs: usize,
    pub(super) states_max: usize,
    pub(super) nested_max: usize,
    pub(super) game: Option<(PathBuf, PathBuf)>,
    pub(super) program: Option<PathBuf>,
    pub(super) controls: bool,
    pub(super) media: bool,
    pub(super) replay: Option<PathBuf>,
    pub(super) keep: PathBuf,
    pub(super) log: Option<PathBuf>,
    pub(super) list: bool,
}

impl Args {
    /// Reads them.
    ///
    /// # Errors
    /// The first that is not understood.
    pub(super) fn read(words: &[String]) -> Result<Self, String> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut args = Self {
            time: Duration::from_secs(60),
            file_systems: FILE_SYSTEMS.iter().collect(),
            workloads: Vec::new(),
            seed: 1,
            jobs: 2 * cores,
            states_max: 250,
            nested_max: 12,
            game: None,
            program: None,
            controls: false,
            media: false,
            replay: None,
            keep: PathBuf::from("target/powercut"),
            log: None,
            list: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--minutes" => args.time = minutes(value()?)?,
                "--file-system" => args.file_systems = value()?.split(',').map(file_system).collect::<Result<_, _>>()?,
                "--workload" => args.workloads = value()?.split(',').map(str::to_owned).collect(),
                "--seed" => args.seed = number(value()?)?,
                "--jobs" => args.jobs = number::<usize>(value()?)?.max(1),
                "--states" => args.states_max = number(value()?)?,
                "--nested" => args.nested_max = number(value()?)?,
                "--tree" => args.game = Some((value()?.into(), value()?.into())),
                "--program" => args.program = Some(value()?.into()),
                "--controls" => args.controls = true,
                "--media" => args.media = true,
                "--replay" => args.replay = Some(value()?.into()),
                "--keep" => args.keep = value()?.into(),
                "--log" => args.log = Some(value()?.into()),
                "--list" => args.list = true,
                _ => return Err(format!("what is {word:?}?")),
            }
        }
        Ok(args)
    }
}

/// What stands behind `--` belongs to another program.
pub(super) fn ask_for_help(words: &[String]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--help" || word == "-h")
}

pub(super) fn number<T: FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word:?} is no number that fits"))
}

pub(super) fn minutes(word: &str) -> Result<Duration, String> {
    let minutes: f64 = number(word)?;
    Duration::try_from_secs_f64(minutes * 60.0).map_err(|_| format!("{word:?} minutes cannot be waited for"))
}

pub(super) fn file_system(name: &str) -> Result<&'static FileSystem, String> {
    FILE_SYSTEMS.iter().find(|fs| fs.name == name).ok_or_else(|| format!("there is no file system {name:?}; --list lists them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_refused() {
        let read = |words: &[&str]| Args::read(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["--minutes", "0.5", "--file-system", "xfs,btrfs"]).unwrap().file_systems.len(), 2);
        for wrong in
            [&["--minutes"][..], &["--minutes", "-1"], &["--minutes", "nan"], &["--file-system", "/dev/sda"], &["/dev/sda"]]
        {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
