//! `untorn apply --low-disk`.

use untorn::{ApplyOptions, LowDiskOptions, LowDiskReport, Outcome as Applied, answers};

use crate::{
    args::ApplyArgs,
    exit::Exit,
    failure::Failure,
    outcome::{Answer, Outcome, value},
    text::{path, seconds, short, size},
};

pub(super) fn run(args: &ApplyArgs, options: &ApplyOptions) -> Answer {
    let report = untorn::apply_low_disk(&args.patch, &args.tree, options, &self::options(args.step));
    let report = report.map_err(|error| Failure::of_patch(error, &args.patch))?;
    let outcome = Outcome::new(text(args, &report), value(&answers::low_disk(&report)));
    let is_idle = report.outcome == Applied::UpToDate && args.exit_code;
    Ok(if is_idle { outcome.with_exit(Exit::NothingToDo) } else { outcome })
}

/// Steps of so many MiB.
pub(super) fn options(step: u64) -> LowDiskOptions {
    let mut low = LowDiskOptions::default();
    low.step_len = step.saturating_mul(1 << 20);
    low
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
