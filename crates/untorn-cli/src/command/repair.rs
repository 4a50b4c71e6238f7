//! `untorn repair`.

use serde_json::{Value, json};
use untorn::{RepairOptions, RepairOutcome, RepairReport, ScanOptions, read_manifest};

use crate::{
    args::{Global, RepairArgs},
    exit::Exit,
    failure::difference_json,
    outcome::{Answer, Outcome},
    progress,
    text::{count, path, seconds, short, size},
};

pub(super) fn run(args: &RepairArgs, global: &Global) -> Answer {
    let report = untorn::repair(&args.tree, &args.from, &options(args, global)?)?;
    let outcome = Outcome::new(text(args, &report), json(&report));
    let is_idle = report.outcome == RepairOutcome::Intact && args.exit_code;
    Ok(if is_idle { outcome.with_exit(Exit::NothingToDo) } else { outcome })
}

fn options(args: &RepairArgs, global: &Global) -> Result<RepairOptions, untorn::Error> {
    let mut options = RepairOptions::default();
    (options.dry_run, options.wait, options.jobs) = (args.dry_run, args.wait, args.jobs);
    options.observer = progress::observer(global);
    if let Some(against) = &args.against {
        let mut scan = ScanOptions::default();
        (scan.jobs, scan.observer) = (args.jobs, options.observer.clone());
        options.manifest = Some(read_manifest(against, &scan)?);
    }
    Ok(options)
}

fn text(args: &RepairArgs, report: &RepairReport) -> String {
    let (tree, build) = (path(&args.tree), short(report.build));
    let (damaged, fetched) = (count(report.damage.len(), "path"), size(report.bytes_fetched));
    let is_dry = args.dry_run;
    let journal = match &report.journal {
        None => String::new(),
        Some(_) if is_dry => "the journal cannot be understood and would be given up\n".to_owned(),
        Some(error) => format!("the journal could not be understood and was begun anew ({})\n", error.code()),
    };
    let verdict = match report.outcome {
        RepairOutcome::Intact => {
            format!("{tree} is build {build}: {}, every byte as it should be\n", count(report.paths, "path"))
        }
        RepairOutcome::DryRun => {
            format!("{tree} can be made build {build} again: {damaged} to repair, {fetched} from the source\n")
        }
        _ => format!(
            "{tree} is build {build} again: {damaged} repaired, {fetched} from the source, {} written in {}\n",
            size(report.transaction.bytes_written()),
            seconds(report.elapsed)
        ),
    };
    let lines: String = report.damage.iter().map(|difference| format!("  {difference}\n")).collect();
    format!("{journal}{verdict}{lines}")
}

fn json(report: &RepairReport) -> Value {
    json!({
        "outcome": match report.outcome {
            RepairOutcome::Intact => "intact",
            RepairOutcome::DryRun => "dry-run",
            _ => "repaired",
        },
        "build": report.build.to_string(),
        "paths": report.paths,
        "bytes": report.bytes,
        "damage": report.damage.iter().map(difference_json).collect::<Vec<_>>(),
        "extra": report.extra.iter().map(difference_json).collect::<Vec<_>>(),
        "journal": report.journal.as_ref().map(untorn::TreeError::code),
        "fetched_bytes": report.bytes_fetched,
        "transaction": super::apply::transaction_json(&report.transaction),
        "seconds": report.elapsed.as_secs_f64(),
    })
}
