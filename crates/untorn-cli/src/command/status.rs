//! `untorn status`.

use std::path::Path;

use serde_json::{Value, json};
use untorn::{
    Condition, Hash, Status,
    release::{Following, Installed, Release},
};

use crate::{
    args::TreeArgs,
    outcome::{Answer, Outcome},
    text::{count, path, short, size},
};

pub(super) fn run(args: &TreeArgs) -> Answer {
    let status = Status::of(&args.tree)?;
    let installed = untorn::installed(&args.tree).ok().flatten();
    Ok(Outcome::new(text(args, &status, installed.as_ref()), json(&status, installed.as_ref())))
}

/// The build that a tree says is installed.
pub(super) fn build(tree: &Path) -> Option<Hash> {
    untorn::installed(tree).ok().flatten().map(|installed| installed.manifest.hash())
}

/// The release that is installed, where what is installed is one.
fn release_of(following: &Following) -> Option<Release> {
    following.release.as_ref().and_then(|signed| Release::decode(&signed.document).ok())
}

fn text(args: &TreeArgs, status: &Status, installed: Option<&Installed>) -> String {
    let mut text = format!("{}: {}\n", path(&args.tree), sentence(&status.condition));
    if let Some(updater) = &status.updater {
        let who = if updater.is_empty() { String::new() } else { format!(" ({})", untorn::escape(updater.as_bytes())) };
        text += &format!("  an updater is at work{who}\n");
    }
    if status.in_use {
        text += "  a program uses it\n";
    }
    if let Some(progress) = status.half_way {
        text += &format!(
            "  an update in steps is half way: step {} of {} is done; the same `untorn apply --low-disk` goes on\n",
            progress.done, progress.steps
        );
    }
    text += &super::recover::warnings(&status.warnings);
    if status.condition == Condition::Unmanaged {
        return text;
    }
    text += &match installed {
        Some(Installed { manifest, following }) => format!(
            "  installed: build {}, {}, {}\n{}",
            short(manifest.hash()),
            count(manifest.entries().len(), "path"),
            size(manifest.total_bytes()),
            following.as_ref().map(release_text).unwrap_or_default(),
        ),
        None => "  nothing says what is installed\n".to_owned(),
    };
    text += if status.can_roll_back { "  the last update can be rolled back\n" } else { "  nothing is kept for rolling back\n" };
    text
}

fn release_text(following: &Following) -> String {
    let release = match release_of(following) {
        Some(release) => super::signed::release_line(&release),
        None => format!("{}, but no release", following.product),
    };
    let channel = match following.channel.as_str() {
        "" => String::new(),
        channel => format!(", channel {channel}"),
    };
    format!("  this is {release}{channel}\n")
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

fn json(status: &Status, installed: Option<&Installed>) -> Value {
    let manifest = installed.map(|installed| &installed.manifest);
    json!({
        "condition": word(&status.condition),
        "text": sentence(&status.condition),
        "updater": status.updater,
        "in_use": status.in_use,
        "installed": manifest.map(|manifest| manifest.hash().to_string()),
        "paths": manifest.map(|build| build.entries().len()),
        "bytes": manifest.map(untorn::Manifest::total_bytes),
        "following": installed.and_then(|installed| installed.following.as_ref()).map(following_json),
        "half_way": status.half_way.map(|progress| json!({ "done": progress.done, "steps": progress.steps })),
        "transaction": status.txid,
        "can_roll_back": status.can_roll_back,
        "warnings": super::recover::listed(&status.warnings),
    })
}

fn following_json(following: &Following) -> Value {
    json!({
        "product": following.product,
        "platform": (!following.platform.is_empty()).then_some(&following.platform),
        "channel": (!following.channel.is_empty()).then_some(&following.channel),
        "sources": following.sources,
        "floor": following.floor,
        "release": release_of(following).map(|release| super::signed::release_json(&release)),
    })
}
