//! Recovery: gather evidence, decide (see `decide`), act. Completing a decided transaction is the same apply that commit uses.

use std::collections::BTreeMap;

use untorn_format::{
    Hash,
    journal::{MAX_PLAN_LEN, Object, Plan, Record, SlotState, Step},
};
use untorn_fs::{Fs, OpenMode};

use crate::{
    aside,
    barrier::Unsynced,
    cleanup,
    commit::complete,
    decide::{Evidence, Refusal, Verdict, decide},
    error::{Cause, Context, Error, Result, TreeState},
    interrupted,
    landing::Landing,
    layout::{GIVEN_UP, HEAD, STATE, TRANSACTIONS, TxLayout},
    lock,
    report::{Recovery, Report},
    slots,
    stage::{hash_file, hash_pieces},
    tree::Tree,
    warning::Warning,
};

/// Looks at everything the decision needs; changes nothing.
pub(crate) fn evidence(fs: &dyn Fs) -> Result<Evidence> {
    let home = fs.metadata(STATE).context("look at", STATE)?.id.map_or(0, |id| id.0);
    Ok(Evidence { slots: slots::read(fs)?, folders: cleanup::folders(fs)?, is_given_up: exists(fs, GIVEN_UP)?, home })
}

/// Brings the tree to the old or the new state, whichever was decided.
pub(crate) fn recover(tree: &mut Tree, evidence: Evidence) -> Result<Recovery> {
    let verdict = decide(&evidence);
    let unreadable = !slots::are_sound(&evidence.slots);
    tree.set_slots(evidence.slots);
    if !matches!(verdict, Verdict::Init | Verdict::Refuse(_)) {
        tree.mend().map_err(|error| error.with_state(state_of(&verdict)))?;
    }
    match verdict {
        Verdict::Init => tree.init(evidence.home).map(|()| Recovery::Initialised),
        Verdict::Clean(ruling) => clean(tree, ruling, &evidence.folders, evidence.home),
        Verdict::Forward(ruling) if is_cleared(&**tree.fs(), &ruling, unreadable)? => cleared(tree, ruling, evidence.home),
        Verdict::Forward(ruling) => forward(tree, ruling),
        Verdict::Doubtful { ruling, txid } => resolve(tree, ruling, txid, &evidence.folders, evidence.home),
        Verdict::Refuse(refusal) => Err(refused(refusal)),
    }
}

/// Which tree there is while this verdict has not been acted upon.
fn state_of(verdict: &Verdict) -> TreeState {
    match verdict {
        Verdict::Init | Verdict::Clean(_) => TreeState::Unchanged,
        Verdict::Forward(_) => TreeState::WillComplete,
        Verdict::Doubtful { .. } => TreeState::InDoubt,
        Verdict::Refuse(_) => TreeState::NotUnderstood,
    }
}

pub(crate) fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Newer(format) => Error::new(Cause::JournalNewer { format }).with_state(TreeState::NotUnderstood),
        Refusal::Foreign => Error::new(Cause::JournalForeign).with_state(TreeState::NotUnderstood),
        Refusal::Damaged(what) => Error::damaged(what),
    }
}

/// Nothing is open: delete leftovers. A state directory that was moved together with its tree becomes at home here.
fn clean(tree: &mut Tree, ruling: Record, folders: &[u64], home: u128) -> Result<Recovery> {
    let (fs, kept) = (tree.fs().clone(), kept(&ruling));
    let is_undecided = |&folder: &u64| folder > ruling.txid && Some(TxLayout(folder)) != kept;
    let mut undecided: Vec<u64> = folders.iter().copied().filter(is_undecided).collect();
    undecided.sort_unstable();
    let leftovers = cleanup::has_leftovers(&*fs, folders, kept);
    // Were the stage deleted on the word of a record in the page cache, a power cut could bring back the record before it, which needs the stage.
    let in_cache_only = may_be_in_cache_only(&*fs, &ruling, folders);
    let moved = home != 0 && ruling.home != home;
    tree.set_ruling(ruling);
    let anew = moved || in_cache_only || !tree.slots_are_sound();
    let mut is_aside = false;
    for &folder in &undecided {
        // A record torn while one is written anew must not leave a doubt about what was never decided.
        let folder = TxLayout(folder);
        is_aside |= if anew { cleanup::discard(&*fs, folder)? } else { interrupted::set_aside(&*fs, folder) };
    }
    if anew {
        slots::sync(&*fs)?;
        tree.decide_again(home)?;
    }
    if leftovers || anew {
        cleanup::after(&*fs, kept);
    }
    Ok(match undecided.last() {
        None => Recovery::Clean,
        Some(&txid) if is_aside => Recovery::SetAside { txid },
        Some(&txid) => Recovery::Discarded { txid },
    })
}

