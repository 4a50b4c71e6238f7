//! From the view to the steps of the plan. Pure: everything that needs the disk was done before.

use std::collections::BTreeMap;

use untorn_format::{
    TreePath,
    journal::{Step, Target},
};

use crate::view::{Base, FileNode, Node, Touched};

/// The staged names of files that move.
pub(crate) type Links = BTreeMap<TreePath, u32>;

/// The steps, in the order of apply.
pub(crate) fn steps<'v>(touched: impl Iterator<Item = (&'v TreePath, &'v Touched)>, links: &Links) -> Vec<Step> {
    let mut groups = Groups::default();
    for (path, touched) in touched {
        groups.add(path, touched, links);
    }
    groups.in_order()
}

/// The steps by kind, each kind in the order in which paths come (ascending).
#[derive(Default)]
struct Groups {
    remove_files: Vec<Step>,
    remove_dirs: Vec<Step>,
    make_dirs: Vec<Step>,
    puts: Vec<Step>,
    symlinks: Vec<Step>,
    patches: [Vec<Step>; 2],
    executables: [Vec<Step>; 2],
}

impl Groups {
    fn in_order(mut self) -> Vec<Step> {
        self.remove_dirs.reverse();
        for objects in [&mut self.patches[1], &mut self.executables[1]] {
            objects.sort_by_key(object_of);
        }
        let [patches, moved_patches] = self.patches;
        let [executables, moved_executables] = self.executables;
        [
            self.remove_files,
            self.remove_dirs,
            self.make_dirs,
            self.puts,
            self.symlinks,
            patches,
            moved_patches,
            executables,
            moved_executables,
        ]
        .concat()
    }

    fn add(&mut self, path: &TreePath, Touched { was, now }: &Touched, links: &Links) {
        let path = path.clone();
        match (was, now) {
            (Node::File(_) | Node::Symlink { .. }, Node::Absent | Node::Dir { .. }) => {
                self.remove_files.push(Step::RemoveFile { path: path.clone() });
            }
            (Node::Dir { .. }, Node::Absent | Node::File(_) | Node::Symlink { .. }) => {
                self.remove_dirs.push(Step::RemoveDir { path: path.clone() });
            }
            _ => {}
        }
        match now {
            Node::Dir { permissions } if !was.is_dir() => self.make_dirs.push(Step::MakeDir { path, permissions: *permissions }),
            Node::Symlink { target } if was != now => self.symlinks.push(Step::Symlink { path, target: target.clone() }),
            Node::File(file) => self.add_file(path, file, links),
            _ => {}
        }
    }

    fn add_file(&mut self, path: TreePath, file: &FileNode, links: &Links) {
        match &file.base {
            Base::Staged(object) => self.puts.push(Step::Put { path, object: *object }),
            Base::Nothing => self.patches[0].push(patch(Target::Path(path), true, file)),
            Base::Tree { path: origin, .. } if *origin == path => self.change(Target::Path(path), file),
            Base::Tree { .. } => {
                if let Some(&object) = links.get(&path) {
                    self.puts.push(Step::Put { path, object });
                    self.change(Target::Object(object), file);
                }
            }
        }
    }

    /// What changes in a file that exists in the old tree.
    fn change(&mut self, target: Target, file: &FileNode) {
        let group = usize::from(matches!(target, Target::Object(_)));
        if file.is_rewritten() {
            self.patches[group].push(patch(target.clone(), false, file));
        }
        if file.origin().is_some_and(|(_, meta)| meta.permissions.executable() != file.executable) {
            self.executables[group].push(Step::SetExecutable { target, executable: file.executable });
        }
    }
}

fn patch(target: Target, create: bool, file: &FileNode) -> Step {
    Step::Patch { target, create, executable: create && file.executable, len: file.len, ranges: file.extents.ranges() }
}

fn object_of(step: &Step) -> u32 {
    match step {
        Step::Patch { target: Target::Object(object), .. } | Step::SetExecutable { target: Target::Object(object), .. } => {
            *object
        }
        _ => 0,
    }
}
