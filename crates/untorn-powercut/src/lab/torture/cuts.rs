//! The power fails: one recording of an update, and the states that are made of it.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{boot::Boots, judge::Judge, line, place::Place, tally::Tally, trees::Found};
use crate::lab::{
    ground::{Ground, NotMounted},
    state::{Event, states},
};

/// One recording.
pub(super) struct Cuts<'a> {
    pub(super) ground: Ground,
    pub(super) place: Place,
    pub(super) judge: Judge<'a>,
    pub(super) boots: &'a Boots,
    pub(super) seed: u64,
    pub(super) states_max: usize,
    pub(super) deadline: Option<Instant>,
    /// How often somebody else syncs a file of theirs; in a quiet recording nobody does.
    pub(super) bystander: Option<Duration>,
}

impl Cuts<'_> {
    /// Records the update on an empty file system, and judges the states.
    ///
    /// # Errors
    /// What keeps it from being tried at all.
    pub(super) fn play(&mut self, image: &Path) -> Result<Tally, String> {
        self.install(image)?;
        let events = self.record()?;
        let mut tally = Tally { recordings: 1, ..Tally::default() };
        if self.bystander.is_none() {
            measure(&events, &mut tally);
        }
        for state in states(&events, self.seed, self.states_max) {
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                break;
            }
            self.ground.disk.cut(&state)?;
            self.boots.next();
            match self.ground.mount() {
                Ok(()) => {}
                Err(NotMounted::Refused(_)) => {
                    tally.unmountable += 1;
                    continue;
                }
                Err(NotMounted::Hung) => return Err("mounting hangs".into()),
            }
            let judged = self.judge.judge(&self.place, state.done > 0)?;
            self.ground.unmount()?;
            tally.note(&judged, &state.to_string());
        }
        Ok(tally)
    }

    fn install(&mut self, image: &Path) -> Result<(), String> {
        self.ground.disk.load(image)?;
        self.ground.mount()?;
        self.ground.keep_device()?;
        line::expect(&self.place, "install", &self.judge.recipe.install, self.judge.limit)?;
        let (found, ..) = self.judge.trees.look(&self.place.tree(), &self.judge.recipe.ignore);
        if found != Found::Old {
            return Err(format!("what was installed is not the tree before: {found:?}"));
        }
        self.ground.unmount()
    }

    fn record(&mut self) -> Result<Vec<Event>, String> {
        self.ground.disk.record()?;
        self.ground.mount()?;
        self.ground.disk.mark()?;
        let bystander = self.place.disk.join("bystander");
        let is_over = AtomicBool::new(false);
        let updated = thread::scope(|scope| {
            if let Some(pause) = self.bystander {
                let (bystander, is_over) = (&bystander, &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        // What comes of it is nobody's business.
                        drop(sync_a_file(bystander));
                        thread::sleep(pause);
                    }
                });
            }
            let updated = self.judge.update(&self.place);
            is_over.store(true, Ordering::Relaxed);
            updated
        });
        let (is_success, said) = updated?;
        if is_success {
            self.ground.disk.mark()?;
        }
        let (found, _, why) = self.judge.trees.look(&self.place.tree(), &self.judge.recipe.ignore);
        if found != Found::New || !is_success {
            let why = why.unwrap_or_default();
            return Err(format!(
                "without a power cut it leaves a tree that is {found:?} ({why}); it said: {}",
                line::shortened(&said)
            ));
        }
        sync_a_file(&bystander).map_err(|error| format!("the bystander: {error}"))?;
        self.ground.unmount()?;
        self.ground.disk.halt()
    }
}

fn sync_a_file(path: &Path) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(b"1")?;
    file.sync_all()
}

/// What one update costs the device.
fn measure(events: &[Event], tally: &mut Tally) {
    let began = events.iter().position(|event| *event == Event::Mark).unwrap_or(0);
    let done = events.iter().rposition(|event| *event == Event::Mark).unwrap_or(0);
    let len = |event: &Event| if let Event::Write { len, .. } = event { *len as u64 } else { 0 };
    tally.written = Some(events[began..].iter().map(len).sum());
    tally.flushes = Some(events[began..done].iter().filter(|event| **event == Event::Flush).count() as u64);
}
