//! What happens on one machine between two power cuts: something is done, perhaps with a fault; where that fails, the program is started again.

use std::sync::Arc;

use untorn_fs::Fs;
use untorn_sim::{CrashState, Fault, FaultKind, Faults, Recording, SimFs};
use untorn_txn::{Error, Result as TxnResult, Tree, TreeState};

use crate::oracle::{Must, Oracle, Side};

/// The mark of the moment when what was done has answered.
const ANSWERED: u32 = 1;
/// The mark of the moment when the tree had been opened again.
const RECOVERED: u32 = 2;

/// One of them.
#[derive(Debug)]
pub struct Boot {
    /// Everything that happened.
    pub recording: Recording,
    /// What was known before.
    known: Must,
    /// What was known from the answer on.
    answered: Must,
    /// What was found by the opening after it.
    recovered: Option<Side>,
}

impl Boot {
    /// Does `act`, which begins with opening the tree, on `fs`. With a fault the program is started again afterwards, the page cache being kept.
    ///
    /// # Errors
    /// Which promise was broken.
    pub fn perform(
        fs: &SimFs,
        act: &dyn Fn(Arc<dyn Fs>) -> TxnResult<()>,
        fault: Option<Fault>,
        oracle: &Oracle,
    ) -> Result<Self, String> {
        let answer = act(on(fs, fault));
        fs.mark(ANSWERED);
        let claim = |error: &Error| match error.state() {
            TreeState::Unchanged => Must::Be(Side::Old),
            TreeState::New | TreeState::WillComplete => Must::Be(Side::New),
            _ => Must::BeEither,
        };
        let answered = match &answer {
            Ok(()) => Must::Be(Side::New),
            // Nobody hears what a dead process says.
            Err(_) if is_kill(fault) => Must::BeEither,
            Err(error) if fault.is_some() => claim(error),
            Err(error) => return Err(format!("it fails without a fault: {error}")),
        };
        if let Err(error) = &answer
            && !is_kill(fault)
            && error.state() == TreeState::Unchanged
        {
            oracle.side(fs, answered).map_err(|what| format!("the error says unchanged: {error}\n  {what}"))?;
        }
        Self { recording: fs.recording(), known: Must::BeEither, answered, recovered: None }
            .started_again(fs, fault, oracle)
            .map_err(|what| format!("{what}\n  after the answer {:?}", answer.err().map(|error| error.to_string())))
    }

    /// Opens the tree on `fs`, of which `known` is known.
    ///
    /// # Errors
    /// Which promise was broken.
    pub fn open(fs: &SimFs, fault: Option<Fault>, oracle: &Oracle, known: Must, record: bool) -> Result<Self, String> {
        let answer = Tree::open_on(on(fs, fault));
        fs.mark(if fault.is_some() { ANSWERED } else { RECOVERED });
        // The checks below must not be part of it.
        let recording = if record { fs.recording() } else { SimFs::new(untorn_sim::SimOptions::strict()).recording() };
        match (answer, fault) {
            (Ok(tree), None) => {
                let side = oracle.check(fs, tree, known)?;
                Ok(Self { recording, known, answered: Must::Be(side), recovered: Some(side) })
            }
            (Err(error), None) => Err(format!("the tree cannot be opened: {error}")),
            (Ok(tree), Some(_)) => {
                drop(tree);
                let answered = Must::Be(oracle.side(fs, known)?);
                Self { recording, known, answered, recovered: None }.started_again(fs, fault, oracle)
            }
            (Err(_), Some(_)) if is_kill(fault) => {
                Self { recording, known, answered: known, recovered: None }.started_again(fs, fault, oracle)
            }
            (Err(error), Some(_)) => {
                let answered = claim_of_opening(&error, fs, oracle, known)?;
                let boot = Self { recording, known, answered, recovered: None }.started_again(fs, fault, oracle);
                boot.map_err(|what| format!("{what}\n  after the answer {error}"))
            }
        }
    }

    fn started_again(self, fs: &SimFs, fault: Option<Fault>, oracle: &Oracle) -> Result<Self, String> {
        if fault.is_none() {
            return Ok(self);
        }
        let fs = fs.restart();
        let tree = Tree::open_on(Arc::new(fs.clone())).map_err(|error| format!("the tree cannot be opened again: {error}"))?;
        fs.mark(RECOVERED);
        let recording = fs.recording();
        let recovered = Some(oracle.check(&fs, tree, self.answered)?);
        Ok(Self { recording, recovered, ..self })
    }

    /// What the tree must be after this power cut.
    #[must_use]
    pub fn must(&self, state: &CrashState) -> Must {
        match self.recovered {
            Some(side) if state.marks().contains(&RECOVERED) => Must::Be(side),
            _ if state.marks().contains(&ANSWERED) => self.answered,
            _ => self.known,
        }
    }

    /// Which tree an opening found.
    #[must_use]
    pub const fn found(&self) -> Option<Side> {
        self.recovered
    }

    /// Whether anything but the marks was recorded.
    #[must_use]
    pub fn changed_something(&self) -> bool {
        self.recording.len() > 1
    }
}

fn is_kill(fault: Option<Fault>) -> bool {
    fault.is_some_and(|fault| fault.kind == FaultKind::Kill)
}

fn on(fs: &SimFs, fault: Option<Fault>) -> Arc<dyn Fs> {
    match fault {
        None => Arc::new(fs.clone()),
        Some(_) => Arc::new(Faults::new(fault).on_sim(fs)),
    }
}

/// An opening that fails and speaks of an unchanged tree has found one that is whole.
fn claim_of_opening(error: &Error, fs: &SimFs, oracle: &Oracle, known: Must) -> Result<Must, String> {
    match error.state() {
        TreeState::Unchanged => {
            oracle.side(fs, known).map(Must::Be).map_err(|what| format!("the error says unchanged: {error}\n  {what}"))
        }
        TreeState::New | TreeState::WillComplete if known == Must::Be(Side::Old) => {
            Err(format!("the old tree will not become new: {error}"))
        }
        TreeState::New | TreeState::WillComplete => Ok(Must::Be(Side::New)),
        _ => Ok(known),
    }
}
