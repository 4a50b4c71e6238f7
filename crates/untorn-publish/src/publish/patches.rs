//! Patches from builds before, each tried before anybody is offered it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use untorn::{ApplyOptions, DiffOptions, Manifest, VerifyOptions};
use untorn_format::{Hash, Hasher, escape, patch::HEADER_LEN, release::PatchObject};
use untorn_fs::{File, Fs, OpenMode, OsFs};
use untorn_store::layout::Name;

use super::{Work, hash_text};
use crate::{
    Body, Error, PatchReport, PublishOptions, Result,
    assemble::{Local, assemble},
    base::{Base, Old},
    work_dir::work_dir,
};

/// How many patches a release lists, at most: those that lead to it first.
const LISTED_MAX: usize = 512;
const PIECE_LEN: usize = 1 << 20;

/// Makes the patches that were asked for, and lists them with those that are in the store already and lead, over others, to this build.
pub(super) fn make(work: &Work<'_>, manifest: &Manifest, base: &Base) -> Result<(Vec<PatchObject>, Vec<PatchReport>)> {
    let mut made: Vec<PatchObject> = Vec::new();
    let mut reports = Vec::new();
    let olds: Vec<&Old> = base.history.iter().take(work.options.patch_from).collect();
    if !work.sender.is_dry() && !olds.is_empty() {
        let locals: Vec<Local> = work.options.old.iter().map(|dir| Local::read(dir, work.options.jobs)).collect::<Result<_>>()?;
        for old in olds {
            let from = old.release.manifest.hash;
            if from == manifest.hash() || made.iter().any(|patch| patch.from == from) {
                continue;
            }
            let patch = make_one(work, manifest, old, &locals)?;
            reports.push(PatchReport { from: old.pointer.build, len: patch.len });
            made.push(patch);
        }
    }
    Ok((listed(work, manifest.hash(), made, base)?, reports))
}

fn make_one(work: &Work<'_>, manifest: &Manifest, old: &Old, locals: &[Local]) -> Result<PatchObject> {
    let place = work_dir(work.options.work_dir.as_deref())?;
    let (tree, file) = (place.path().join("old"), place.path().join("patch"));
    let fs = OsFs::open(place.path()).map_err(|source| io_error("open", place.path(), source))?;
    fs.create_dir("old", None).map_err(|source| io_error("make", &tree, source))?;
    assemble(work.store, &old.release, locals, &tree, work.options.observer.as_deref())?;

    let mut options = DiffOptions::default();
    (options.level, options.jobs, options.observer) =
        (work.options.patch_level, work.options.jobs, work.options.observer.clone());
    options.recompress = work.options.recompress;
    let report = untorn::diff(&tree, work.build, &file, &options)?;
    if report.from != old.release.manifest.hash {
        return Err(Error::Patch { why: format!("build {} could not be put together", old.pointer.build) });
    }
    if report.to != manifest.hash() {
        return Err(untorn::Error::ChangedMeanwhile { path: escape(work.build.as_os_str().as_encoded_bytes()) }.into());
    }
    let patch = fs.open("patch", OpenMode::Read).map_err(|source| io_error("open", &file, source))?;
    let memory = untorn::inspect(Reading { file: patch.as_ref(), at: 0, len: report.patch.patch_len })?.bytes_memory;
    let mut object = describe(patch.as_ref(), report.from, report.to).map_err(|source| io_error("read", &file, source))?;
    object.memory = memory;
    try_out(patch.as_ref(), object.len, &tree, manifest, work.options)?;
    work.sender.send(&Name::Patch(object.hash), Body::File(patch.as_ref(), object.len))?;
    Ok(object)
}

/// Applies the patch to the old build, as a player would, and looks at every byte.
fn try_out(patch: &dyn File, len: u64, tree: &Path, manifest: &Manifest, chosen: &PublishOptions) -> Result<()> {
    let mut options = ApplyOptions::default();
    // It was made just now.
    options.trusting = untorn::Trusting::Unsigned;
    (options.keep_undo, options.jobs, options.observer) = (false, chosen.jobs, chosen.observer.clone());
    let failed = |why: String| Error::Patch { why };
    untorn::apply(Reading { file: patch, at: 0, len }, tree, &options).map_err(|error| match error {
        untorn::Error::Stopped => Error::Stopped,
        other => failed(other.to_string()),
    })?;
    let mut options = VerifyOptions::default();
    (options.jobs, options.observer) = (chosen.jobs, chosen.observer.clone());
    let report = untorn::verify_against(tree, manifest, &options)?;
    match report.damage.iter().chain(&report.extra).next() {
        None => Ok(()),
        Some(difference) => Err(failed(difference.to_string())),
    }
}

