//! `untorn import`.

use std::path::Path;

use serde_json::{Value, json};
use untorn_import::{ImportOptions, ImportReport, Kind, import};

use crate::{
    args::{Global, ImportArgs},
    failure::Failure,
    outcome::{Answer, Outcome},
    progress,
    text::{path, seconds, size},
};

pub(super) fn run(args: &ImportArgs, global: &Global) -> Answer {
    let mut options = ImportOptions::default();
    (options.from, options.seed) = (args.from.clone(), args.seed.clone());
    (options.old_hash, options.new_hash) = (args.old_hash, args.new_hash);
    (options.dry_run, options.keep_undo, options.observer) = (args.dry_run, !args.no_undo, progress::observer(global));
    let report = import(&args.description, &args.tree, &args.path, &options).map_err(Failure::from)?;
    Ok(Outcome::new(text(args, &report), answer(args, &report)))
}

fn text(args: &ImportArgs, report: &ImportReport) -> String {
    let file = path(&args.tree.join(Path::new(&args.path)));
    let (len, fetched) = (size(report.bytes), size(report.bytes_fetched));
    match &report.transaction {
        None if args.dry_run => format!(
            "{file} can be made what {} describes: {len}, {fetched} to fetch, {} to change\n",
            path(&args.description),
            size(report.bytes_changed)
        ),
        None => format!("{file} is what {} describes already\n", path(&args.description)),
        Some(transaction) => format!(
            "{file} is what {} describes: {len}, {fetched} fetched, {} written in {}\n",
            path(&args.description),
            size(transaction.bytes_written()),
            seconds(report.elapsed)
        ),
    }
}

fn answer(args: &ImportArgs, report: &ImportReport) -> Value {
    json!({
        "outcome": match &report.transaction {
            None if args.dry_run => "dry-run",
            None => "up-to-date",
            Some(_) => "imported",
        },
        "kind": match report.kind {
            Kind::Vcdiff => "vcdiff",
            Kind::Zsync => "zsync",
            _ => "caibx",
        },
        "bytes": report.bytes,
        "fetched_bytes": report.bytes_fetched,
        "changed_bytes": report.bytes_changed,
        "transaction": report.transaction.as_ref().map(super::apply::transaction_json),
    })
}
