//! The tree before and the tree after, and what a tree found is of the two.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use untorn_sim::{Entry, Rng, Snapshot};

use crate::lab::{look, workload};

/// Both must fit on the smallest disk, with what an updater needs beside them.
const LEN_MAX: u64 = 12 << 20;

/// The two.
#[derive(Debug)]
pub(super) struct Trees {
    pub(super) old: Snapshot,
    pub(super) new: Snapshot,
}

/// What a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Old,
    New,
    /// Each path is whole, the old one or the new one, but not all are of one side.
    Mixed,
    /// A path is neither: something in between, zeros, nothing.
    Damaged,
}

impl Found {
    pub(super) fn is_torn(self) -> bool {
        matches!(self, Self::Mixed | Self::Damaged)
    }
}

impl Trees {
    /// Copies of the two in `dir`, times and all; without them, two of our own. Beside them a list of what is gone.
    ///
    /// # Errors
    /// They cannot be read, are too large, or equal.
    pub(super) fn new(dir: &Path, start: Option<&Path>, end: Option<&Path>) -> Result<Self, String> {
        for (name, from) in [("old", start), ("new", end)] {
            match from {
                Some(from) => copy(from, &dir.join(name))?,
                None => sample(&dir.join(name), name == "new").map_err(|error| format!("{name}: {error}"))?,
            }
        }
        let read = |name: &str| look::snapshot(&dir.join(name)).map_err(|error| format!("{name}: {error}"));
        let (old, new) = (read("old")?, read("new")?);
        if old == new {
            return Err("the tree before and the tree after are the same".into());
        }
        if workload::len(&old).max(workload::len(&new)) > LEN_MAX {
            return Err(format!("a tree of more than {} MiB; take a part of it", LEN_MAX >> 20));
        }
        let gone: String = old.0.keys().rev().filter(|path| !new.0.contains_key(*path)).map(|path| format!("{path}\n")).collect();
        fs::write(dir.join("gone"), gone).map_err(|error| format!("what is gone: {error}"))?;
        Ok(Self { old, new })
    }

    /// What stands in `dir`, where names at the top may be the updater's own; and what of it is in neither tree.
    pub(super) fn look(&self, dir: &Path, ignore: &[String]) -> (Found, Vec<String>, Option<String>) {
        let found = match look::snapshot(dir) {
            Ok(found) => found,
            // The tree was moved away.
            Err(error) if error.kind() == ErrorKind::NotFound => Snapshot::default(),
            Err(error) => return (Found::Damaged, Vec::new(), Some(format!("it cannot be read: {error}"))),
        };
        let is_own = |path: &str| ignore.iter().any(|name| path.split('/').next() == Some(name));
        let extra = found.0.keys().filter(|path| !self.knows(path) && !is_own(path)).cloned().collect();
        let (what, why) = self.compare(&found);
        (what, extra, why)
    }

    fn knows(&self, path: &str) -> bool {
        self.old.0.contains_key(path) || self.new.0.contains_key(path)
    }

    /// Directories do not count: many an updater knows files only, and takes an empty directory for nothing.
    fn compare(&self, found: &Snapshot) -> (Found, Option<String>) {
        let paths: BTreeSet<&String> = self.old.0.keys().chain(self.new.0.keys()).collect();
        let (mut is_old, mut is_new, mut broken) = (true, true, None);
        for path in paths {
            let of = |tree: &Snapshot| tree.0.get(path).filter(|entry| **entry != Entry::Dir).cloned();
            let (old, new, now) = (of(&self.old), of(&self.new), of(found));
            is_old &= now == old;
            is_new &= now == new;
            if now != old && now != new && broken.is_none() {
                broken = Some(format!("{path}: {}", describe(now.as_ref(), new.or(old).as_ref())));
            }
        }
        let what = match (is_old, is_new, &broken) {
            (true, _, _) => Found::Old,
            (_, true, _) => Found::New,
            (_, _, None) => Found::Mixed,
            _ => Found::Damaged,
        };
        (what, broken)
    }
}

