//! `untorn update`, `untorn install`, and the way back through a store.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use untorn::{
    Extent, Policy, Route, Signed, UpdateOptions, UpdateOutcome, UpdatePlan, UpdateReport, answers, roll_back_to_release,
    trust::ExpiryPolicy, update,
};

use crate::{
    args::{Global, InstallArgs, RollbackArgs, UpdateArgs},
    documents,
    exit::Exit,
    failure::Failure,
    outcome::{Answer, Outcome, value},
    player_args::{ExpiryArg, FollowArgs},
    print, progress,
    text::{count, path, seconds, size},
};

pub(super) fn run(args: &UpdateArgs, global: &Global) -> Answer {
    let trust = args.trust.as_deref().map(documents::read_signed).transpose()?;
    let options = options(&args.follow, args.from.clone(), trust, global)?;
    answer(&args.tree, &update(&args.tree, &options)?, args.follow.exit_code)
}

pub(super) fn install(args: &InstallArgs, global: &Global) -> Answer {
    let sources = [args.from.clone()].into_iter().chain(args.mirror.iter().cloned()).collect();
    let options = options(&args.follow, sources, Some(documents::read_signed(&args.trust)?), global)?;
    answer(&args.tree, &untorn::install(&args.tree, &options)?, args.follow.exit_code)
}

/// To the release before the one that is installed.
pub(super) fn roll_back(args: &RollbackArgs, sources: Vec<String>, global: &Global) -> Answer {
    let mut options = UpdateOptions::default();
    (options.sources, options.keep_undo) = (sources, !args.no_undo);
    options.extent = if args.dry_run { Extent::Plan } else { Extent::Commit };
    options.observer = progress::observer(global);
    let report = roll_back_to_release(&args.tree, &options)?;
    let name = format!("{} build {}", report.product, report.build);
    let what = match report.outcome {
        UpdateOutcome::Planned => return Ok(Outcome::new(text(&args.tree, &report), rolled_back_json("dry-run", &report))),
        _ => format!("{} is {name} again, from the store: {}\n", path(&args.tree), done(&report)),
    };
    Ok(Outcome::new(what + &details(&report), rolled_back_json("rolled-back", &report)))
}

fn rolled_back_json(outcome: &str, report: &UpdateReport) -> Value {
    if outcome == "dry-run" {
        return json!({ "outcome": outcome, "can_roll_back": true, "forecast": null });
    }
    json!({
        "outcome": outcome,
        "installed": report.to.to_string(),
        "transaction": super::apply::transaction_json(&report.transaction),
    })
}

fn options(args: &FollowArgs, sources: Vec<String>, trust: Option<Signed>, global: &Global) -> Result<UpdateOptions, Failure> {
    let mut options = UpdateOptions::default();
    (options.sources, options.trust, options.observer) = (sources, trust, progress::observer(global));
    (options.channel, options.platform) = (args.channel.clone(), args.platform.clone());
    (options.regardless, options.no_patches, options.keep_undo) = (args.regardless, args.no_patches, !args.no_undo);
    (options.wait, options.jobs) = (args.wait, args.jobs);
    options.low_disk = args.low_disk.then(|| super::low_disk::options(args.step));
    options.extent = match args {
        FollowArgs { plan: true, .. } => Extent::Plan,
        FollowArgs { stage_only: true, .. } => Extent::Fetch,
        FollowArgs { commit: true, .. } => Extent::CommitFetched,
        _ => Extent::Commit,
    };
    options.expiry = match args.expiry {
        ExpiryArg::Warn => ExpiryPolicy::Warn,
        ExpiryArg::Enforce => ExpiryPolicy::Enforce,
        ExpiryArg::Off => ExpiryPolicy::Off,
    };
    for (policy, patterns) in [(Policy::Keep, &args.keep), (Policy::Refuse, &args.refuse), (Policy::Replace, &args.replace)] {
        patterns.iter().for_each(|pattern| options.policies.add(policy, pattern));
    }
    let remote = &mut options.source.remote;
    (remote.connections, remote.whole_instead) = (args.connections.max(1), !args.no_whole);
    (remote.rate_max, remote.patience) =
        (args.rate_limit.map(|kib| kib.saturating_mul(1024)), Duration::from_secs(args.patience));
    certificates(args, &mut options)?;
    let global = global.clone();
    options.announce = Some(Arc::new(move |plan| print::live(&planned(plan), &global)));
    Ok(options)
}