/// The patch as a release lists it, but for the memory.
fn describe(file: &dyn File, from: Hash, to: Hash) -> std::io::Result<PatchObject> {
    let len = file.metadata()?.len;
    let mut header = [0; HEADER_LEN];
    file.read_exact_at(&mut header, 0)?;
    let (mut hasher, mut piece, mut at) = (Hasher::new(), vec![0; PIECE_LEN], 0);
    while at < len {
        let read = file.read_at(&mut piece, at)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&piece[..read]);
        at += read as u64;
    }
    Ok(PatchObject { from, to, hash: hasher.finish(), len, header_hash: Hash::of(&header), memory: 0 })
}

/// The patches that lead to the build `to`, directly or one over the other, the directest first until there are too many; sorted as a release has them.
fn listed(work: &Work<'_>, to: Hash, made: Vec<PatchObject>, base: &Base) -> Result<Vec<PatchObject>> {
    let there: BTreeMap<String, u64> = work.store.list("patch/")?.into_iter().map(|listed| (listed.name, listed.len)).collect();
    let is_there = |patch: &&PatchObject| there.get(&Name::Patch(patch.hash).to_string()) == Some(&patch.len);
    let earlier = base.history.iter().flat_map(|old| &old.release.patches).filter(is_there);
    let mut all: BTreeMap<(String, String), PatchObject> = BTreeMap::new();
    for patch in made.iter().chain(earlier) {
        all.entry((hash_text(&patch.to), hash_text(&patch.from))).or_insert(*patch);
    }
    let (mut found, mut seen, mut next) = (Vec::new(), BTreeSet::from([to]), vec![to]);
    while !next.is_empty() && found.len() < LISTED_MAX {
        let step: Vec<PatchObject> =
            all.values().filter(|patch| next.contains(&patch.to) && !seen.contains(&patch.from)).copied().collect();
        next = step.iter().map(|patch| patch.from).filter(|from| seen.insert(*from)).collect();
        found.extend(step);
    }
    found.truncate(LISTED_MAX);
    found.sort_by_key(|patch| (patch.from, patch.to));
    Ok(found)
}

/// A patch, from its first byte to its last.
struct Reading<'a> {
    file: &'a dyn File,
    at: u64,
    len: u64,
}

impl std::io::Read for Reading<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let wanted = buf.len().min(usize::try_from(self.len - self.at).unwrap_or(usize::MAX));
        let len = self.file.read_at(&mut buf[..wanted], self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}

fn io_error(doing: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io { doing, path: escape(path.as_os_str().as_encoded_bytes()), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(tree: &Path, patch: &Path, wanted: &Path) -> Result<()> {
        let manifest = untorn::scan(wanted, &untorn::ScanOptions::default()).unwrap();
        let (fs, name) = (OsFs::open(patch.parent().unwrap()).unwrap(), patch.file_name().unwrap().to_str().unwrap());
        let file = fs.open(name, OpenMode::Read).unwrap();
        try_out(file.as_ref(), file.metadata().unwrap().len, tree, &manifest, &PublishOptions::default())
    }

    #[test]
    fn a_patch_that_does_not_lead_there_is_found_out() {
        let work = tempfile::tempdir().unwrap();
        let dir = |name: &str, text: &str| {
            let dir = work.path().join(name);
            std::fs::create_dir(&dir).unwrap();
            std::fs::write(dir.join("file"), text).unwrap();
            dir
        };
        let (new, other, patch) = (dir("new", "new"), dir("other", "other"), work.path().join("patch"));
        untorn::diff(&dir("old", "old"), &new, &patch, &DiffOptions::default()).unwrap();
        tried(&dir("right", "old"), &patch, &new).unwrap();
        // It leads elsewhere; it does not apply; it leaves something over.
        for (name, text, wanted) in [("elsewhere", "old", &other), ("not", "none of these", &new)] {
            assert!(matches!(tried(&dir(name, text), &patch, wanted), Err(Error::Patch { .. })), "{name}");
        }
        let over = dir("over", "old");
        std::fs::write(over.join("left over"), "").unwrap();
        assert!(matches!(tried(&over, &patch, &new), Err(Error::Patch { .. })));
    }
}
