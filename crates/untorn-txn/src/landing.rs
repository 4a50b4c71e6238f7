//! How staged files get into the tree: see "Three ways into the tree" in `ARCHITECTURE.md`.

use std::collections::BTreeSet;

use untorn_format::{
    fold_key,
    journal::{Object, Plan, Step},
};
use untorn_fs::Capabilities;

/// How a staged file gets into the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    /// Under a second name, which is renamed to its place.
    Link,
    /// Its only name is renamed: the fewest changes of names. Should a crash come, recovery looks for it in its place, and knows it by its hash.
    Rename,
    /// Its bytes are written to their place: a rename could lose the file, or a repeated removal of another spelling of its name would take it for the old one.
    Copy,
}

impl Landing {
    /// How the objects of a plan land; the same for every apply of it on one file system.
    pub(crate) fn of(plan: &Plan, capabilities: Capabilities) -> Self {
        if capabilities.atomic_rename && !respells(plan) {
            Self::Rename
        } else if capabilities.hard_links {
            Self::Link
        } else {
            Self::Copy
        }
    }

    /// A link to a file that moves keeps its name, which cannot be known again by a hash, and under which the file may be patched.
    pub(crate) fn of_object(self, object: &Object) -> Self {
        if matches!(object, Object::Link { .. }) { Self::Link } else { self }
    }
}

/// Whether a file is put under a name that some system takes for one that is removed.
fn respells(plan: &Plan) -> bool {
    let removed = plan.steps.iter().filter_map(|step| match step {
        Step::RemoveFile { path } => Some(fold_key(path.as_str())),
        _ => None,
    });
    let mut keys = BTreeSet::new();
    keys.extend(removed);
    plan.steps.iter().any(|step| matches!(step, Step::Put { path, .. } if keys.contains(&fold_key(path.as_str()))))
}
