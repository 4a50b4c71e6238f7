//! The requests under way, and the wish that they stop.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use serde_json::Value;

use super::message::Refusal;

/// More than one launcher has to ask at once.
const RUNNING_MAX: usize = 16;

/// The requests under way.
#[derive(Debug, Default)]
pub(super) struct Running(Mutex<HashMap<String, Stop>>);

/// Whether a request shall stop.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    fn ask(&self) {
        self.0.store(true, SeqCst);
    }

    pub(super) fn is_asked(&self) -> bool {
        self.0.load(SeqCst)
    }
}

impl Running {
    /// One more.
    pub(super) fn begin(&self, id: &Value) -> Result<Stop, Refusal> {
        let mut running = self.all();
        if running.len() >= RUNNING_MAX {
            return Err(Refusal::too_many(RUNNING_MAX));
        }
        if running.contains_key(&id.to_string()) {
            return Err(Refusal::request(format!("a request with the id {id} is under way")));
        }
        let stop = Stop::default();
        running.insert(id.to_string(), stop.clone());
        Ok(stop)
    }

    /// One less.
    pub(super) fn end(&self, id: &Value) {
        self.all().remove(&id.to_string());
    }

    /// Says whether there was such a request to ask.
    pub(super) fn stop(&self, id: &Value) -> bool {
        self.all().get(&id.to_string()).map(Stop::ask).is_some()
    }

    pub(super) fn stop_all(&self) {
        self.all().values().for_each(Stop::ask);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Stop>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
