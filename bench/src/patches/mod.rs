//! Patches between builds: how small, made and applied at what cost. Every tool is a program from `PATH`, run as its users run it.
//!
//! Tools that know single files only work on a sorted tar of each tree: what they apply is a tar, not a tree, so it looks faster than it is. Of all of them only
//! untorn makes its result durable and keeps the old tree until the new one is there; what the others leave unwritten is flushed afterwards, and charged to
//! them in bytes, and in seconds in a column of its own.

pub mod pair;
pub mod peer;
pub mod process;
pub mod table;

use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::args::Args;
use crate::cache;
use crate::target::Target;
use pair::Pair;
use peer::{Command, Peer};
use process::Cost;

/// What one peer took for one pair.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Which pair.
    pub pair: String,
    /// Which peer.
    pub peer: &'static str,
    /// Making the patch; `None` where there is none to be made.
    pub made: Option<Cost>,
    /// Its length.
    pub patch_bytes: Option<u64>,
    /// Applying it, one cost a round.
    pub applied: Vec<Cost>,
    /// What went wrong, if something did.
    pub failure: Option<String>,
}

/// Compares all peers on all pairs, prints tables, and gives their rows.
pub fn run(args: &Args) -> anyhow::Result<Vec<Row>> {
    let target = Target::directory(&args.dir)?;
    let pairs = pair::asked(args)?;
    anyhow::ensure!(!pairs.is_empty(), "no pairs: name them with --pair OLD NEW, or a folder of them with --corpora");
    let (present, missing): (Vec<_>, Vec<_>) = peer::all(args).into_iter().partition(|peer| peer.is_there());
    table::head(&target, &missing.iter().map(|peer| peer.name).collect::<Vec<_>>(), !args.warm && cache::drop_page_cache());
    let mut rows = Vec::new();
    for pair in &pairs {
        let work = tempfile::tempdir_in(&args.dir)?;
        let from = rows.len();
        for peer in present.iter().filter(|peer| peer.takes(pair, args)) {
            eprintln!("{}: {}", pair.name, peer.name);
            rows.push(measured(pair, peer, work.path(), &target, args));
        }
        table::print(&pair.name, &rows[from..]);
    }
    Ok(rows)
}

fn measured(pair: &Pair, peer: &Peer, work: &Path, target: &Target, args: &Args) -> Row {
    let mut row =
        Row { pair: pair.name.clone(), peer: peer.name, made: None, patch_bytes: None, applied: Vec::new(), failure: None };
    if let Err(error) = fill(&mut row, pair, peer, work, target, args) {
        row.failure = Some(format!("{error:#}"));
    }
    row
}

fn fill(row: &mut Row, pair: &Pair, peer: &Peer, work: &Path, target: &Target, args: &Args) -> anyhow::Result<()> {
    let sources = if peer.needs_tars { pair.tars(work)? } else { (pair.old.clone(), pair.new.clone()) };
    let (patch, result) = (work.join("patch"), work.join("result"));
    remove(&patch)?;
    if let Some(make) = peer.make {
        let command = make(&Command { old: &sources.0, new: &sources.1, patch: &patch, result: &result }, args);
        row.made = Some(process::run(command, target, work)?);
        row.patch_bytes = Some(patch.metadata()?.len());
    }
    for _ in 0..args.runs {
        remove(&result)?;
        if peer.in_place {
            pair::copy(&sources.0, &result)?;
        }
        cache::settle(&args.dir, target.device.as_ref())?;
        if !args.warm {
            cache::drop_page_cache();
        }
        let command = (peer.apply)(&Command { old: &sources.0, new: &sources.1, patch: &patch, result: &result }, args);
        row.applied.push(process::run(command, target, work)?);
        pair::compare(&sources.1, &result).with_context(|| format!("{} made something else", peer.name))?;
    }
    remove(&result)?;
    remove(&patch)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => Ok(std::fs::remove_dir_all(path)?),
        Ok(_) => Ok(std::fs::remove_file(path)?),
        Err(_) => Ok(()),
    }
}