/// Whether the record that clears the journal may stand in the page cache only, after a sync that failed: else what was needed before it is gone.
pub(crate) fn may_be_in_cache_only(fs: &dyn Fs, ruling: &Record, folders: &[u64]) -> bool {
    let decided: Vec<u64> = folders.iter().copied().filter(|&folder| folder <= ruling.txid).collect();
    cleanup::has_leftovers(fs, &decided, kept(ruling))
}

pub(crate) fn kept(ruling: &Record) -> Option<TxLayout> {
    (ruling.undo != 0).then_some(TxLayout(ruling.undo))
}

/// A record may be lost: what was staged tells. All of it sound means that B1 was passed, so going forward is right whether or not the record ever reached the
/// disk (if it did not, success was never reported, and both trees are allowed). No plan that can be read means that the transaction was never sealed, or was
/// given up. A sound plan whose material is not cannot be told apart from damage.
fn resolve(tree: &mut Tree, ruling: Record, txid: u64, folders: &[u64], home: u128) -> Result<Recovery> {
    let fs = tree.fs().clone();
    let layout = TxLayout(txid);
    let in_doubt = |error| unless_damaged(error, TreeState::InDoubt);
    if !exists(&*fs, &layout.plan()).map_err(in_doubt)? {
        return clean(tree, ruling, folders, home);
    }
    let bytes = read_document(&*fs, &layout.plan()).map_err(in_doubt)?;
    // A plan is durable before the record that decides: one that cannot be read was never decided.
    let Ok(plan) = Plan::decode(&bytes) else {
        return clean(tree, ruling, folders, home);
    };
    check_belongs(&plan, &ruling, txid)?;
    check_staged(&*fs, layout, &plan).map_err(in_doubt)?;
    sync_stage(tree, layout, &plan).map_err(|error| tree.poison(error).with_state(TreeState::InDoubt))?;
    let lost = Record {
        seq: ruling.seq + 1,
        state: SlotState::Committed,
        txid,
        plan_len: bytes.len() as u64,
        plan_hash: Hash::of(&bytes),
        from: plan.from,
        to: plan.to,
        ..ruling
    };
    forward(tree, lost)
}

/// B1 once more: nobody knows whether it has passed, and what was found whole may stand in the page cache only.
fn sync_stage(tree: &Tree, layout: TxLayout, plan: &Plan) -> Result<()> {
    let (fs, mut unsynced) = (&**tree.fs(), Unsynced::default());
    let documents = [layout.plan(), layout.redo(), layout.head(), layout.undo_plan(), layout.undo()];
    let objects = (0..).zip(&plan.objects).filter(|(_, object)| !matches!(object, Object::Link { .. }));
    let kept = cleanup::names(fs, &layout.kept_dir()).into_iter().map(|name| format!("{}/{name}", layout.kept_dir()));
    for path in documents.into_iter().chain(objects.map(|(number, _)| layout.object(number))).chain(kept) {
        if exists(fs, &path)? {
            unsynced.file(path);
        }
    }
    for path in [layout.objects(), layout.kept_dir()] {
        if exists(fs, &path)? {
            unsynced.dir(path);
        }
    }
    for path in [layout.dir(), TRANSACTIONS.to_owned(), STATE.to_owned()] {
        unsynced.dir(path);
    }
    tree.syncer()?.sync(fs, &unsynced).map(drop)
}

/// Whether the unreadable record is the one that cleared the journal: the plan is removed first of all, and only when that record is durable.
fn is_cleared(fs: &dyn Fs, ruling: &Record, unreadable: bool) -> Result<bool> {
    let plan = TxLayout(ruling.txid).plan();
    Ok(unreadable && !exists(fs, &plan).map_err(|error| unless_damaged(error, TreeState::WillComplete))?)
}

/// Writes the record that was lost after the transaction had been completed.
fn cleared(tree: &mut Tree, ruling: Record, home: u128) -> Result<Recovery> {
    let fs = tree.fs().clone();
    let (txid, layout) = (ruling.txid, TxLayout(ruling.txid));
    let undo = if exists(&*fs, &layout.undo_plan())? { txid } else { 0 };
    tree.set_ruling(Record { undo, ..ruling });
    slots::sync(&*fs)?;
    tree.decide_again(home)?;
    cleanup::after(&*fs, tree.kept_folder());
    Ok(Recovery::Completed { txid })
}

