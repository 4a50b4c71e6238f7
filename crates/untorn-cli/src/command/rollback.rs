//! `untorn rollback`.

use serde_json::json;
use untorn::{Options, Status, Tree};

use crate::{
    args::{Global, RollbackArgs},
    outcome::{Answer, Outcome},
    progress,
    text::{count, path, seconds, short, size},
};

pub(super) fn run(args: &RollbackArgs, global: &Global) -> Answer {
    if args.dry_run {
        return dry_run(args);
    }
    let mut options = Options::default();
    (options.keep_undo, options.observer) = (!args.no_undo, progress::observer(global));
    let mut tree = Tree::open(&args.tree)?;
    let report = tree.rollback(options, args.force)?;
    let build = tree.installed();
    let name = if build.is_none() { "what it was".to_owned() } else { format!("build {} again", short(build)) };
    let text = format!(
        "{} is {name}: {} changed, {} written in {}\n",
        path(&args.tree),
        count(report.files.len(), "path"),
        size(report.bytes_written()),
        seconds(report.elapsed)
    );
    let installed = (!build.is_none()).then(|| build.to_string());
    Ok(Outcome::new(
        text,
        json!({ "outcome": "rolled-back", "installed": installed, "transaction": super::apply::transaction_json(&report) }),
    ))
}

fn dry_run(args: &RollbackArgs) -> Answer {
    let can = Status::of(&args.tree)?.can_roll_back;
    let what = if can { "can be rolled back" } else { "cannot be rolled back: nothing was kept to go back with" };
    Ok(Outcome::new(format!("{} {what}\n", path(&args.tree)), json!({ "outcome": "dry-run", "can_roll_back": can })))
}
