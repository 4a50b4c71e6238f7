//! What is in a directory, seen from outside.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use untorn_sim::{Entry, Snapshot};

/// The state directory, which is no part of a tree.
pub(super) const STATE: &str = ".untorn";

/// What may be in the state directory when nothing is under way. Of what was fetched the index stays, and may be removed at any time.
const STATE_NAMES: &[&str] = &["lock", "readers", "holder", "slot.0", "slot.1", "slot.2", "head", "tx", "fetched"];

/// What may be left of a transaction whose way back is kept.
const KEPT_NAMES: &[&str] = &["undo.plan", "undo", "u"];

/// Everything in a tree, without the state directory.
pub(super) fn snapshot(dir: &Path) -> io::Result<Snapshot> {
    let mut tree = BTreeMap::new();
    collect(dir, "", &mut tree)?;
    Ok(Snapshot(tree))
}

fn collect(root: &Path, below: &str, tree: &mut BTreeMap<String, Entry>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if below.is_empty() && name == STATE {
            continue;
        }
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        let kind = entry.file_type()?;
        let found = if kind.is_dir() {
            Entry::Dir
        } else if kind.is_symlink() {
            Entry::Symlink { target: fs::read_link(entry.path())?.to_string_lossy().into_owned() }
        } else if kind.is_file() {
            let executable = entry.metadata()?.permissions().mode() & 0o111 != 0;
            Entry::File { bytes: fs::read(entry.path())?, executable }
        } else {
            Entry::Other
        };
        tree.insert(path.clone(), found);
        if kind.is_dir() {
            collect(root, &path, tree)?;
        }
    }
    Ok(())
}

/// Makes a directory what a snapshot says; it must not be there yet.
pub(super) fn make(dir: &Path, tree: &Snapshot) -> io::Result<()> {
    fs::create_dir(dir)?;
    for (path, entry) in &tree.0 {
        let path = dir.join(path);
        match entry {
            Entry::Dir => fs::create_dir(path)?,
            Entry::Symlink { target } => std::os::unix::fs::symlink(target, path)?,
            Entry::File { bytes, executable } => {
                fs::write(&path, bytes)?;
                fs::set_permissions(path, fs::Permissions::from_mode(if *executable { 0o755 } else { 0o644 }))?;
            }
            Entry::Other => return Err(io::Error::other("a tree with something else in it")),
        }
    }
    Ok(())
}

/// The first thing that should not be there any more: in the state directory, or beside the tree.
pub(super) fn leftover(root: &Path, beside: &[&str], also: Option<&str>) -> io::Result<Option<String>> {
    let state = root.join("tree").join(STATE);
    let names = |dir: &Path| -> io::Result<Vec<String>> {
        fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    let first = |names: Vec<String>, allowed: &[&str]| names.into_iter().find(|name| !allowed.contains(&name.as_str()));
    if let Some(name) = first(names(root)?, beside) {
        return Ok(Some(name));
    }
    let allowed: Vec<&str> = STATE_NAMES.iter().copied().chain(also).collect();
    if let Some(name) = first(names(&state)?, &allowed) {
        return Ok(Some(format!("{STATE}/{name}")));
    }
    let transactions = state.join("tx");
    let folders = if transactions.exists() { names(&transactions)? } else { Vec::new() };
    if folders.len() > 1 {
        return Ok(Some(format!("{STATE}/tx: {folders:?}")));
    }
    for folder in folders {
        if let Some(name) = first(names(&transactions.join(&folder))?, KEPT_NAMES) {
            return Ok(Some(format!("{STATE}/tx/{folder}/{name}")));
        }
    }
    Ok(None)
}

/// How two trees differ, in words; of two files of one length, where.
pub(super) fn difference(one: &Snapshot, other: &Snapshot) -> String {
    let mut texts = one.difference(other);
    for (path, entry) in &one.0 {
        if let (Entry::File { bytes, .. }, Some(Entry::File { bytes: found, .. })) = (entry, other.0.get(path)) {
            let differing: Vec<usize> = (0..bytes.len().min(found.len())).filter(|at| bytes[*at] != found[*at]).collect();
            if let (Some(first), Some(last)) = (differing.first(), differing.last()) {
                texts.push(format!("{path}: {} bytes differ, from {first} to {last}", differing.len()));
            }
        }
    }
    texts.join("; ")
}

/// Bytes in use on the file system, without what was fetched for an update: that stays until the update succeeds, so that nothing is fetched twice.
pub(super) fn used(root: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(root)?;
    let fetched = root.join("tree").join(STATE).join("fetched");
    let mut kept = 0;
    if fetched.exists() {
        for entry in fs::read_dir(fetched)? {
            kept += entry?.metadata()?.blocks() * 512;
        }
    }
    Ok(((stat.f_blocks - stat.f_bfree) * stat.f_frsize).saturating_sub(kept))
}

/// What fills the disk.
pub(super) const FILLER: &str = "filler";

/// Takes up all of the file system but so many bytes.
pub(super) fn fill(root: &Path, leave: u64) -> io::Result<()> {
    let stat = rustix::fs::statvfs(root)?;
    let file = fs::File::create_new(root.join(FILLER))?;
    let len = (stat.f_bavail * stat.f_frsize).saturating_sub(leave);
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, len)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_seen_again() {
        let dir = std::env::temp_dir().join(format!("untorn-powercut-look-{}", std::process::id()));
        let file = |bytes: &[u8], executable| Entry::File { bytes: bytes.to_vec(), executable };
        let tree = Snapshot(BTreeMap::from([
            ("a".into(), file(b"1", true)),
            ("d".into(), Entry::Dir),
            ("d/b".into(), file(b"", false)),
            ("l".into(), Entry::Symlink { target: "a".into() }),
        ]));
        make(&dir, &tree).unwrap();
        fs::create_dir(dir.join(STATE)).unwrap();
        let found = snapshot(&dir);
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(found.unwrap(), tree);
    }
}
