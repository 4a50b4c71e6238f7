//! The protocol, from a set of wishes to the cleared journal. The numbers are those of `docs/format/journal.md`.

use std::{collections::BTreeSet, time::Instant};

use untorn_format::journal::{Plan, Record, SlotState};

use crate::{
    apply,
    barrier::{Barrier, Unsynced},
    cleanup,
    error::{Cause, Error, Result, TreeState},
    interrupted,
    layout::TxLayout,
    lock,
    options::{Options, Phase, Readers},
    prepare,
    report::Report,
    seal::{Sealed, seal},
    transaction::Transaction,
    tree::Tree,
};

/// Makes the changes of `tx` real.
pub(crate) fn commit(mut tx: Transaction<'_>) -> Result<Report> {
    let started = Instant::now();
    tx.tree.refuse_poisoned()?;
    // 1 to 3: plan, reserve, stage.
    let Some(sealed) = seal(&mut tx)? else { return Ok(Report::default()) };
    tx.options.stop_if_asked()?;
    let fs = tx.tree.fs().clone();
    let readers = match lock::exclude_readers(&*fs, tx.options.readers == Readers::Wait) {
        Err(error) => {
            // All is staged: whoever tries again when the program has ended need not do it again.
            tx.note_all()?;
            return Err(error);
        }
        readers => readers?,
    };
    prepare::recheck(&*fs, &tx.view, &sealed.relinked, tx.options.jobs)?;
    // 4, B1: everything staged is durable.
    tx.options.tell(Phase::Sync, 0, 1);
    let Sealed { plan, plan_hash, plan_len, unsynced, mut report, .. } = sealed;
    let syncs = tx.tree.syncer()?.sync(&*fs, &unsynced).map_err(|error| tx.tree.poison(error))?;
    report.barriers.push((Barrier::B1, syncs));
    // The last safe point to stop.
    tx.options.stop_if_asked()?;
    // 5, B2: the commit point.
    let record = tx.tree.next_record(SlotState::Committed, &plan, plan_hash, plan_len);
    if let Err(error) = tx.tree.decide(&record) {
        return Err(give_up(tx.tree, &record, error));
    }
    report.barriers.push((Barrier::B2, 1));
    // 6 to 8: from here on the transaction is decided, and every error leaves it to the next opening.
    complete(tx.tree, &plan, None, &tx.options, &mut report)
        .map_err(|error| tx.tree.poison(error).with_state(TreeState::WillComplete))?;
    // Readers take what is left of a stage for a journal that may not be cleared.
    cleanup::after(&*fs, tx.tree.kept_folder());
    // Whatever was staged for the tree before this one.
    interrupted::discard(&*fs);
    drop(readers);
    tx.stage.forget();
    report.elapsed = started.elapsed();
    Ok(report)
}

/// The record of the decision may or may not be on the disk: give the transaction up in a further record. Whatever comes of that, this handle is done.
fn give_up(tree: &mut Tree, committed: &Record, error: Error) -> Error {
    let aborted = Record {
        seq: committed.seq + 1,
        state: SlotState::Aborted,
        plan_len: 0,
        plan_hash: untorn_format::Hash::NONE,
        to: committed.from,
        ..committed.clone()
    };
    let state = if tree.decide_from_ballast(&aborted).is_ok() { TreeState::Unchanged } else { TreeState::InDoubt };
    tree.poison(error).with_state(state)
}

/// Steps 6 to 8, the same for commit and for recovery: apply, B3, B4.
/// Recovery says what is `lost` of the stage, and passed over; `None` the first time.
pub(crate) fn complete(
    tree: &mut Tree,
    plan: &Plan,
    lost: Option<&BTreeSet<u32>>,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    let fs = tree.fs().clone();
    // 6: change the tree.
    let mut unsynced = Unsynced::default();
    let applied = apply::apply(&*fs, TxLayout(plan.txid), plan, lost, &mut unsynced, options)?;
    (report.dirs_kept, report.warnings) = (applied.dirs_kept, applied.warnings);
    // 7, B3: the changed tree is durable.
    let syncs = tree.syncer()?.sync(&*fs, &unsynced)?;
    report.barriers.push((Barrier::B3, syncs));
    // 8, B4: the journal is cleared. Only then may the stage go.
    let idle = tree.idle_after(plan);
    tree.decide_from_ballast(&idle)?;
    report.barriers.push((Barrier::B4, 1));
    Ok(())
}

impl Tree {
    /// Forbids all further work with this handle.
    pub(crate) fn poison(&mut self, error: Error) -> Error {
        self.set_poisoned();
        error
    }

    pub(crate) fn refuse_poisoned(&self) -> Result<()> {
        if self.is_poisoned() { Err(Error::new(Cause::Poisoned).with_state(TreeState::InDoubt)) } else { Ok(()) }
    }
}
