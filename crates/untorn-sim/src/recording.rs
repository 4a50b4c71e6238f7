//! Everything that happened to a file system, and every crash that could have happened meanwhile.

use std::sync::Arc;

use crate::{
    CrashId, CrashState, Image, Rng, Sampling,
    effect::{Effect, Event},
    enumerate::{Choice, Choices},
    pending::{Pending, effect_at},
    rng::mix,
};

/// What happened to a [`crate::SimFs`] since it was made or [settled](crate::SimFs::settle). All crash points of one run are enumerated from
/// it, without running again.
#[derive(Clone, Debug)]
pub struct Recording {
    pub(crate) base: Image,
    pub(crate) log: Arc<Vec<Event>>,
}

impl Recording {
    /// How many events were recorded; a crash may come before the first, after the last, and between any two.
    #[must_use]
    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// The states in which crashes leave the medium.
    ///
    /// A crash point whose states all occur at a later one too (with the same marks) is left out.
    #[must_use]
    pub fn crashes(&self, sampling: &Sampling) -> Crashes<'_> {
        Crashes { walk: Walk::new(self), sampling: sampling.clone(), choices: None }
    }

    /// As [`Recording::crashes`], but only those that come after the first `events` events: for a run that began like an earlier one.
    #[must_use]
    pub fn crashes_after(&self, events: usize, sampling: &Sampling) -> Crashes<'_> {
        let mut walk = Walk::new(self);
        while walk.point < events && walk.step().is_some() {}
        walk.fresh = true;
        Crashes { walk, sampling: sampling.clone(), choices: None }
    }

    /// The state with this name; `None` when this recording has no such state.
    #[must_use]
    pub fn replay(&self, id: &CrashId) -> Option<CrashState> {
        let mut walk = Walk::new(self);
        while walk.point < id.point {
            walk.step()?;
        }
        Some(walk.crash(Choice { kept: id.kept.clone(), tear: id.tear }))
    }
}

/// Iterator over the states after all crashes; see [`Recording::crashes`].
#[derive(Debug)]
pub struct Crashes<'a> {
    walk: Walk<'a>,
    sampling: Sampling,
    choices: Option<Choices>,
}

impl Iterator for Crashes<'_> {
    type Item = CrashState;

    fn next(&mut self) -> Option<CrashState> {
        loop {
            if let Some(choice) = self.choices.as_mut().and_then(Iterator::next) {
                return Some(self.walk.crash(choice));
            }
            self.choices = Some(self.walk.next_choices(&self.sampling)?);
        }
    }
}

/// The medium and the line before it, at one point of the recording.
#[derive(Debug)]
struct Walk<'a> {
    recording: &'a Recording,
    point: usize,
    durable: Image,
    pending: Pending,
    marks: Arc<[u32]>,
    /// A crash here may leave something that no earlier point showed.
    fresh: bool,
}

/// What a point of the recording is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    Nothing,
    Little,
    All,
}

impl<'a> Walk<'a> {
    fn new(recording: &'a Recording) -> Self {
        let durable = recording.base.clone();
        Self { recording, point: 0, durable, pending: Pending::default(), marks: Arc::default(), fresh: true }
    }

    fn next_choices(&mut self, sampling: &Sampling) -> Option<Choices> {
        loop {
            let worth = self.worth(sampling);
            if worth != Worth::Nothing {
                self.fresh = false;
                return Some(Choices::new(self.pending.needs(), sampling, self.point as u64, worth == Worth::Little));
            }
            self.step()?;
        }
    }

    fn worth(&self, sampling: &Sampling) -> Worth {
        let count = self.pending.choices();
        match self.recording.log.get(self.point) {
            _ if !self.fresh => Worth::Nothing,
            Some(Event::Made { .. }) => Worth::Nothing,
            Some(Event::Effect(_)) if count > sampling.all_up_to() => Worth::Little,
            Some(Event::Effect(_)) if count < sampling.all_up_to() => Worth::Nothing,
            _ => Worth::All,
        }
    }

    /// Past the next event.
    fn step(&mut self) -> Option<()> {
        let log = self.recording.log.as_slice();
        match log.get(self.point)? {
            Event::Made { ino, inode } => self.durable.put(*ino, inode.clone()),
            Event::Effect(_) => {
                self.pending.push(log, self.point, &self.durable);
                self.fresh = true;
            }
            Event::Settled(barrier) => self.pending.settle(log, *barrier, &mut self.durable),
            Event::Failed(barrier) => self.pending.lose(log, *barrier, self.durable.options.journaled_names),
            Event::Mark(mark) => {
                self.marks = self.marks.iter().copied().chain([*mark]).collect();
                self.fresh = true;
            }
        }
        self.point += 1;
        Some(())
    }

    fn crash(&self, choice: Choice) -> CrashState {
        let mut image = self.durable.clone();
        let mut rng = Rng::new(choice.tear);
        let damage_eighths = [1, 4, 8][(choice.tear >> 1) as usize % 3];
        let mut at = 0;
        for (event, settled) in self.pending.iter() {
            let kept = settled || choice.kept.has(at);
            at += usize::from(!settled);
            match effect_at(&self.recording.log, event) {
                Some(effect @ Effect::Data { .. }) if choice.tear != 0 && !settled => {
                    image.tear(effect, kept, damage_eighths, &mut rng);
                }
                Some(effect) if kept => image.apply(effect),
                _ => {}
            }
        }
        image.seed = mix(image.seed, self.point as u64);
        let id = CrashId { point: self.point, kept: choice.kept, tear: choice.tear };
        CrashState { id, image, marks: self.marks.clone() }
    }
}
