//! The disk as its user sees it.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::{
    NAME,
    fault::{Fault, PHASES},
};
use crate::lab::state::{Event, State};

/// A disk, as a file that can be mounted; it is gone when this is dropped.
pub(in crate::lab) struct Disk {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    file: PathBuf,
}

impl Disk {
    /// A disk of `len` zeros, in the empty directory `dir`.
    pub(in crate::lab) fn new(dir: &Path, len: u64) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
        let mut command = Command::new(program);
        command.arg("disk").arg(dir).arg(len.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("the disk: {error}"))?;
        let (Some(commands), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("the disk has no pipes".into());
        };
        let mut disk = Self { process, commands, answers: BufReader::new(answers), file: dir.join(NAME) };
        disk.answer()?;
        Ok(disk)
    }

    /// What to mount.
    pub(in crate::lab) fn file(&self) -> &Path {
        &self.file
    }

    /// Makes it what this sparse file holds.
    pub(in crate::lab) fn load(&mut self, image: &Path) -> Result<(), String> {
        self.ask(&format!("load {}", image.display())).map(drop)
    }

    /// Writes it to a sparse file.
    pub(in crate::lab) fn save(&mut self, image: &Path) -> Result<(), String> {
        self.ask(&format!("save {}", image.display())).map(drop)
    }

    /// Begins a recording within the one before.
    pub(in crate::lab) fn record(&mut self) -> Result<(), String> {
        self.ask("record").map(drop)
    }

    /// Notes in the recording that the work begins, or that a step of it was reported done.
    pub(in crate::lab) fn mark(&mut self) -> Result<(), String> {
        self.ask("mark").map(drop)
    }

    /// Ends the recording.
    pub(in crate::lab) fn halt(&mut self) -> Result<Vec<Event>, String> {
        let outline = self.ask("halt")?;
        outline.split_whitespace().map(|word| event(word).ok_or_else(|| format!("the disk says {word:?}"))).collect()
    }

    /// Takes it back to where the innermost recording began; the one before is the innermost then.
    pub(in crate::lab) fn forget(&mut self) -> Result<(), String> {
        self.ask("forget").map(drop)
    }

    /// Makes it a state of the innermost recording.
    pub(in crate::lab) fn cut(&mut self, state: &State) -> Result<(), String> {
        let (torn, seed) = state.torn.map_or(("-".into(), "-".into()), |(number, seed)| (number.to_string(), seed.to_string()));
        let kept: String = state.kept.iter().map(|number| format!(" {number}")).collect();
        self.ask(&format!("cut {} {torn} {seed}{kept}", state.flushed)).map(drop)
    }

    /// Fails as told from now on; without a fault it is well.
    pub(in crate::lab) fn fail(&mut self, fault: Option<Fault>) -> Result<(), String> {
        let command = fault.map_or("heal".to_owned(), |fault| format!("fail {fault}"));
        self.ask(&command).map(drop)
    }

    /// The writes and flushes up to each barrier of the last step that was recorded.
    pub(in crate::lab) fn phases(&mut self) -> Result<[usize; PHASES], String> {
        let counts: Vec<usize> = self.ask("phases")?.split(' ').filter_map(|word| word.parse().ok()).collect();
        counts.try_into().map_err(|_| "the disk cannot count".to_owned())
    }

    /// How many calls were failed since it was told to fail.
    pub(in crate::lab) fn failed(&mut self) -> Result<usize, String> {
        self.ask("failed")?.parse().map_err(|_| "the disk cannot count".into())
    }

    /// Whoever waits for it gets errors from now on.
    pub(in crate::lab) fn kill(&mut self) {
        drop(self.process.kill());
    }

    fn ask(&mut self, command: &str) -> Result<String, String> {
        writeln!(self.commands, "{command}").map_err(|error| format!("the disk is gone: {error}"))?;
        let answer = self.answer()?;
        answer.strip_prefix("error ").map_or(Ok(answer.clone()), |why| Err(format!("the disk, asked {command:.40}: {why}")))
    }

    fn answer(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) => Err("the disk is gone".into()),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(format!("the disk is gone: {error}")),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.kill();
        drop(self.process.wait());
    }
}

fn event(word: &str) -> Option<Event> {
    Some(match word {
        "flush" => Event::Flush,
        "mark" => Event::Mark,
        _ => {
            let (offset, len) = word.split_once(':')?;
            Event::Write { offset: offset.parse().ok()?, len: len.parse().ok()? }
        }
    })
}
