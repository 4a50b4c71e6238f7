//! From a sealed plan to the report on it.

use std::collections::BTreeMap;

use untorn_format::{
    TreePath,
    journal::{Plan, Step, Target},
};

use crate::{
    prepare::Ways,
    report::{Change, FileReport, Report},
    seal::bytes_in_place,
    transaction::Transaction,
    view::{Base, Node, Touched, View},
    way::{Way, Why},
};

/// What the transaction is going to do.
pub(crate) fn report(tx: &Transaction<'_>, plan: &Plan, ways: &Ways) -> Report {
    let moved = origins(&tx.view);
    let files = tx.view.iter().filter(|(_, touched)| touched.was != touched.now).map(|(path, touched)| {
        let (way, why) = ways.get(path).copied().unwrap_or((Way::Metadata, Why::NoContent));
        FileReport { path: path.to_string(), change: change(path, touched, &moved), way, why, bytes: bytes(tx, touched) }
    });
    Report {
        txid: plan.txid,
        files: files.collect(),
        bytes_staged: tx.stage.bytes(),
        bytes_redo: plan.redo.len,
        bytes_in_place: bytes_in_place(plan),
        bytes_undo: tx.stage.undo.len(),
        ..Report::default()
    }
}

/// Where moved files came from, by where they went.
fn origins(view: &View) -> BTreeMap<&TreePath, &TreePath> {
    let mut origins = BTreeMap::new();
    origins.extend(view.iter().filter_map(|(path, touched)| match &touched.now {
        Node::File(file) => file.origin().filter(|(origin, _)| *origin != path).map(|(origin, _)| (path, origin)),
        _ => None,
    }));
    origins
}

fn change(path: &TreePath, touched: &Touched, moved: &BTreeMap<&TreePath, &TreePath>) -> Change {
    match (moved.get(path), touched.was.is_absent(), touched.now.is_absent()) {
        (Some(from), _, _) => Change::Moved { from: from.to_string() },
        (None, true, _) => Change::Added,
        (None, _, true) => Change::Removed,
        _ => Change::Changed,
    }
}

fn bytes(tx: &Transaction<'_>, touched: &Touched) -> u64 {
    let Node::File(file) = &touched.now else { return 0 };
    match &file.base {
        Base::Staged(number) => tx.stage.object(*number).map_or(0, |object| object.bytes),
        Base::Tree { .. } | Base::Nothing => 2 * file.extents.bytes(),
    }
}

/// The path a step is about, for messages and for knowing what to sync; `None` for a file found as a staged object.
pub(crate) fn path_of(step: &Step) -> Option<&TreePath> {
    match step {
        Step::RemoveFile { path }
        | Step::RemoveDir { path }
        | Step::MakeDir { path, .. }
        | Step::Put { path, .. }
        | Step::Symlink { path, .. } => Some(path),
        Step::Patch { target, .. } | Step::SetExecutable { target, .. } => match target {
            Target::Path(path) => Some(path),
            Target::Object(_) => None,
        },
    }
}
