//! `untorn recover`.

use serde_json::{Value, json};
use untorn::{Recovery, Tree, Warning};

use crate::{
    args::RecoverArgs,
    exit::Exit,
    outcome::{Answer, Outcome},
    text::path,
};

pub(super) fn run(args: &RecoverArgs) -> Answer {
    let mut tree = Tree::open(&args.tree)?;
    // Whoever recovers a tree by hand wants it clean.
    let has_discarded = tree.discard_interrupted();
    let recovery = &match tree.recovery() {
        Recovery::SetAside { txid } => Recovery::Discarded { txid: *txid },
        other => other.clone(),
    };
    let mut text = format!("{}: {}\n", path(&args.tree), sentence(recovery));
    if has_discarded && !matches!(recovery, Recovery::Discarded { .. }) {
        text += "  what an interrupted update had staged was discarded\n";
    }
    text += &warnings(tree.warnings());
    let installed = super::status::build(&args.tree).map(|build| build.to_string());
    let outcome =
        Outcome::new(text, json!({ "recovery": word(recovery), "installed": installed, "warnings": listed(tree.warnings()) }));
    let is_idle = matches!(recovery, Recovery::Clean | Recovery::Initialised);
    Ok(if is_idle && args.exit_code { outcome.with_exit(Exit::NothingToDo) } else { outcome })
}

/// A line for each.
pub(super) fn warnings(warnings: &[Warning]) -> String {
    warnings.iter().map(|warning| format!("  warning: {warning}\n")).collect()
}

/// For programs.
pub(super) fn listed(warnings: &[Warning]) -> Vec<Value> {
    let listed = |warning: &Warning| json!({ "what": kind(warning), "path": warning.path(), "text": warning.to_string() });
    warnings.iter().map(listed).collect()
}

fn kind(warning: &Warning) -> &'static str {
    match warning {
        Warning::MovedAside { .. } => "moved-aside",
        Warning::Changed { .. } => "changed",
        Warning::Missing { .. } => "missing",
        Warning::Forgotten => "forgotten",
        _ => "other",
    }
}

fn sentence(recovery: &Recovery) -> &'static str {
    match recovery {
        Recovery::Clean => "whole; there was nothing to do",
        Recovery::Initialised => "now under untorn's care; there was nothing to do",
        Recovery::Discarded { .. } => "an unfinished update was discarded: this is the old tree, whole",
        Recovery::Completed { .. } => "a decided update was completed: this is the new tree, whole",
        _ => "whole",
    }
}

/// For commands that recover on the way.
pub(super) fn remark(recovery: &Recovery) -> &'static str {
    match recovery {
        Recovery::Discarded { .. } => "an unfinished update was discarded first\n",
        Recovery::SetAside { .. } => "an unfinished update was set aside first; updating to the same build takes it up again\n",
        Recovery::Completed { .. } => "a decided update was completed first\n",
        _ => "",
    }
}

pub(super) fn word(recovery: &Recovery) -> &'static str {
    match recovery {
        Recovery::Clean => "clean",
        Recovery::Initialised => "initialised",
        Recovery::Discarded { .. } => "discarded",
        Recovery::SetAside { .. } => "set-aside",
        Recovery::Completed { .. } => "completed",
        _ => "other",
    }
}
