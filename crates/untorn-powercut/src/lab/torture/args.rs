//! What was asked for.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::recipe::Recipe;
use crate::lab::{
    args::{file_system, minutes, number},
    file_system::FileSystem,
};

pub(super) const USAGE: &str = include_str!("usage.txt");

/// The options.
#[derive(Clone, Debug)]
pub(super) struct Args {
    pub(super) start: Option<PathBuf>,
    pub(super) end: Option<PathBuf>,
    /// The updater of the command line, if there is one.
    own: Recipe,
    names: Vec<String>,
    pub(super) with: BTreeMap<String, String>,
    pub(super) file_systems: Vec<&'static FileSystem>,
    pub(super) recordings: u64,
    pub(super) states_max: usize,
    pub(super) time: Option<Duration>,
    pub(super) limit: Duration,
    pub(super) bystander: Duration,
    pub(super) kills: bool,
    pub(super) seed: u64,
    pub(super) jobs: usize,
    pub(super) log: Option<PathBuf>,
    pub(super) must_hold: bool,
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
            start: None,
            end: None,
            own: Recipe::named("command"),
            names: Vec::new(),
            with: BTreeMap::new(),
            file_systems: vec![file_system("ext4-ordered")?, file_system("xfs")?],
            recordings: 2,
            states_max: 250,
            time: None,
            limit: Duration::from_secs(20),
            bystander: Duration::from_millis(1),
            kills: false,
            seed: 1,
            jobs: 2 * cores,
            log: None,
            must_hold: false,
            list: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                args.own.update = words.by_ref().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
                break;
            }
            args.option(word, &mut words)?;
        }
        if args.start.is_some() != args.end.is_some() {
            return Err("--start and --end belong together".into());
        }
        Ok(args)
    }

    fn option<'a>(&mut self, word: &str, words: &mut impl Iterator<Item = &'a String>) -> Result<(), String> {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word {
            "--start" => self.start = Some(absolute(value()?)?),
            "--end" => self.end = Some(absolute(value()?)?),
            "--setup" => self.own.setup.clone_from(value()?),
            "--install" => self.own.install.clone_from(value()?),
            "--recover" => self.own.recover.clone_from(value()?),
            "--again" => self.own.again.clone_from(value()?),
            "--success" => self.own.success.clone_from(value()?),
            "--ignore" => self.own.ignore = value()?.split(',').map(str::to_owned).collect(),
            "--recipe" => self.names.extend(value()?.split(',').map(str::to_owned)),
            "--with" => {
                let (name, path) = value()?.split_once('=').ok_or("--with NAME=PATH")?;
                self.with.insert(name.into(), absolute(path)?.to_string_lossy().into_owned());
            }
            "--file-system" => self.file_systems = value()?.split(',').map(file_system).collect::<Result<_, _>>()?,
            "--recordings" => self.recordings = number::<u64>(value()?)?.max(1),
            "--states" => self.states_max = number(value()?)?,
            "--minutes" => self.time = Some(minutes(value()?)?),
            "--limit" => self.limit = Duration::from_secs(number::<u64>(value()?)?.clamp(1, 3600)),
            "--bystander" => self.bystander = Duration::from_millis(number::<u64>(value()?)?.max(1)),
            "--kills" => self.kills = true,
            "--seed" => self.seed = number(value()?)?,
            "--jobs" => self.jobs = number::<usize>(value()?)?.max(1),
            "--log" => self.log = Some(absolute(value()?)?),
            "--must-hold" => self.must_hold = true,
            "--list" => self.list = true,
            _ => return Err(format!("what is {word:?}? --help explains")),
        }
        Ok(())
    }

    /// The updaters to be tried.
    ///
    /// # Errors
    /// There is none, or none of such a name, or a file cannot be read.
    pub(super) fn recipes(&self) -> Result<Vec<Recipe>, String> {
        let named = self.names.iter().map(|name| Recipe::find(name));
        let own = (!self.own.update.is_empty()).then(|| Ok(self.own.clone()));
        let all = named.chain(own).collect::<Result<Vec<_>, String>>()?;
        if all.is_empty() && !self.list {
            Err("which updater? -- COMMAND, or --recipe NAME; --help explains".into())
        } else {
            Ok(all)
        }
    }
}

/// What it works in is not where it was started.
fn absolute(path: &str) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{path:?}: {error}"))
}

/// One word for a shell; placeholders stay what they are.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "{}/._-=+:,@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Args, String> {
        Args::read(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_command_is_one_line_of_a_shell() {
        let args = read(&["--seed", "7", "--", "cp", "-a", "a b's", "{tree}"]).unwrap();
        let recipes = args.recipes().unwrap();
        assert_eq!((args.seed, recipes.len()), (7, 1));
        assert_eq!(recipes[0].update, r"cp -a 'a b'\''s' {tree}");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for wrong in
            [&["--start", "a", "--", "x"][..], &["--limit"], &["--file-system", "/dev/sda"], &["/dev/sda"], &["--with", "a"]]
        {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
        assert!(read(&[]).unwrap().recipes().is_err());
        assert!(read(&["--recipe", "no-such-updater"]).unwrap().recipes().is_err());
    }
}
