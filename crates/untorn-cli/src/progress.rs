//! Progress on stderr: a bar for people, lines of JSON for programs.

use std::{
    fmt,
    io::{IsTerminal, Write, stderr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use untorn::{Observer, Phase, answers::phase as phase_word};

use crate::{
    args::{Global, ProgressMode},
    stop::Stopping,
};

/// How often something is shown at most.
const PAUSE: Duration = Duration::from_millis(100);

/// Who is told about progress, and says whether to stop.
pub(crate) fn observer(global: &Global) -> Option<Arc<dyn Observer>> {
    Some(global.watcher.0.clone().unwrap_or_else(|| Arc::new(Stopping(display(global)))))
}

/// Whoever is told in place of the person at the terminal, if anybody is.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Option<Arc<dyn Observer>>);

impl Watcher {
    pub(crate) fn of(observer: impl Observer + 'static) -> Self {
        Self(Some(Arc::new(observer)))
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}

/// Who shows progress, if anybody wants to know.
fn display(global: &Global) -> Option<Arc<dyn Observer>> {
    match global.progress {
        ProgressMode::Json => Some(Arc::new(Paced::new(line))),
        ProgressMode::Auto if !global.quiet && !global.json && is_screen() => Some(Arc::new(Bar::new())),
        _ => None,
    }
}

fn is_screen() -> bool {
    stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A bar that is gone when the work is done.
struct Bar {
    bar: ProgressBar,
    phase: Mutex<Option<Phase>>,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
        Self { bar, phase: Mutex::new(None) }
    }

    fn enter(&self, phase: Phase, total: u64) {
        let template = match phase {
            Phase::Sync | Phase::Apply => "{msg:>9} [{bar:40}] {percent:>3} %",
            _ => "{msg:>9} [{bar:40}] {bytes}/{total_bytes}, {bytes_per_sec}, {eta}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        self.bar.set_message(phase_word(phase));
        self.bar.set_length(total);
        self.bar.reset();
    }
}

impl Observer for Bar {
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        let mut current = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if *current != Some(phase) {
            *current = Some(phase);
            self.enter(phase, total);
        } else if self.bar.length() != Some(total) {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Passes on how each phase begins and ends, and in between no more than anybody can look at.
pub(crate) struct Paced<F> {
    last: Mutex<Option<(Phase, Instant)>>,
    show: F,
}

impl<F: Fn(Phase, u64, u64) + Send + Sync> Paced<F> {
    pub(crate) fn new(show: F) -> Self {
        Self { last: Mutex::new(None), show }
    }
}

impl<F: Fn(Phase, u64, u64) + Send + Sync> Observer for Paced<F> {
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_soon = last.is_some_and(|(before, at)| before == phase && at.elapsed() < PAUSE);
        if is_soon && done < total {
            return;
        }
        *last = Some((phase, Instant::now()));
        (self.show)(phase, done, total);
    }
}

/// One JSON document a line.
fn line(phase: Phase, done: u64, total: u64) {
    // Nobody reading any more is no reason to stop.
    drop(writeln!(stderr(), "{}", json!({ "phase": phase_word(phase), "done": done, "total": total })));
}
