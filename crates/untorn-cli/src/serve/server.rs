//! Hears, and has answered.

use std::{
    collections::HashMap,
    io::BufRead,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::{self, Scope},
};

use serde_json::{Map, Value, json};
use untorn::{Observer, Phase, ReadGuard, answers};

use super::{
    input::{self, Line},
    message::{Message, Refusal, Senseless, notification, reply},
    method,
    output::Output,
    running::{Running, Stop},
};
use crate::{
    failure::Failure,
    outcome::value,
    print::SCHEMA,
    progress::{Paced, Watcher},
};

type Answer = Result<Value, Refusal>;

/// Answers until `input` ends; then asks everything that is under way to stop, and waits for it.
pub(super) fn serve(mut input: impl BufRead) {
    let server = Server::default();
    thread::scope(|scope| {
        // What cannot be read has ended.
        while let Ok(Some(line)) = input::next(&mut input) {
            match line {
                Line::Whole(line) => server.hear(&line, scope),
                Line::TooLong => server.say(&Value::Null, Err(Refusal::request("a message of more than 1 MiB".into()))),
            }
        }
        server.running.stop_all();
    });
}

#[derive(Default)]
struct Server {
    output: Arc<Output>,
    running: Arc<Running>,
    holds: Holds,
}

impl Server {
    fn hear<'scope>(&'scope self, line: &[u8], scope: &'scope Scope<'scope, '_>) {
        match Message::parse(line) {
            Ok(Message { id: Some(id), method, params }) => self.answer(id, method, params, scope),
            // Whoever does not want to know what became of a tree shall not change it.
            Ok(Message { id: None, method, params }) if method == "cancel" => drop(self.cancel(&params)),
            Ok(_) => {}
            Err(Senseless { id, refusal }) => self.say(&id, Err(refusal)),
        }
    }

    fn answer<'scope>(&'scope self, id: Value, method: String, params: Map<String, Value>, scope: &'scope Scope<'scope, '_>) {
        match method.as_str() {
            "about" => self.say(&id, none(&params).map(|()| about())),
            "cancel" => self.say(&id, self.cancel(&params)),
            "release" => self.say(&id, self.holds.release(&params)),
            _ => match self.running.begin(&id) {
                Ok(stop) => drop(scope.spawn(move || self.perform(&id, &method, &params, stop))),
                Err(refusal) => self.say(&id, Err(refusal)),
            },
        }
    }

    fn perform(&self, id: &Value, method: &str, params: &Map<String, Value>, stop: Stop) {
        let answer = catch_unwind(AssertUnwindSafe(|| match method {
            "hold" => self.holds.acquire(params),
            _ => method::call(method, params, self.watcher(id, stop)),
        }));
        self.running.end(id);
        self.say(id, answer.unwrap_or_else(|_| Err(Failure::bug("something impossible happened [UNT-BUG]".into()).into())));
    }

    fn cancel(&self, params: &Map<String, Value>) -> Answer {
        let id = only(params, "id")?;
        Ok(json!({ "found": self.running.stop(id) }))
    }

    fn say(&self, id: &Value, answer: Answer) {
        if !self.output.send(&reply(id, answer)) {
            // Nobody is there to tell it to go on.
            self.running.stop_all();
        }
    }

    fn watcher(&self, id: &Value, stop: Stop) -> Watcher {
        let (output, id) = (Arc::clone(&self.output), id.clone());
        let progress = Paced::new(move |phase, done, total| {
            let params = json!({ "id": id, "phase": answers::phase(phase), "done": done, "total": total });
            output.send(&notification("progress", &params));
        });
        Watcher::of(Watched { progress, stop })
    }
}

/// A request whose asker is told how far it is, and may ask it to stop.
struct Watched<P> {
    progress: P,
    stop: Stop,
}

impl<P: Observer> Observer for Watched<P> {
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        self.progress.progress(phase, done, total);
    }

    fn should_stop(&self) -> bool {
        self.stop.is_asked()
    }
}

fn about() -> Value {
    let methods: Vec<&str> = ["about", "hold", "release", "cancel"].into_iter().chain(method::COMMANDS).collect();
    json!({ "untorn": env!("CARGO_PKG_VERSION"), "schema": SCHEMA, "patch_format": untorn::PATCH_FORMAT, "methods": methods })
}

/// Trees that are kept as they are.
#[derive(Default)]
struct Holds {
    last: AtomicU64,
    all: Mutex<HashMap<u64, ReadGuard>>,
}

impl Holds {
    fn acquire(&self, params: &Map<String, Value>) -> Answer {
        let tree = only(params, "tree")?.as_str().ok_or_else(|| Refusal::params("tree must be a string".into()))?;
        let guard = ReadGuard::acquire(Path::new(tree)).map_err(Failure::from)?;
        let (hold, warnings) = (self.last.fetch_add(1, Relaxed) + 1, value(&answers::warnings(guard.warnings())));
        self.held().insert(hold, guard);
        Ok(json!({ "hold": hold, "warnings": warnings }))
    }

    fn release(&self, params: &Map<String, Value>) -> Answer {
        let hold = only(params, "hold")?.as_u64().ok_or_else(|| Refusal::params("hold must be a number".into()))?;
        match self.held().remove(&hold) {
            Some(_) => Ok(json!({})),
            None => Err(Refusal::params(format!("nothing is held as number {hold}"))),
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<u64, ReadGuard>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one parameter there is.
fn only<'a>(params: &'a Map<String, Value>, name: &str) -> Result<&'a Value, Refusal> {
    match params.keys().find(|other| *other != name) {
        Some(other) => Err(Refusal::params(format!("there is no parameter {other:?}"))),
        None => params.get(name).ok_or_else(|| Refusal::params(format!("{name} is missing"))),
    }
}

fn none(params: &Map<String, Value>) -> Result<(), Refusal> {
    let unknown = params.keys().next().map(|other| Refusal::params(format!("there is no parameter {other:?}")));
    unknown.map_or(Ok(()), Err)
}
