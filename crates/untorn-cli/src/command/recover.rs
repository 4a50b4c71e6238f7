//! `untorn recover`.

use untorn::{Recovery, Status, Tree, Warning, answers};

use crate::{
    args::RecoverArgs,
    exit::Exit,
    outcome::{Answer, Outcome, value},
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
    let half_way = Status::of(&args.tree)?.half_way;
    let mut text = match half_way {
        None => format!("{}: {}\n", path(&args.tree), sentence(recovery)),
        Some(_) => {
            format!("{}: between two steps of an update, whose last step was done or undone as a whole\n", path(&args.tree))
        }
    };
    if has_discarded && !matches!(recovery, Recovery::Discarded { .. }) {
        text += "  what an interrupted update had staged was discarded\n";
    }
    text += &warnings(tree.warnings());
    text += &half_way.map(super::status::half_way).unwrap_or_default();
    let installed = untorn::installed(&args.tree).ok().flatten();
    let outcome = Outcome::new(text, value(&answers::recovery(&tree, recovery, installed.as_ref())));
    let is_idle = matches!(recovery, Recovery::Clean | Recovery::Initialised);
    Ok(if is_idle && args.exit_code { outcome.with_exit(Exit::NothingToDo) } else { outcome })
}

/// A line for each.
pub(super) fn warnings(warnings: &[Warning]) -> String {
    warnings.iter().map(|warning| format!("  warning: {warning}\n")).collect()
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
