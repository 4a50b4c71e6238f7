//! `untorn apply`.

use std::{
    fs::File,
    io::{BufReader, ErrorKind, Read},
    path::Path,
};

use serde_json::{Value, json};
use untorn::{
    ApplyOptions, ApplyReport, BaseCheck, Outcome as Applied, Provenance, Trusting, WayChoice,
    trust::{Downgrade, key_id},
};

use crate::{
    args::{ApplyArgs, BaseArg, Global, TrustArgs, WayArg},
    documents,
    exit::Exit,
    failure::{Failure, difference_json},
    outcome::{Answer, Outcome},
    progress, stop,
    text::{count, path, seconds, short, size},
};

pub(super) fn run(args: &ApplyArgs, global: &Global) -> Answer {
    if args.low_disk {
        return super::low_disk::run(args, &options(args, global)?);
    }
    let report = untorn::apply(open(&args.patch)?, &args.tree, &options(args, global)?)?;
    let outcome = Outcome::new(text(args, &report), json(&report));
    let is_idle = report.outcome == Applied::UpToDate && args.exit_code;
    Ok(if is_idle { outcome.with_exit(Exit::NothingToDo) } else { outcome })
}

/// Opens a patch, or standard input.
pub(super) fn open(patch: &Path) -> Result<Box<dyn Read>, Failure> {
    if patch == Path::new("-") {
        return Ok(Box::new(BufReader::new(stop::Input::new())));
    }
    let file = File::open(patch).map_err(|source| Failure::io("open", patch, source))?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(Failure::io("read", patch, ErrorKind::IsADirectory.into()));
    }
    Ok(Box::new(BufReader::new(file)))
}

fn options(args: &ApplyArgs, global: &Global) -> Result<ApplyOptions, Failure> {
    let mut options = ApplyOptions::default();
    options.trusting = trusting(&args.trust)?;
    options.downgrade = if args.trust.allow_downgrade { Downgrade::Allow } else { Downgrade::Refuse };
    options.dry_run = args.dry_run;
    options.keep_undo = !args.no_undo;
    options.base = match args.verify {
        BaseArg::Auto => BaseCheck::Auto,
        BaseArg::Changed => BaseCheck::Changed,
        BaseArg::Full => BaseCheck::Full,
    };
    options.keep_modified = args.keep_modified;
    options.way = match args.way {
        WayArg::Auto => WayChoice::Auto,
        WayArg::Put => WayChoice::Put,
        WayArg::Patch => WayChoice::Patch,
        WayArg::Clone => WayChoice::Clone,
    };
    options.unlocked_readers = args.unlocked_readers;
    options.wait = args.wait;
    options.memory_len_max = args.memory.saturating_mul(1 << 20);
    options.jobs = args.jobs;
    options.observer = progress::observer(global);
    Ok(options)
}

fn trusting(args: &TrustArgs) -> Result<Trusting, Failure> {
    Ok(match &args.trust {
        Some(root) => Trusting::Root(documents::read_signed(root)?),
        None if args.trust_on_first_use => Trusting::FirstUse,
        None if args.unsigned => Trusting::Unsigned,
        None => Trusting::Tree,
    })
}

fn text(args: &ApplyArgs, report: &ApplyReport) -> String {
    let (tree, to, forecast) = (path(&args.tree), short(report.to), &report.forecast);
    let recovered = super::recover::remark(&report.recovery).to_owned() + &super::recover::warnings(&report.warnings);
    let believed = believed(report);
    match report.outcome {
        Applied::UpToDate => format!("{recovered}{tree} is build {to} already\n{believed}"),
        Applied::DryRun => format!(
            "{recovered}{tree} can become build {to}: {} to change, {} to write, {} of space needed\n{}{}{believed}",
            count(usize::try_from(forecast.paths).unwrap_or(usize::MAX), "path"),
            size(forecast.bytes_written()),
            size(forecast.bytes_needed),
            written(report),
            stays(report),
        ),
        _ => format!(
            "{recovered}{tree} is now build {to}: {} changed, {} written in {}\n{}{}{believed}",
            count(report.transaction.files.len(), "path"),
            size(report.transaction.bytes_written()),
            seconds(report.elapsed),
            written(report),
            stays(report),
        ),
    }
}

