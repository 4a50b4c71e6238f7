//! What the functions do, in safe Rust.

use std::path::Path;

use untorn::{
    Error, ReadGuard, Status, Transaction, TreeError,
    answers::{self, Json},
    escape,
};

use crate::{
    boundary::{
        held_tree::HeldTree,
        types::{DAMAGE, OK},
    },
    failure::{Failure, Reply},
    options::Choices,
    patch_file,
    table::{self, Held},
};

/// No answer but the number.
pub(crate) fn nothing() -> (i32, Json) {
    (OK, Json::Null)
}

/// Opens a tree. Answers with its handle, too.
pub(crate) fn open(dir: &str, choices: &Choices) -> Result<(u64, Json), Failure> {
    let is_bound = choices.opening()?;
    let tree = untorn::Tree::open(Path::new(dir))?;
    let json = answers::recovery(&tree, tree.recovery(), untorn::installed(Path::new(dir)).ok().flatten().as_ref());
    Ok((table::insert(Held::Tree(Box::new(HeldTree::new(tree))), is_bound), json))
}

pub(crate) fn close(tree: u64) -> Reply {
    drop(table::remove(tree, |held| matches!(held, Held::Tree(_)))?);
    Ok(nothing())
}

pub(crate) fn begin(tree: u64, choices: &Choices) -> Reply {
    let options = choices.transaction()?;
    table::with_tree(tree, |tree| tree.begin(options))?;
    Ok(nothing())
}

/// Does something to the transaction.
pub(crate) fn change(tree: u64, job: impl FnOnce(&mut Transaction<'static>) -> Result<(), TreeError>) -> Reply {
    table::with_tree(tree, |tree| job(tree.transaction()?).map_err(Failure::from))?;
    Ok(nothing())
}

pub(crate) fn commit(tree: u64) -> Reply {
    let report = table::with_tree(tree, HeldTree::commit)?;
    Ok((OK, answers::transaction(&report)))
}

pub(crate) fn discard(tree: u64) -> Reply {
    table::with_tree(tree, HeldTree::discard)?;
    Ok(nothing())
}

pub(crate) fn recover(dir: &str) -> Reply {
    let tree = untorn::Tree::open(Path::new(dir))?;
    Ok((OK, answers::recovery(&tree, tree.recovery(), untorn::installed(Path::new(dir)).ok().flatten().as_ref())))
}

pub(crate) fn status(dir: &str) -> Reply {
    let status = Status::of(Path::new(dir))?;
    let installed = untorn::installed(Path::new(dir)).ok().flatten();
    Ok((OK, answers::status(&status, installed.as_ref(), "")))
}

pub(crate) fn apply(dir: &str, patch: &str, choices: &Choices) -> Reply {
    let options = choices.applying()?;
    let report = untorn::apply(patch_file::open(patch)?, Path::new(dir), &options)?;
    Ok((OK, answers::apply(&report)))
}

pub(crate) fn verify(dir: &str, choices: &Choices) -> Reply {
    let report = untorn::verify(Path::new(dir), &choices.verifying()?)?;
    Ok((if report.is_intact() { OK } else { DAMAGE }, answers::verify(&report)))
}

pub(crate) fn repair(dir: &str, choices: &Choices) -> Reply {
    let options = choices.repairing()?;
    let dir = Path::new(dir);
    let source = match choices.sources.first() {
        Some(source) => source.clone(),
        None => remembered(dir)?,
    };
    let report = match untorn::open_store(Path::new(&source))? {
        Some(store) => untorn::repair_from(dir, &store, &options)?,
        None => untorn::repair(dir, Path::new(&source), &options)?,
    };
    Ok((OK, answers::repair(&report)))
}

/// Where the tree's releases come from.
fn remembered(dir: &Path) -> Result<String, Error> {
    let following = untorn::installed(dir)?.and_then(|installed| installed.following);
    let source = following.and_then(|following| following.sources.into_iter().next());
    source.ok_or_else(|| Error::NotFollowing { dir: escape(dir.as_os_str().as_encoded_bytes()) })
}

pub(crate) fn update(dir: &str, choices: &Choices) -> Reply {
    let options = choices.updating()?;
    // Who says whom to believe may mean a directory that is not there yet.
    let update = if options.trust.is_some() { untorn::install } else { untorn::update };
    let report = update(Path::new(dir), &options)?;
    Ok((OK, answers::update(&report)))
}

pub(crate) fn roll_back(dir: &str, choices: &Choices) -> Reply {
    let (options, is_forced) = choices.going_back()?;
    let path = Path::new(dir);
    let mut tree = untorn::Tree::open(path)?;
    let report = untorn::roll_back(&mut tree, path, options, is_forced)?;
    let installed = untorn::installed(path).ok().flatten().map(|installed| installed.manifest.hash());
    Ok((OK, answers::rolled_back(installed, &report)))
}

/// Holds a tree. Answers with the handle, too.
pub(crate) fn hold(dir: &str, choices: &Choices) -> Result<(u64, Json), Failure> {
    let is_bound = choices.opening()?;
    let guard = ReadGuard::acquire(Path::new(dir))?;
    let json = Json::Object(vec![("warnings", answers::warnings(guard.warnings()))]);
    Ok((table::insert(Held::Guard(guard), is_bound), json))
}

pub(crate) fn release(guard: u64) -> Reply {
    drop(table::remove(guard, |held| matches!(held, Held::Guard(_)))?);
    Ok(nothing())
}
