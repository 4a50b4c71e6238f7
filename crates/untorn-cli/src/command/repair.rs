//! `untorn repair`.

use std::{path::Path, sync::Arc};

use untorn::{
    Error, RepairOptions, RepairOutcome, RepairReport, ScanOptions, TreeState, answers, open_mirrors, open_store, read_manifest,
    remembered, repair, repair_from,
};

use crate::{
    args::{Global, RepairArgs},
    exit::Exit,
    failure::Failure,
    outcome::{Answer, Outcome, value},
    print, progress,
    text::{count, path, seconds, short, size},
};

pub(super) fn run(args: &RepairArgs, global: &Global) -> Answer {
    let report = match &args.from {
        Some(from) => {
            let options = options(args, &path(from), global)?;
            match open_store(from)? {
                Some(store) => repair_from(&args.tree, &store, &options)?,
                None => repair(&args.tree, from, &options)?,
            }
        }
        None => {
            let sources = remembered_sources(&args.tree)?;
            repair_from(&args.tree, &open_mirrors(&sources)?, &options(args, &untorn::escape(sources[0].as_bytes()), global)?)?
        }
    };
    let outcome = Outcome::new(text(args, &report), value(&answers::repair(&report)));
    let is_idle = report.outcome == RepairOutcome::Intact && args.exit_code;
    Ok(if is_idle { outcome.with_exit(Exit::NothingToDo) } else { outcome })
}

/// Where bytes come from when nobody says it: where releases do, as far as the tree still knows.
fn remembered_sources(tree: &Path) -> Result<Vec<String>, Failure> {
    let name = path(tree);
    let following = match remembered(tree) {
        Err(error)
            if error.state() == TreeState::NotUnderstood
                || matches!(error, Error::NotRecorded { .. } | Error::Document { .. }) =>
        {
            return Err(Failure::usage(format!(
                "neither the journal of {name} can be read nor what it remembers of releases ({}); nothing was changed; name a source, and what the tree should be (`untorn repair {name} --from STORE --against MANIFEST`, or --from a directory with the whole build); or move {name}/.untorn away and begin anew, which fetches only what is missing (`untorn install STORE {name} --trust ROOT --replace '**'`)",
                error.code()
            )));
        }
        other => other?,
    };
    let sources = following.map(|following| following.sources).filter(|sources| !sources.is_empty());
    sources.ok_or_else(|| {
        Failure::usage(format!(
            "{name} remembers no place that releases come from; nothing was changed; name a source: a store or its address, or a directory with the whole build (`untorn repair {name} --from SOURCE`)"
        ))
    })
}

fn options(args: &RepairArgs, from: &str, global: &Global) -> Result<RepairOptions, untorn::Error> {
    let mut options = RepairOptions::default();
    (options.dry_run, options.wait, options.jobs) = (args.dry_run, args.wait, args.jobs);
    (options.observer, options.channel) = (progress::observer(global), args.channel.clone());
    let (quiet_or_not, from) = (global.clone(), from.to_owned());
    options.announce = Some(Arc::new(move |bytes| {
        print::live(&format!("{} to fetch from {from}\n", size(bytes)), &quiet_or_not);
    }));
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
    let found = match report.bytes_found {
        0 => String::new(),
        bytes => format!("{} found in other places of the tree\n", size(bytes)),
    };
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
    format!("{journal}{verdict}{lines}{found}")
}