/// What is wrong with it.
fn describe(now: Option<&Entry>, wanted: Option<&Entry>) -> String {
    let len = |entry: Option<&Entry>| if let Some(Entry::File { bytes, .. }) = entry { bytes.len() } else { 0 };
    match now {
        None => "missing".into(),
        Some(Entry::File { bytes, .. }) if bytes.is_empty() => format!("empty, {} bytes wanted", len(wanted)),
        Some(Entry::File { bytes, .. }) if bytes.iter().all(|byte| *byte == 0) => format!("{} zeros", bytes.len()),
        Some(Entry::File { bytes, .. }) => format!("{} bytes that are neither the old nor the new ones", bytes.len()),
        Some(_) => "something else".into(),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let status = Command::new("cp").arg("-a").arg("--").arg(from).arg(to).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("copying {}: {status}", from.display())),
        Err(error) => Err(format!("cp: {error}")),
    }
}

/// What every updater can make: files that change in the middle, grow, shrink, are replaced, change places, come and go, in directories that do.
fn sample(dir: &Path, is_new: bool) -> io::Result<()> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut file = |path: String, bytes: Vec<u8>| files.insert(path, bytes);
    let (mut pak, mut large) = (noise(1, 200_000), noise(2, 1_200_000));
    if is_new {
        pak[70_000..70_006].copy_from_slice(b"edited");
        large[600_000..609_000].copy_from_slice(&noise(9, 9000));
    }
    file("data/pak".into(), pak);
    file("data/large".into(), large);
    file("data/same".into(), noise(7, 9000));
    for number in 0..60_u64 {
        // Every third keeps its length.
        let seed = if is_new { 200 + number } else { 100 + number };
        let len = 3000 + 60 * number + if is_new && number % 3 != 0 { 777 } else { 0 };
        file(format!("text/{number:02}"), noise(seed, usize::try_from(len).unwrap_or(0)));
    }
    let (left, right) = if is_new { (noise(6, 7000), noise(4, 5000)) } else { (noise(4, 5000), noise(6, 7000)) };
    file("left".into(), left);
    file("right".into(), right);
    file("shrinks".into(), noise(8, if is_new { 80_000 } else { 90_000 }));
    let tail = if is_new { noise(11, 20_000) } else { Vec::new() };
    file("grows".into(), [noise(3, 100_000), tail].concat());
    if is_new {
        file("fresh/large".into(), noise(10, 150_000));
        file("fresh/small".into(), noise(12, 300));
    } else {
        file("gone/x".into(), noise(13, 4000));
        file("gone/y".into(), noise(14, 40));
    }
    write(dir, &files, is_new)
}

/// With the times that a build has when it is sent to somebody: of what changed, later ones.
fn write(dir: &Path, files: &BTreeMap<String, Vec<u8>>, is_new: bool) -> io::Result<()> {
    let time = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 * days);
    for (path, bytes) in files {
        let file = dir.join(path);
        fs::create_dir_all(file.parent().unwrap_or(dir))?;
        fs::write(&file, bytes)?;
        let days = if is_new && path != "data/same" { 20_000 } else { 19_000 };
        fs::File::options().write(true).open(&file)?.set_modified(time(days))?;
    }
    let dirs: BTreeSet<PathBuf> = files.keys().filter_map(|path| Some(dir.join(Path::new(path).parent()?))).collect();
    dirs.iter().try_for_each(|dir| fs::File::open(dir)?.set_modified(time(20_000)))
}

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    (0..len.div_ceil(8)).flat_map(|_| rng.next_u64().to_le_bytes()).take(len).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tree_is() {
        let dir = std::env::temp_dir().join(format!("untorn-torture-trees-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        let trees = Trees::new(&dir, None, None).unwrap();
        let none: Vec<String> = Vec::new();
        let look = |dir: &Path| trees.look(dir, &none);
        assert_eq!(look(&dir.join("old")).0, Found::Old);
        assert_eq!(look(&dir.join("new")), (Found::New, none.clone(), None));
        fs::copy(dir.join("new/left"), dir.join("old/left")).unwrap();
        assert_eq!(look(&dir.join("old")).0, Found::Mixed);
        fs::write(dir.join("old/right"), [0; 7000]).unwrap();
        fs::write(dir.join("old/.right.tmp"), "").unwrap();
        let (found, extra, why) = look(&dir.join("old"));
        assert_eq!((found, extra), (Found::Damaged, vec![".right.tmp".to_owned()]));
        assert_eq!(why.unwrap(), "right: 7000 zeros");
        assert_eq!(look(&dir.join("nothing")).0, Found::Damaged);
        assert_eq!(fs::read_to_string(dir.join("gone")).unwrap(), "gone/y\ngone/x\ngone\n");
        fs::remove_dir_all(dir).unwrap();
    }
}
