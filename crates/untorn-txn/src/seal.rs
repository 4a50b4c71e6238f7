//! Sealing: from a set of wishes to a plan with everything it needs on the disk. The tree is only read.

use untorn_format::{
    Hash,
    journal::{Blob, MAX_PLAN_LEN, Object, Plan, Step, Undo, UndoEntry, UndoKept},
};
use untorn_fs::{Capabilities, Fs, OpenMode};

use crate::{
    barrier::Unsynced,
    error::{Cause, Context, Error, Result},
    keep::{self, Relinked},
    landing::Landing,
    layout::HEAD,
    prepare::{self, Ways},
    report::Report,
    reporting,
    steps::steps,
    transaction::Transaction,
    trial,
    view::{Node, View},
};

/// A transaction that is ready to be decided.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) plan: Plan,
    pub(crate) plan_hash: Hash,
    pub(crate) plan_len: u64,
    /// What B1 has to make durable.
    pub(crate) unsynced: Unsynced,
    /// Files that changed their time of change through us.
    pub(crate) relinked: Relinked,
    pub(crate) report: Report,
}

/// Steps 1 to 3 of the protocol: plan, reserve, stage. `None` when there is nothing to do.
pub(crate) fn seal(tx: &mut Transaction<'_>) -> Result<Option<Sealed>> {
    let fs = tx.tree.fs().clone();
    let fs = &*fs;
    tx.expectations.iter().try_for_each(|expectation| expectation.check(fs))?;
    prepare::check(fs, &tx.view)?;
    tx.give_up_waiting()?;
    let ways = prepare::choose_ways(fs, &tx.options, &mut tx.view, &mut tx.stage)?;
    if is_empty(tx) {
        return Ok(None);
    }
    trial::ask(fs, &tx.view, tx.options.jobs)?;
    tx.stage.make(fs)?;
    trial::try_out(fs, &tx.view, tx.stage.layout)?;
    let mut links = prepare::link_moved(fs, &mut tx.view, &mut tx.stage)?;
    prepare::keep_permissions(fs, &tx.view, &mut tx.stage)?;
    tx.forget_numbers()?;
    prepare::compact(fs, &mut tx.view, &mut links, &mut tx.stage)?;
    let kept = keep_undo(fs, tx)?;
    let plan = Plan {
        tree_id: tx.tree.id(),
        txid: tx.stage.layout.0,
        from: tx.tree.installed(),
        to: tx.head_hash(),
        new_head: tx.changes_head(),
        undo: tx.options.undo_kept(),
        redo: tx.stage.redo.finish(fs)?,
        objects: tx.stage.objects(fs)?,
        steps: steps(tx.view.iter(), &links),
    };
    let relinked = keep::relinked(&tx.view, &links, &kept);
    write_undo(fs, tx, kept, &plan)?;
    reserve(fs, tx, &plan)?;
    finish(fs, tx, plan, relinked, &ways)
}

fn is_empty(tx: &Transaction<'_>) -> bool {
    !tx.changes_head() && tx.view.iter().all(|(_, touched)| touched.was == touched.now)
}

fn keep_undo(fs: &dyn Fs, tx: &mut Transaction<'_>) -> Result<Vec<UndoEntry>> {
    if !tx.options.keep_undo {
        return Ok(Vec::new());
    }
    let surviving = prepare::surviving(&tx.view);
    keep::keep(fs, &tx.view, &mut tx.stage, &surviving)
}

fn write_undo(fs: &dyn Fs, tx: &mut Transaction<'_>, kept: Vec<UndoEntry>, plan: &Plan) -> Result<()> {
    if !tx.options.keep_undo {
        return Ok(());
    }
    let layout = tx.stage.layout;
    if plan.new_head && !plan.from.is_none() {
        tx.stage.make_kept_dir(fs)?;
        let head = crate::recover::read_document(fs, HEAD)?;
        write_file(fs, &layout.kept_head(), &head)?;
    }
    let undo = keep::document(kept, &mut tx.stage, fs, (plan.tree_id, plan.txid), (plan.from, plan.to))?;
    let bytes = undo.encode();
    if Undo::decode(&bytes).as_ref() != Ok(&undo) {
        return Err(Error::new(Cause::Unsupported { what: "keeping undo for these changes" }));
    }
    write_file(fs, &layout.undo_plan(), &bytes)
}

/// Sets space aside for what apply will need beyond what is staged: names, growth, small new files, and on copy-on-write file systems everything that is
/// overwritten. It is given back when apply runs short.
fn reserve(fs: &dyn Fs, tx: &Transaction<'_>, plan: &Plan) -> Result<()> {
    require_files(fs, plan)?;
    let bytes = ballast(plan, &tx.view, fs.capabilities());
    if bytes == 0 {
        return Ok(());
    }
    let path = tx.stage.layout.ballast();
    let file = fs.open(&path, OpenMode::CreateNew { executable: false }).context("make", &path)?;
    match file.allocate(0, bytes) {
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            let available = fs.space().map_or(0, |space| space.available);
            Err(Error::new(Cause::NoSpace { missing: Some(bytes.saturating_sub(available)) }))
        }
        other => other.context("reserve space in", &path),
    }
}

