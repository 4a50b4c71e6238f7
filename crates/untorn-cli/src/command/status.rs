//! `untorn status`.

use serde_json::{Value, json};
use untorn::{Condition, Manifest, Status, head_of};

use crate::{
    args::TreeArgs,
    outcome::{Answer, Outcome},
    text::{count, path, short, size},
};

pub(super) fn run(args: &TreeArgs) -> Answer {
    let status = Status::of(&args.tree)?;
    let manifest = head_of(&args.tree).ok().flatten().and_then(|head| Manifest::decode(&head).ok());
    Ok(Outcome::new(text(args, &status, manifest.as_ref()), json(&status, manifest.as_ref())))
}

fn text(args: &TreeArgs, status: &Status, manifest: Option<&Manifest>) -> String {
    let mut text = format!("{}: {}\n", path(&args.tree), sentence(&status.condition));
    if let Some(updater) = &status.updater {
        let who = if updater.is_empty() { String::new() } else { format!(" ({})", untorn::escape(updater.as_bytes())) };
        text += &format!("  an updater is at work{who}\n");
    }
    if status.in_use {
        text += "  a program uses it\n";
    }
    text += &super::recover::warnings(&status.warnings);
    if status.condition == Condition::Unmanaged {
        return text;
    }
    text += &match manifest {
        Some(build) => format!(
            "  installed: build {}, {}, {}\n",
            short(status.installed),
            count(build.entries().len(), "path"),
            size(build.total_bytes())
        ),
        None => "  nothing says what is installed\n".to_owned(),
    };
    text += if status.can_roll_back { "  the last update can be rolled back\n" } else { "  nothing is kept for rolling back\n" };
    text
}

fn sentence(condition: &Condition) -> String {
    match condition {
        Condition::Unmanaged => "not under untorn's care yet".to_owned(),
        Condition::Clean => "whole, nothing is under way".to_owned(),
        Condition::Pending { .. } => "an update is decided but not complete; opening the tree completes it".to_owned(),
        Condition::Unfinished => "an update was being prepared; opening the tree discards it, or completes it should its decision prove to have been made".to_owned(),
        Condition::Damaged { what } => format!("the journal cannot be understood: {}", untorn::escape(what.as_bytes())),
        Condition::Newer { format } => format!("a newer untorn wrote the journal (format {format})"),
        _ => "the journal belongs to another tree".to_owned(),
    }
}

fn word(condition: &Condition) -> &'static str {
    match condition {
        Condition::Unmanaged => "unmanaged",
        Condition::Clean => "clean",
        Condition::Pending { .. } => "pending",
        Condition::Unfinished => "unfinished",
        Condition::Damaged { .. } => "damaged",
        Condition::Newer { .. } => "newer",
        _ => "foreign",
    }
}

fn json(status: &Status, manifest: Option<&Manifest>) -> Value {
    json!({
        "condition": word(&status.condition),
        "text": sentence(&status.condition),
        "updater": status.updater,
        "in_use": status.in_use,
        "installed": (!status.installed.is_none()).then(|| status.installed.to_string()),
        "paths": manifest.map(|build| build.entries().len()),
        "bytes": manifest.map(Manifest::total_bytes),
        "transaction": status.txid,
        "can_roll_back": status.can_roll_back,
        "warnings": super::recover::listed(&status.warnings),
    })
}
