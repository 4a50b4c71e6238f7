//! `untorn apply --low-disk`.

use serde_json::{Value, json};
use untorn::{ApplyOptions, LowDiskOptions, LowDiskReport, Outcome as Applied};

use crate::{
    args::ApplyArgs,
    exit::Exit,
    outcome::{Answer, Outcome},
    text::{path, seconds, short, size},
};

pub(super) fn run(args: &ApplyArgs, options: &ApplyOptions) -> Answer {
    let mut low = LowDiskOptions::default();
    low.step_len = args.step.saturating_mul(1 << 20);
    let report = untorn::apply_low_disk(&args.patch, &args.tree, options, &low)?;
    let outcome = Outcome::new(text(args, &report), json(&report));
    let is_idle = report.outcome == Applied::UpToDate && args.exit_code;
    Ok(if is_idle { outcome.with_exit(Exit::NothingToDo) } else { outcome })
}

fn text(args: &ApplyArgs, report: &LowDiskReport) -> String {
    let (tree, to) = (path(&args.tree), short(report.to));
    let recovered = super::recover::remark(&report.recovery).to_owned() + &super::recover::warnings(&report.warnings);
    match report.outcome {
        Applied::UpToDate => format!("{recovered}{tree} is build {to} already\n"),
        Applied::DryRun => format!(
            "{recovered}{tree} can become build {to} in {} steps, {} of them done: {} to make, {} of space needed, {} of it for what waits in a circle\n  no way back past the first step: only forward, or repair\n",
            report.steps,
            report.steps_before,
            size(report.bytes_made),
            size(report.bytes_needed),
            size(report.bytes_stash),
        ),
        _ => format!(
            "{recovered}{tree} is now build {to}: {} steps, {} of them done before, {} written in {}\n",
            report.steps,
            report.steps_before,
            size(report.bytes_written),
            seconds(report.elapsed),
        ),
    }
}

fn json(report: &LowDiskReport) -> Value {
    json!({
        "outcome": match report.outcome {
            Applied::Applied => "applied",
            Applied::UpToDate => "up-to-date",
            _ => "dry-run",
        },
        "from": report.from.to_string(),
        "to": report.to.to_string(),
        "recovery": super::recover::word(&report.recovery),
        "provenance": report.provenance.as_ref().map(super::apply::provenance_json),
        "steps": report.steps,
        "steps_before": report.steps_before,
        "step_bytes": report.bytes_step,
        "stash_bytes": report.bytes_stash,
        "needed_bytes": report.bytes_needed,
        "made_bytes": report.bytes_made,
        "written_bytes": report.bytes_written,
        "dirs_kept": report.dirs_kept,
        "warnings": super::recover::listed(&report.warnings),
        "seconds": report.elapsed.as_secs_f64(),
    })
}