/// Files cannot be set aside as bytes can: nobody knows what others make meanwhile. But a disk that has too few of them already is found out.
fn require_files(fs: &dyn Fs, plan: &Plan) -> Result<()> {
    let by_rename = Landing::of(plan, fs.capabilities()) == Landing::Rename;
    let makes_file = |step: &&Step| match step {
        Step::MakeDir { .. } | Step::Symlink { .. } | Step::Patch { create: true, .. } => true,
        Step::Put { .. } => !by_rename,
        _ => false,
    };
    let needed = plan.steps.iter().filter(makes_file).count() as u64;
    // The ballast, and the passing name.
    let available = fs.space().ok().and_then(|space| space.files).unwrap_or(u64::MAX);
    if needed > 0 && needed + 2 > available { Err(Error::new(Cause::NoSpace { missing: None })) } else { Ok(()) }
}

/// A block for every name that is made, what files grow by, what overwriting allocates, and copies where staged files must be copied.
fn ballast(plan: &Plan, view: &View, capabilities: Capabilities) -> u64 {
    let overwrite_allocates = capabilities.overwrite_allocates;
    let copies = Landing::of(plan, capabilities) == Landing::Copy;
    let copied = plan.objects.iter().filter(|_| copies).map(|object| match object {
        Object::File(Blob { len, .. }) | Object::Clone { len, .. } | Object::Link { len } => len.next_multiple_of(BLOCK_LEN),
    });
    let named = plan.steps.iter().map(|step| match step {
        Step::MakeDir { .. } => BLOCK_LEN,
        Step::Put { .. } | Step::Symlink { .. } => NAME_LEN,
        Step::Patch { create: true, len, .. } => len.next_multiple_of(BLOCK_LEN).saturating_add(BLOCK_LEN),
        Step::Patch { ranges, .. } if overwrite_allocates => {
            ranges.iter().map(|range| range.len.next_multiple_of(BLOCK_LEN)).sum()
        }
        _ => 0,
    });
    let grown = view.iter().filter_map(|(_, touched)| match &touched.now {
        Node::File(file) => file.origin().map(|(_, meta)| file.len.saturating_sub(meta.len).min(file.extents.bytes())),
        _ => None,
    });
    let records = if overwrite_allocates { RECORDS_MAX * BLOCK_LEN } else { 0 };
    named.chain(grown).chain(copied).fold(records, u64::saturating_add)
}

/// What a name may take in its directory: the longest with its bookkeeping is shorter, and most replace one that is there.
const NAME_LEN: u64 = 512;

/// How many records are written after the commit point, a recovery included.
const RECORDS_MAX: u64 = 2;

/// What file systems allocate at a time.
const BLOCK_LEN: u64 = 4096;

fn finish(fs: &dyn Fs, tx: &mut Transaction<'_>, plan: Plan, relinked: Relinked, ways: &Ways) -> Result<Option<Sealed>> {
    let layout = tx.stage.layout;
    if let (true, Some(Some(document))) = (plan.new_head, &tx.head) {
        write_file(fs, &layout.head(), document)?;
    }
    let bytes = plan.encode();
    if bytes.len() as u64 > MAX_PLAN_LEN {
        return Err(Error::new(Cause::Unsupported { what: "a transaction of that many files" }));
    }
    // What recovery could not read must never be decided.
    if Plan::decode(&bytes).as_ref() != Ok(&plan) {
        return Err(Error::new(Cause::Unsupported { what: "changes that contradict each other" }));
    }
    write_file(fs, &layout.plan(), &bytes)?;
    let mut unsynced = Unsynced::default();
    tx.stage.unsynced(&mut unsynced);
    documents(tx, &plan, &mut unsynced);
    let report = reporting::report(tx, &plan, ways);
    Ok(Some(Sealed { plan_hash: Hash::of(&bytes), plan_len: bytes.len() as u64, plan, unsynced, relinked, report }))
}

/// The documents that were written, for B1. Known by what the plan says, not by looking: a look that fails must not leave one out.
fn documents(tx: &Transaction<'_>, plan: &Plan, unsynced: &mut Unsynced) {
    let layout = tx.stage.layout;
    let keeps_undo = plan.undo == UndoKept::Own;
    let keeps_head = keeps_undo && plan.new_head && !plan.from.is_none();
    unsynced.file(layout.plan());
    if plan.new_head && !plan.to.is_none() {
        unsynced.file(layout.head());
    }
    if keeps_undo {
        unsynced.file(layout.undo_plan());
    }
    if keeps_head {
        unsynced.file(layout.kept_head());
    }
    if keeps_head || !tx.stage.kept().is_empty() {
        unsynced.dir(layout.kept_dir());
    }
}

fn write_file(fs: &dyn Fs, path: &str, bytes: &[u8]) -> Result<()> {
    let file = fs.open(path, OpenMode::CreateNew { executable: false }).context("make", path)?;
    file.write_all_at(bytes, 0).context("write", path)
}

/// The bytes apply will write in place.
pub(crate) fn bytes_in_place(plan: &Plan) -> u64 {
    plan.steps
        .iter()
        .map(|step| match step {
            Step::Patch { ranges, .. } => ranges.iter().map(|range| range.len).sum(),
            _ => 0,
        })
        .sum()
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
