//! Files that somebody modified since they were installed, and that stay as they are.
//!
//! What is recorded as installed is the build all the same: it says what should be there, and verifying names the files that differ from it. So the next patch
//! finds the build it starts from.

use std::collections::BTreeMap;

use untorn_format::{
    TreePath,
    patch::{After, Before, Change, Index},
};

use crate::{Difference, What, difference::kind_name};
use untorn_fs::FileKind;

/// The modified files whose changes are left out, and how they differ.
pub(crate) type Modified = BTreeMap<TreePath, Difference>;

/// Takes those out of `differences` whose changes can be left out, and files that do not change at all. Whether something else is made from their bytes shows when it is made.
pub(super) fn set_aside(index: &Index, differences: &mut Vec<Difference>) -> Modified {
    let mut modified = Modified::new();
    differences.retain(|difference| {
        let Ok(path) = TreePath::new(&difference.path) else { return true };
        let can_stay = index.changes().get(&path).is_none_or(|change| stands_alone(index, change));
        if can_stay && is_modification(&difference.what) {
            modified.insert(path, difference.clone());
            return false;
        }
        true
    });
    modified
}

/// What was to stay as it is, and turned out to be what others are made from: the difference says so.
pub(super) fn explain(differences: &mut [Difference], modified: &Modified) {
    let stayed = |difference: &&mut Difference| modified.values().any(|modified| modified.path == difference.path);
    differences.iter_mut().filter(stayed).for_each(|difference| difference.what = What::Needed);
}

/// Whether nothing but one file changes: what moves, or gives way to something of another kind, takes others with it.
fn stands_alone(index: &Index, change: &Change) -> bool {
    let is_file =
        matches!(change.before, Before::File { .. } | Before::Absent) && matches!(change.after, After::File(_) | After::Absent);
    is_file && !index.changes().as_slice().iter().any(|other| moves_from(other, &change.path))
}

fn moves_from(change: &Change, path: &TreePath) -> bool {
    matches!(&change.after, After::Moved { from, .. } if from == path)
}

/// Whether a file still stands there, or was taken away.
pub(crate) fn is_modification(what: &What) -> bool {
    match what {
        What::Content | What::Length { .. } | What::Missing => true,
        What::Extra { found } => *found == kind_name(FileKind::File),
        _ => false,
    }
}
