//! Ctrl-C and the like: the first stops at a safe point, where nothing is decided yet; the second stops at once, which is what recovery is for.

use std::{
    io::{self, Read, Stdin, Write, stderr, stdin},
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use untorn::{Observer, Phase};

use crate::{exit::Exit, failure::Failure};

static ASKED: AtomicBool = AtomicBool::new(false);
/// Somebody else must act before this program goes on, so that it would not come to a safe point; it is at one.
static WAITING: AtomicBool = AtomicBool::new(false);

/// From now on, signals ask to stop. Where the system cannot tell about them, they end the program as ever.
pub(crate) fn listen(quiet: bool) {
    drop(ctrlc::set_handler(move || asked(quiet)));
}

fn asked(quiet: bool) {
    let again = ASKED.swap(true, SeqCst);
    if again || WAITING.load(SeqCst) {
        say(quiet, if again { "stopped at once" } else { "stopped, as asked; nothing was changed" });
        process::exit(Exit::Stopped.code().into());
    }
    say(quiet, "stopping at the next safe point; once more stops at once");
}

fn say(quiet: bool, what: &str) {
    if !quiet {
        // Nobody reading is no reason to go on.
        drop(writeln!(stderr(), "untorn: {what}"));
    }
}

/// Says so when the wish to stop came too late.
pub(crate) fn remark_completed(quiet: bool) {
    if ASKED.load(SeqCst) {
        say(quiet, "it was decided already: all of it is done");
    }
}

/// What became of reading updates, when the wish to stop may be why it failed.
pub(crate) fn or_stopped(failure: Failure) -> Failure {
    if ASKED.load(SeqCst) { untorn::Error::Stopped.into() } else { failure }
}

/// An observer that asks to stop when a signal has come.
pub(crate) struct Stopping(pub(crate) Option<Arc<dyn Observer>>);

impl Observer for Stopping {
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        if let Some(observer) = &self.0 {
            observer.progress(phase, done, total);
        }
    }

    fn should_stop(&self) -> bool {
        ASKED.load(SeqCst)
    }
}

/// Standard input, which may keep us waiting.
pub(crate) struct Input(Stdin);

impl Input {
    pub(crate) fn new() -> Self {
        Self(stdin())
    }
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        WAITING.store(true, SeqCst);
        // In this order: whoever asks from now on sees that we wait.
        let len = if ASKED.load(SeqCst) { Err(io::Error::other("stopped, as asked")) } else { self.0.read(buf) };
        WAITING.store(false, SeqCst);
        len
    }
}
