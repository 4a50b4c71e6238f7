//! What a symlink of a tree may say.

use crate::{PathError, PathRule, TreePath};

/// The longest target of a symlink, in bytes.
pub const TARGET_LEN_MAX: usize = 1024;

/// Checks what the symlink at `link` says (F3): a relative path with `/` between components, that leads, name by name, to a place inside the
/// tree and outside the state directory, and that is written in its one plain form. `..` is allowed at the beginning only: behind a name,
/// which may itself be a symlink, nobody can say by reading where it leads.
///
/// # Errors
/// [`PathError`] with rule F3, naming the link and the target.
pub fn check_symlink_target(link: &TreePath, target: &str) -> Result<(), PathError> {
    resolve(link, target).map(drop)
}

/// The path in the tree that the symlink at `link` leads to, checked as by [`check_symlink_target`].
pub(crate) fn resolve(link: &TreePath, target: &str) -> Result<TreePath, PathError> {
    lexically(link, target).ok_or_else(|| PathError::with_other(PathRule::F3, link.as_str(), target))
}

fn lexically(link: &TreePath, target: &str) -> Option<TreePath> {
    if target.len() > TARGET_LEN_MAX {
        return None;
    }
    let mut dir = parent(link.as_str());
    let mut rest = target;
    while let Some(below) = rest.strip_prefix("../") {
        dir = parent(dir?);
        rest = below;
    }
    if rest == ".." {
        return TreePath::new(parent(dir?)?).ok();
    }
    TreePath::new(&dir.map_or_else(|| rest.to_owned(), |dir| format!("{dir}/{rest}"))).ok()
}

/// The directory of `path`; `None` for one directly below the root.
fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}
