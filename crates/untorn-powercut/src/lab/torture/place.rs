//! Where everything is: what the names in braces stand for.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::args::quoted;

/// Names that are always known.
pub(super) const NAMES: &[&str] = &["tree", "disk", "old", "new", "gone", "work"];

/// The paths of one updater on one disk.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// What is mounted, or stands for it.
    pub(super) disk: PathBuf,
    /// On the ordinary disk: what the updater needs, made once.
    pub(super) work: PathBuf,
    /// What lines say goes there.
    pub(super) log: PathBuf,
    names: BTreeMap<String, String>,
}

impl Place {
    /// `common` holds the two builds; `with` what else has a name.
    pub(super) fn new(common: &Path, work: &Path, disk: &Path, log: PathBuf, with: &BTreeMap<String, String>) -> Self {
        let path = |path: PathBuf| path.to_string_lossy().into_owned();
        let mut names = with.clone();
        for (name, place) in [("old", common.join("old")), ("new", common.join("new")), ("gone", common.join("gone"))] {
            names.insert(name.into(), path(place));
        }
        names.insert("work".into(), path(work.into()));
        names.insert("disk".into(), path(disk.into()));
        names.insert("tree".into(), path(disk.join("tree")));
        Self { disk: disk.into(), work: work.into(), log, names }
    }

    pub(super) fn tree(&self) -> PathBuf {
        self.disk.join("tree")
    }

    /// The line with paths in place of names.
    pub(super) fn fill(&self, line: &str) -> String {
        let mut text = line.to_owned();
        for (name, value) in &self.names {
            text = text.replace(&format!("{{{name}}}"), &quoted(value));
        }
        text
    }
}

/// The names in braces.
pub(super) fn names(line: &str) -> Vec<&str> {
    let parts = line.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name));
    parts.filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_paths_and_everything_else_stays() {
        let with = BTreeMap::from([("tool".into(), "/a tool".into())]);
        let place = Place::new(Path::new("/c"), Path::new("/w"), Path::new("/d"), "/l".into(), &with);
        assert_eq!(place.fill("{tool} {tree}/ {} {new} ${x}"), "'/a tool' /d/tree/ {} /c/new ${x}");
        assert_eq!(names("{tool} {tree}/ {} {A} {new"), ["tool", "tree"]);
    }
}
