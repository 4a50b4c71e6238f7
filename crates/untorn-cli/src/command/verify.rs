//! `untorn verify`.

use serde_json::{Value, json};
use untorn::{Difference, ScanOptions, VerifyOptions, VerifyReport, read_manifest, verify, verify_against};

use crate::{
    args::{Global, VerifyArgs},
    exit::Exit,
    failure::difference_json,
    outcome::{Answer, Outcome},
    progress,
    text::{count, path, short, size},
};

pub(super) fn run(args: &VerifyArgs, global: &Global) -> Answer {
    let report = compare(args, global)?;
    let outcome = Outcome::new(text(args, &report), json(&report));
    Ok(if report.is_intact() { outcome } else { outcome.with_exit(Exit::Damage) })
}

fn compare(args: &VerifyArgs, global: &Global) -> Result<VerifyReport, untorn::Error> {
    let observer = progress::observer(global);
    let mut options = VerifyOptions::default();
    (options.jobs, options.observer) = (args.jobs, observer.clone());
    let Some(against) = &args.against else { return verify(&args.tree, &options) };
    let mut scan = ScanOptions::default();
    (scan.jobs, scan.observer) = (args.jobs, observer);
    verify_against(&args.tree, &read_manifest(against, &scan)?, &options)
}

fn text(args: &VerifyArgs, report: &VerifyReport) -> String {
    let (tree, build) = (path(&args.tree), short(report.build));
    let whole = format!("{}, {}", count(report.paths, "path"), size(report.bytes));
    let verdict = if report.is_intact() {
        format!("{tree} is build {build}: {whole}, every byte as it should be\n")
    } else {
        format!("{tree} should be build {build} ({whole}), but {} missing or damaged:\n", count(report.damage.len(), "path"))
    };
    let extra = if report.extra.is_empty() { "" } else { "beside the build:\n" };
    format!("{verdict}{}{extra}{}", lines(&report.damage), lines(&report.extra))
}

fn lines(differences: &[Difference]) -> String {
    differences.iter().map(|difference| format!("  {difference}\n")).collect()
}

fn json(report: &VerifyReport) -> Value {
    json!({
        "build": report.build.to_string(),
        "intact": report.is_intact(),
        "paths": report.paths,
        "bytes": report.bytes,
        "damage": report.damage.iter().map(difference_json).collect::<Vec<_>>(),
        "extra": report.extra.iter().map(difference_json).collect::<Vec<_>>(),
    })
}