/// Completes a decided transaction.
fn forward(tree: &mut Tree, ruling: Record) -> Result<Recovery> {
    let (fs, layout) = (tree.fs().clone(), TxLayout(ruling.txid));
    tree.set_ruling(ruling.clone());
    let plan = load_plan(&*fs, layout, &ruling).and_then(|plan| check_staged(&*fs, layout, &plan).map(|lost| (plan, lost)));
    let (plan, lost) = plan.map_err(|error| unless_damaged(error, TreeState::WillComplete))?;
    let readers = lock::exclude_readers(&*fs, false).map_err(|error| error.with_state(TreeState::WillComplete))?;
    // The record may stand in the page cache only, left by a sync that failed: it is written again and made durable before the tree is touched.
    let again = Record { seq: ruling.seq + 1, ..ruling.clone() };
    let decided = slots::sync(&*fs).and_then(|()| tree.decide_from_ballast(&again));
    decided.map_err(|error| tree.poison(error).with_state(TreeState::InDoubt))?;
    let mut report = Report::default();
    let options = tree.recovery_options();
    let skipped = lost.keys().copied().collect();
    complete(tree, &plan, Some(&skipped), &options, &mut report)
        .map_err(|error| tree.poison(error).with_state(TreeState::WillComplete))?;
    // The third slot, too: see `decide_again`. Two crashes later a record left of a failed sync there could make a doubt of what is settled now.
    tree.decide_from_ballast(&tree.idle_after(&plan)).map_err(|error| tree.poison(error).with_state(TreeState::New))?;
    cleanup::after(&*fs, tree.kept_folder());
    drop(readers);
    tree.warn(lost.into_values().chain(report.warnings));
    Ok(Recovery::Completed { txid: ruling.txid })
}

/// What an error of the system leaves open; damage is another matter.
fn unless_damaged(error: Error, state: TreeState) -> Error {
    if error.state() == TreeState::Unchanged { error.with_state(state) } else { error }
}

fn load_plan(fs: &dyn Fs, layout: TxLayout, ruling: &Record) -> Result<Plan> {
    let bytes = read_document(fs, &layout.plan())?;
    if bytes.len() as u64 != ruling.plan_len || Hash::of(&bytes) != ruling.plan_hash {
        return Err(Error::damaged("the plan does not fit the record that decided it").at(layout.plan()));
    }
    let plan = Plan::decode(&bytes).map_err(|error| Error::damaged(format!("the plan: {error}")).at(layout.plan()))?;
    check_belongs(&plan, ruling, ruling.txid)?;
    Ok(plan)
}

fn check_belongs(plan: &Plan, ruling: &Record, txid: u64) -> Result<()> {
    if plan.tree_id != ruling.tree_id {
        return Err(refused(Refusal::Foreign));
    }
    if plan.txid != txid { Err(Error::damaged("the plan is that of another transaction")) } else { Ok(()) }
}

/// Staged files that others took from the tree, or changed there, after they had been put in their place.
type Lost = BTreeMap<u32, Warning>;

/// Everything staged must be what was staged, or nothing is touched; save what was put in its place, where it is not ours any more.
fn check_staged(fs: &dyn Fs, layout: TxLayout, plan: &Plan) -> Result<Lost> {
    check_stage(fs, layout, plan).map_err(|error| match error.cause() {
        Cause::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            Error::damaged("a part of it is missing").at(error.path().unwrap_or_default())
        }
        _ => error,
    })
}

fn check_stage(fs: &dyn Fs, layout: TxLayout, plan: &Plan) -> Result<Lost> {
    let rotten = |path: String| Error::damaged("what was staged does not fit its hash").at(path);
    let landing = Landing::of(plan, fs.capabilities());
    if plan.redo.len > 0 && hash_file(fs, &layout.redo())? != plan.redo {
        return Err(rotten(layout.redo()));
    }
    if plan.new_head && !plan.to.is_none() {
        let is_staged = landing != Landing::Rename || exists(fs, &layout.head())?;
        let place = if is_staged { layout.head() } else { HEAD.to_owned() };
        if hash_file(fs, &place)?.hash != plan.to {
            return Err(rotten(place));
        }
    }
    let mut lost = Lost::new();
    for (number, object) in plan.objects.iter().enumerate() {
        let number = u32::try_from(number).map_err(|_| Error::damaged("too many staged objects"))?;
        let (staged, landing) = (layout.object(number), landing.of_object(object));
        let place = place_of(plan, number);
        let is_gone = landing == Landing::Rename && !exists(fs, &staged)?;
        let at = if is_gone { place.clone().unwrap_or_else(|| staged.clone()) } else { staged };
        let sound = is_sound(fs, &at, object);
        if matches!(sound, Ok(true)) {
            continue;
        }
        let left_us = is_gone || (landing == Landing::Link && has_two_names(fs, &at));
        match place.filter(|_| left_us && is_answer(&sound)).map(|place| changed_by_others(fs, layout, place)) {
            Some(Some(warning)) => drop(lost.insert(number, warning)),
            _ => return sound.and_then(|_| Err(rotten(at))),
        }
    }
    Ok(lost)
}

