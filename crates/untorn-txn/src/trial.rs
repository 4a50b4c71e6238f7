//! Finding out before the commit point what the system would refuse after it: by asking, and where asking does not tell, by doing it in the stage.

use std::collections::BTreeSet;

use untorn_format::TreePath;
use untorn_fs::{Fs, Permissions, Right};

use crate::{
    error::{Context, Result},
    layout::TxLayout,
    pool,
    view::{Base, Node, Touched, View},
};

/// Asks about every name and permission that apply is going to change in the old tree, once it is known how each file goes.
pub(crate) fn ask(fs: &dyn Fs, view: &View, jobs: usize) -> Result<()> {
    pool::each(jobs, pool::SHORT, &questions(view), |&(right, path)| {
        fs.may(right, path.as_str())
            .context(if right == Right::Name { "make or remove" } else { "set permissions of" }, path.as_str())
    })
}

fn questions(view: &View) -> Vec<(Right, &TreePath)> {
    let (mut open_dirs, mut questions) = (BTreeSet::new(), Vec::new());
    for (path, touched) in view.iter().filter(|(_, touched)| touched.was != touched.now) {
        // Of a name that nothing has yet, only the directory tells: once is enough.
        let is_told = touched.was.is_absent() && !open_dirs.insert(path.parent());
        if changes_name(path, touched) && is_in_old_dir(view, path) && !is_told {
            questions.push((Right::Name, path));
        }
        questions.extend(permissions_set_of(touched).map(|file| (Right::Permissions, file)));
    }
    questions
}

/// Whether the name is made, removed, or made to stand for something else; not so when a file is changed where it stands.
fn changes_name(path: &TreePath, touched: &Touched) -> bool {
    match (&touched.was, &touched.now) {
        (Node::Dir { .. }, Node::Dir { .. }) => false,
        (Node::File(_), Node::File(now)) => now.origin().is_none_or(|(origin, _)| origin != path),
        _ => true,
    }
}

/// Whether the directory it is in is there already. One that is new is ours.
fn is_in_old_dir(view: &View, path: &TreePath) -> bool {
    path.ancestors().all(|dir| view.get(&dir).is_none_or(|touched| touched.was.is_dir()))
}

/// The file of the old tree whose executable bit is set or cleared.
fn permissions_set_of(touched: &Touched) -> Option<&TreePath> {
    let Node::File(file) = &touched.now else { return None };
    match &file.base {
        Base::Tree { path, meta } if meta.permissions.executable() != file.executable => Some(path),
        _ => None,
    }
}

/// Does in the stage what is not known to work: a symlink, and names in a new directory that takes the permissions of an old one.
pub(crate) fn try_out(fs: &dyn Fs, view: &View, layout: TxLayout) -> Result<()> {
    let symlinks = view.iter().filter_map(|(path, touched)| match &touched.now {
        Node::Symlink { target } if touched.was != touched.now => Some((path, target)),
        _ => None,
    });
    // Where the longest can be made, so can the others.
    if let Some((path, target)) = symlinks.max_by_key(|(_, target)| target.len()) {
        try_symlink(fs, target, &layout.passing()).context("make", path.as_str())?;
    }
    new_dirs(view)
        .filter(|(dir, permissions)| closed(*permissions) && has_names(view, dir))
        .try_for_each(|(dir, permissions)| try_dir(fs, permissions, &layout.passing()).context("make names in", dir.as_str()))
}

fn try_symlink(fs: &dyn Fs, target: &str, passing: &str) -> std::io::Result<()> {
    fs.symlink(target, passing)?;
    fs.remove_file(passing)
}

fn new_dirs(view: &View) -> impl Iterator<Item = (&TreePath, u32)> {
    view.iter().filter_map(|(path, touched)| match touched.now {
        Node::Dir { permissions } if !touched.was.is_dir() => Some((path, permissions)),
        _ => None,
    })
}

/// Whether permissions (0: the default) may keep their owner from making names.
fn closed(permissions: u32) -> bool {
    const WRITE_AND_SEARCH: u32 = 0o300;
    permissions != 0 && permissions & WRITE_AND_SEARCH != WRITE_AND_SEARCH
}

fn has_names(view: &View, dir: &TreePath) -> bool {
    view.iter().any(|(path, touched)| path.parent().as_ref() == Some(dir) && !touched.now.is_absent())
}

fn try_dir(fs: &dyn Fs, permissions: u32, passing: &str) -> std::io::Result<()> {
    fs.create_dir(passing, Some(Permissions::from_bits(permissions)))?;
    let answer = fs.may(Right::Name, &format!("{passing}/name"));
    fs.remove_dir(passing)?;
    answer
}