#[cfg(feature = "http")]
fn certificates(args: &FollowArgs, options: &mut UpdateOptions) -> Result<(), Failure> {
    if let Some(path) = &args.ca {
        options.source.http.roots = Some(std::fs::read(path).map_err(|source| Failure::io("read", path, source))?);
    }
    Ok(())
}

#[cfg(not(feature = "http"))]
fn certificates(args: &FollowArgs, _: &mut UpdateOptions) -> Result<(), Failure> {
    match &args.ca {
        Some(_) => Err(Failure::usage("this untorn was built without HTTP".into())),
        None => Ok(()),
    }
}

fn answer(tree: &Path, report: &UpdateReport, exit_code: bool) -> Answer {
    let recovered = super::recover::remark(&report.recovery).to_owned() + &super::recover::warnings(&report.warnings);
    let outcome = Outcome::new(recovered + &text(tree, report) + &details(report), value(&answers::update(report)));
    let is_idle = matches!(report.outcome, UpdateOutcome::UpToDate | UpdateOutcome::NotYet | UpdateOutcome::WasLeft);
    Ok(if is_idle && exit_code { outcome.with_exit(Exit::NothingToDo) } else { outcome })
}

fn text(tree: &Path, report: &UpdateReport) -> String {
    let label = if report.label.is_empty() { String::new() } else { format!(" ({})", untorn::escape(report.label.as_bytes())) };
    let (tree, name) = (path(tree), format!("{} build {}{label}", report.product, report.build));
    match report.outcome {
        UpdateOutcome::Updated => format!("{tree} is {name}: {}\n", done(report)),
        UpdateOutcome::UpToDate => format!("{tree} is {name}, the latest of {}\n", report.channel),
        UpdateOutcome::Planned => format!("{tree} can be made {name}\n{}", planned(&report.plan)),
        UpdateOutcome::Fetched => {
            format!("{tree} can be made {name} without a network: untorn update {tree} --commit\n")
        }
        UpdateOutcome::NotYet => format!("{tree}: {name} is not rolled out to everybody yet (--regardless takes it)\n"),
        UpdateOutcome::WasLeft => format!("{tree}: {name} was rolled back here (--regardless takes it again)\n"),
        _ => format!("{tree}: {name}\n"),
    }
}

fn done(report: &UpdateReport) -> String {
    format!(
        "{}, {} received, {} written in {}",
        way(&report.plan),
        size(report.bytes_received),
        size(report.transaction.bytes_written()),
        seconds(report.elapsed)
    )
}

fn way(plan: &UpdatePlan) -> String {
    match plan.route {
        Route::Patches(number) => count(number, "patch"),
        Route::Mixed(number) => {
            let files = count(plan.files_by_chunks, "file");
            format!("{}, and {files} by chunks ({})", count(number, "patch"), size(plan.bytes_by_chunks))
        }
        Route::Chunks => "by chunks".into(),
        _ => "nothing to fetch".into(),
    }
}

fn planned(plan: &UpdatePlan) -> String {
    let or_unknown = |bytes: Option<u64>| bytes.map_or("not known yet".into(), |bytes| format!("at most {}", size(bytes)));
    let without = if plan.bytes_to_fetch_without_ranges > plan.bytes_to_fetch {
        format!(" ({} from a server that gives out whole files only)", size(plan.bytes_to_fetch_without_ranges))
    } else {
        String::new()
    };
    let at_hand = if plan.bytes_at_hand > 0 { format!(", {} fetched before", size(plan.bytes_at_hand)) } else { String::new() };
    format!(
        "{}: {} to fetch{without}{at_hand}; to write: {}; on the disk at the peak: {}\n",
        way(plan),
        size(plan.bytes_to_fetch),
        or_unknown(plan.bytes_to_write),
        or_unknown(plan.bytes_at_peak),
    )
}

/// What somebody should know besides.
fn details(report: &UpdateReport) -> String {
    let mut lines = String::new();
    for (title, differences) in [("replaced, though somebody had changed it", &report.replaced), ("kept as it is", &report.kept)]
    {
        for difference in differences {
            lines.push_str(&format!("  {title}: {difference}\n"));
        }
    }
    for dir in &report.dirs_kept {
        lines.push_str(&format!("  kept, because of what is in it: {dir}\n"));
    }
    if report.expired.is_some() {
        lines
            .push_str("  nobody has vouched for this channel for too long: there may be something newer that is kept from you\n");
    }
    lines
}