/// Whether it is known that something is wrong, and not merely unknown whether it is.
fn is_answer(sound: &Result<bool>) -> bool {
    match sound {
        Ok(_) => true,
        Err(error) => matches!(error.cause(), Cause::Io { source, .. } if aside::may_be_in_the_way(source)),
    }
}

/// Whether a staged file is in its place as well, where others can write to it.
fn has_two_names(fs: &dyn Fs, staged: &str) -> bool {
    fs.metadata(staged).is_ok_and(|meta| meta.is_file() && meta.links > 1)
}

/// What others did at `place`, where a staged file had been put; `None` when it does not look like that. The plan is the last thing that is written before the
/// decision. So what was written after it was written by others, and is not what was staged, nor what stood there before: that is older, and so is rot in it. Of a
/// name that is gone the directory tells.
fn changed_by_others(fs: &dyn Fs, layout: TxLayout, place: String) -> Option<Warning> {
    let plan = fs.metadata(&layout.plan()).ok()?;
    let is_later = |path: &str| fs.metadata(path).is_ok_and(|meta| meta.written > plan.written);
    match fs.metadata(&place) {
        Ok(_) => is_later(&place).then_some(Warning::Changed { path: place }),
        Err(error) if aside::may_be_in_the_way(&error) => {
            let mut dirs = place.rmatch_indices('/').map(|(end, _)| &place[..end]).chain(std::iter::once(""));
            let above = dirs.find(|dir| fs.metadata(dir).is_ok_and(|meta| meta.is_dir()))?;
            is_later(above).then(|| Warning::Missing { path: place.clone() })
        }
        Err(_) => None,
    }
}

/// Where a staged file goes.
fn place_of(plan: &Plan, number: u32) -> Option<String> {
    plan.steps.iter().find_map(|step| match step {
        Step::Put { path, object } if *object == number => Some(path.to_string()),
        _ => None,
    })
}

fn is_sound(fs: &dyn Fs, path: &str, object: &Object) -> Result<bool> {
    Ok(match object {
        Object::File(blob) => hash_file(fs, path)? == *blob,
        Object::Clone { len, hash, written } => {
            let meta = fs.metadata(path).context("look at", path)?;
            meta.len == *len && hash_pieces(fs, path, written)? == *hash
        }
        Object::Link { .. } => fs.metadata(path).context("look at", path)?.is_file(),
    })
}

/// Whether what is installed was forgotten: only a journal that is lost leaves a document behind that it does not know.
pub(crate) fn is_forgotten(fs: &dyn Fs, installed: Hash) -> bool {
    installed.is_none() && fs.metadata(HEAD).is_ok()
}

/// Whether something is there; an error of the system is not a no.
fn exists(fs: &dyn Fs, path: &str) -> Result<bool> {
    match fs.metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("look at", path, error)),
    }
}

/// Reads a document of the state directory whole.
pub(crate) fn read_document(fs: &dyn Fs, path: &str) -> Result<Vec<u8>> {
    let file = fs.open(path, OpenMode::Read).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::damaged("a part of it is missing").at(path),
        _ => Error::io("open", path, error),
    })?;
    let len = file.metadata().context("look at", path)?.len;
    if len > MAX_PLAN_LEN {
        return Err(Error::damaged("a part of it is far too long").at(path));
    }
    let mut bytes = vec![0; usize::try_from(len).map_err(|_| Error::damaged("a part of it is far too long"))?];
    file.read_exact_at(&mut bytes, 0).context("read", path)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, write};

    use super::*;

    const FOLDER: TxLayout = TxLayout(1);

    #[test]
    fn what_cannot_be_looked_at_is_not_taken_for_removed_by_others() {
        let sim = SimFs::new(SimOptions::strict());
        for dir in [STATE, TRANSACTIONS, &FOLDER.dir(), "d"] {
            sim.create_dir(dir, None).unwrap();
        }
        write(&sim, &FOLDER.plan(), b"plan").unwrap();
        write(&sim, "d/x", b"put there").unwrap();
        sim.remove_file("d/x").unwrap();
        let gone = Some(Warning::Missing { path: "d/x".into() });
        assert_eq!(changed_by_others(&sim, FOLDER, "d/x".into()), gone);
        let hook = HookFs::on_sim(&sim, |call| match call.method {
            Method::Metadata if call.path == "d/x" => Verdict::Refuse(std::io::ErrorKind::Other),
            _ => Verdict::Pass,
        });
        assert_eq!(changed_by_others(&hook, FOLDER, "d/x".into()), None);
    }

    #[test]
    fn a_document_that_is_far_too_long_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::File::create(dir.path().join("plan")).unwrap().set_len(MAX_PLAN_LEN + 1).unwrap();
        let fs = untorn_fs::OsFs::open(dir.path()).unwrap();
        let error = read_document(&fs, "plan").unwrap_err();
        assert!(error.to_string().contains("far too long"), "{error}");
    }
}
