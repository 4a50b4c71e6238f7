//! `untorn apply`.

use std::{
    fs::File,
    io::{BufReader, ErrorKind, Read},
    path::Path,
};

use serde_json::Value;
use untorn::{
    ApplyOptions, ApplyReport, BaseCheck, Outcome as Applied, Trusting, WayChoice, answers,
    trust::{Downgrade, key_id},
};

use crate::{
    args::{ApplyArgs, BaseArg, Global, TrustArgs, WayArg},
    documents,
    exit::Exit,
    failure::Failure,
    outcome::{Answer, Outcome, value},
    progress, stop,
    text::{count, path, seconds, short, size},
};

/// Gives the name of the answer, too: an update in steps has fields of its own.
pub(super) fn run(args: &ApplyArgs, global: &Global) -> (&'static str, Answer) {
    if args.low_disk {
        return ("apply-low-disk", options(args, global).and_then(|options| super::low_disk::run(args, &options)));
    }
    ("apply", at_once(args, global))
}

fn at_once(args: &ApplyArgs, global: &Global) -> Answer {
    let report = untorn::apply(open(&args.patch)?, &args.tree, &options(args, global)?);
    let report = report.map_err(|error| Failure::of_patch(error, &args.patch))?;
    let outcome = Outcome::new(text(args, &report), value(&answers::apply(&report)));
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
            "{recovered}{tree} is now build {to}: {} changed, {} written in {}\n{}{}{}{believed}",
            count(report.transaction.files.len(), "path"),
            size(report.transaction.bytes_written()),
            seconds(report.elapsed),
            at_hand(report),
            written(report),
            stays(report),
        ),
    }
}

/// What an interrupted run had done.
fn at_hand(report: &ApplyReport) -> String {
    match report.bytes_at_hand {
        0 => String::new(),
        bytes => format!("  {} of it had been staged before it was interrupted\n", size(bytes)),
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

/// What a transaction did.
pub(super) fn transaction_json(done: &untorn::Report) -> Value {
    value(&answers::transaction(done))
}
