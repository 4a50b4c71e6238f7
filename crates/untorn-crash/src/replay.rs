//! How it came to a state, as a text that plays it again.

use std::{fmt, io::ErrorKind, str::FromStr};

use untorn_sim::{CrashId, Fault, FaultKind};

use crate::{BoxError, boot::Boot, oracle::Side, workload::Workload};

/// What was done, and every power cut since.
///
/// `<workload>[ ! <fault>][ @ <crash>[ ! <fault>]]...`, where a fault is `<call> <kind>[ sticky]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The name of the workload.
    pub workload: String,
    /// What went wrong in it.
    pub fault: Option<Fault>,
    /// The power cuts, the first one first.
    pub turns: Vec<Turn>,
}

/// A power cut, and what went wrong in the recovery after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The power cut.
    pub crash: CrashId,
    /// The fault.
    pub fault: Option<Fault>,
}

impl Story {
    /// The beginning of a story.
    #[must_use]
    pub fn of(workload: &Workload) -> Self {
        Self { workload: workload.to_string(), fault: None, turns: Vec::new() }
    }
}

/// Plays the one story that `text` tells, as a [`crate::Violation`] prints it.
///
/// # Errors
/// What it finds; or why the text tells no story.
pub fn replay(text: &str) -> Result<Option<Side>, BoxError> {
    let story: Story = text.parse()?;
    let workload: Workload = story.workload.parse()?;
    let run = workload.run()?;
    let mut boot = Boot::perform(&run.before.fork(), &|fs| workload.perform(fs), story.fault, &run.oracle)?;
    for turn in story.turns {
        let state = boot.recording.replay(&turn.crash).ok_or("no such crash")?;
        let must = boot.must(&state);
        boot = Boot::open(&state.fs(), turn.fault, &run.oracle, must, true)?;
    }
    Ok(boot.found())
}

const KINDS: [(&str, FaultKind); 10] = [
    ("eio", FaultKind::Error(ErrorKind::Other)),
    ("full", FaultKind::Error(ErrorKind::StorageFull)),
    ("quota", FaultKind::Error(ErrorKind::QuotaExceeded)),
    ("denied", FaultKind::Error(ErrorKind::PermissionDenied)),
    ("readonly", FaultKind::Error(ErrorKind::ReadOnlyFilesystem)),
    ("stale", FaultKind::Error(ErrorKind::StaleNetworkFileHandle)),
    ("lost-answer", FaultKind::ErrorAfter(ErrorKind::Other)),
    ("lost-answer-full", FaultKind::ErrorAfter(ErrorKind::StorageFull)),
    ("short", FaultKind::Short),
    ("kill", FaultKind::Kill),
];

/// The ways in which calls are made to fail, by name.
#[must_use]
pub fn fault(name: &str, sticky: bool) -> Option<Fault> {
    KINDS.iter().find(|(other, _)| *other == name).map(|(_, kind)| Fault { call: 1, kind: *kind, sticky })
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.workload)?;
        write_fault(f, self.fault)?;
        self.turns.iter().try_for_each(|turn| {
            write!(f, " @ {}", turn.crash)?;
            write_fault(f, turn.fault)
        })
    }
}

fn write_fault(f: &mut fmt::Formatter<'_>, fault: Option<Fault>) -> fmt::Result {
    let Some(fault) = fault else { return Ok(()) };
    let name = KINDS.iter().find(|(_, kind)| *kind == fault.kind).map_or("?", |(name, _)| name);
    write!(f, " ! {} {name}{}", fault.call, if fault.sticky { " sticky" } else { "" })
}

impl FromStr for Story {
    type Err = BoxError;

    fn from_str(text: &str) -> Result<Self, BoxError> {
        let mut parts = text.split(" @ ");
        let (workload, fault) = with_fault(parts.next().unwrap_or_default())?;
        let turn = |part| {
            let (crash, fault) = with_fault(part)?;
            Ok::<_, BoxError>(Turn { crash: crash.parse()?, fault })
        };
        Ok(Self { workload: workload.to_owned(), fault, turns: parts.map(turn).collect::<Result<_, _>>()? })
    }
}

fn with_fault(part: &str) -> Result<(&str, Option<Fault>), BoxError> {
    let Some((what, text)) = part.split_once(" ! ") else { return Ok((part, None)) };
    let words: Vec<&str> = text.split(' ').collect();
    let [call, name, ref rest @ ..] = words[..] else { return Err("a fault is <call> <kind>[ sticky]".into()) };
    let known = fault(name, rest == ["sticky"]).ok_or("no such fault")?;
    Ok((what, Some(Fault { call: call.parse()?, ..known })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_read_back_as_it_was_told() {
        for text in [
            "commit/strict/auto/drop/write-a",
            "commit/nfs/put/keep/write-a+remove-b ! 17 full sticky @ 3:1f",
            "rollback/strict/auto/drop/cut-a @ 3:1f:ab ! 2 kill @ 1:0",
        ] {
            assert_eq!(text.parse::<Story>().unwrap().to_string(), text);
        }
    }
}