/// Why the patch was applied.
fn believed(report: &ApplyReport) -> String {
    let Some(provenance) = &report.provenance else {
        return "  UNSIGNED: nobody vouches for this patch; signatures were not looked at, as asked\n".to_owned();
    };
    let keys = provenance.signers.iter().map(key_id).collect::<Vec<_>>().join(", ");
    let mut text = format!("  {}, signed by {keys}\n", super::signed::release_line(&provenance.release));
    if let Some(fingerprint) = provenance.first_use {
        text += &format!(
            "  trusted on first use: root {fingerprint}\n  compare that with what the maker of {} publishes\n",
            provenance.release.product
        );
    }
    text
}

/// Where the written bytes go, and what the usual way would cost.
fn written(report: &ApplyReport) -> String {
    let forecast = &report.forecast;
    format!(
        "  {} redo, {} in place, {} staged, {} kept for going back; whole files would be {}\n",
        size(forecast.bytes_redo),
        size(forecast.bytes_in_place),
        size(forecast.bytes_staged),
        size(forecast.bytes_undo),
        size(forecast.bytes_whole),
    )
}

/// What is not as the patch would have it.
fn stays(report: &ApplyReport) -> String {
    let dirs = report.dirs_kept.iter().map(|dir| format!("  {dir}/ stays: it holds files that are not part of the build\n"));
    let modified = report.kept_modified.iter().map(|file| format!("  {file}: stays as it was modified\n"));
    dirs.chain(modified).collect()
}

fn json(report: &ApplyReport) -> Value {
    let (forecast, done) = (&report.forecast, &report.transaction);
    json!({
        "outcome": match report.outcome {
            Applied::Applied => "applied",
            Applied::UpToDate => "up-to-date",
            _ => "dry-run",
        },
        "from": report.from.to_string(),
        "to": report.to.to_string(),
        "recovery": super::recover::word(&report.recovery),
        "signed": report.provenance.is_some(),
        "provenance": report.provenance.as_ref().map(provenance_json),
        "recorded": report.is_recorded,
        "forecast": {
            "paths": forecast.paths,
            "redo_bytes": forecast.bytes_redo,
            "staged_bytes": forecast.bytes_staged,
            "in_place_bytes": forecast.bytes_in_place,
            "undo_bytes": forecast.bytes_undo,
            "written_bytes": forecast.bytes_written(),
            "needed_bytes": forecast.bytes_needed,
            "whole_bytes": forecast.bytes_whole,
        },
        "transaction": transaction_json(done),
        "dirs_kept": report.dirs_kept,
        "warnings": super::recover::listed(&report.warnings),
        "kept_modified": report.kept_modified.iter().map(difference_json).collect::<Vec<_>>(),
        "seconds": report.elapsed.as_secs_f64(),
    })
}

pub(super) fn provenance_json(provenance: &Provenance) -> Value {
    json!({
        "release": super::signed::release_json(&provenance.release),
        "keys": provenance.signers.iter().map(key_id).collect::<Vec<_>>(),
        "root": provenance.root_version,
        "trusted_on_first_use": provenance.first_use.map(|fingerprint| fingerprint.to_string()),
    })
}

/// What a transaction did.
pub(super) fn transaction_json(done: &untorn::Report) -> Value {
    json!({
        "id": done.txid,
        "files": done.files.iter().map(file_json).collect::<Vec<_>>(),
        "redo_bytes": done.bytes_redo,
        "staged_bytes": done.bytes_staged,
        "in_place_bytes": done.bytes_in_place,
        "undo_bytes": done.bytes_undo,
        "written_bytes": done.bytes_written(),
        "syncs": done.barriers.iter().map(|(_, syncs)| syncs).sum::<u64>(),
        "dirs_kept": done.dirs_kept,
        "seconds": done.elapsed.as_secs_f64(),
    })
}

fn file_json(file: &untorn::FileReport) -> Value {
    let (change, from) = match &file.change {
        untorn::Change::Added => ("added", None),
        untorn::Change::Removed => ("removed", None),
        untorn::Change::Moved { from } => ("moved", Some(from)),
        _ => ("changed", None),
    };
    json!({
        "path": file.path,
        "change": change,
        "from": from,
        "way": file.way.to_string(),
        "why": file.why.to_string(),
        "bytes": file.bytes,
    })
}
