//! `untorn rollback`.

use serde_json::json;
use untorn::{Options, Status, Tree, answers};

use crate::{
    args::{Global, RollbackArgs},
    failure::Failure,
    outcome::{Answer, Outcome, value},
    progress,
    text::{count, path, seconds, short, size},
};

pub(super) fn run(args: &RollbackArgs, global: &Global) -> Answer {
    let mut options = Options::default();
    (options.keep_undo, options.observer) = (!args.no_undo, progress::observer(global));
    if let Some(sources) = through_store(args)? {
        return super::update::roll_back(args, sources, global);
    }
    if args.dry_run {
        return if Status::of(&args.tree)?.can_roll_back { dry_run(args, &options) } else { Ok(cannot(args)) };
    }
    let mut tree = Tree::open(&args.tree)?;
    let warned = super::recover::warnings(tree.warnings());
    let report = untorn::roll_back(&mut tree, &args.tree, options, args.force)?;
    let build = super::status::build(&args.tree);
    let name = build.map_or("what it was".to_owned(), |build| format!("build {} again", short(build)));
    let text = format!(
        "{warned}{}{} is {name}: {} changed, {} written in {}\n",
        super::recover::warnings(&report.warnings),
        path(&args.tree),
        count(report.files.len(), "path"),
        size(report.bytes_written()),
        seconds(report.elapsed)
    );
    let installed = build.map(|build| build.to_string());
    Ok(Outcome::new(
        text,
        json!({ "outcome": "rolled-back", "installed": installed, "transaction": super::apply::transaction_json(&report) }),
    ))
}

/// Where releases come from, when that is the only way back.
fn through_store(args: &RollbackArgs) -> Result<Option<Vec<String>>, Failure> {
    if !args.from.is_empty() {
        return Ok(Some(args.from.clone()));
    }
    if Status::of(&args.tree)?.can_roll_back {
        return Ok(None);
    }
    let following = untorn::installed(&args.tree)?.and_then(|installed| installed.following);
    let sources = following.filter(|following| following.release.is_some()).map(|following| following.sources);
    Ok(sources.filter(|sources| !sources.is_empty()))
}

fn dry_run(args: &RollbackArgs, options: &Options) -> Answer {
    let forecast = untorn::roll_back_forecast(&Tree::open(&args.tree)?, &args.tree, options, args.force)?;
    let text = format!(
        "{} can be rolled back: {} to change, {} to write, {} of space needed\n  {} redo, {} in place, {} staged, {} kept for undoing it\n",
        path(&args.tree),
        count(usize::try_from(forecast.paths).unwrap_or(usize::MAX), "path"),
        size(forecast.bytes_written()),
        size(forecast.bytes_needed),
        size(forecast.bytes_redo),
        size(forecast.bytes_in_place),
        size(forecast.bytes_staged),
        size(forecast.bytes_undo),
    );
    Ok(Outcome::new(
        text,
        json!({ "outcome": "dry-run", "can_roll_back": true, "forecast": value(&answers::roll_back_forecast(&forecast)) }),
    ))
}

/// Without anything to go back with, that is the answer, not an error.
fn cannot(args: &RollbackArgs) -> Outcome {
    let text = format!("{} cannot be rolled back: nothing was kept to go back with\n", path(&args.tree));
    Outcome::new(text, json!({ "outcome": "dry-run", "can_roll_back": false, "forecast": null }))
}
