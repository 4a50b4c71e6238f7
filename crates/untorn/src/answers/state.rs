//! What there is, for programs.

use untorn_format::release::{Following, Installed, Release};
use untorn_txn::{Condition, Interrupted, Phase, Recovery, Status, Tree};

use super::{Json, reports, value::object};

/// What opening a tree found, and what was done about it in all.
#[must_use]
pub fn recovery(tree: &Tree, done: &Recovery, installed: Option<&Installed>) -> Json {
    object! {
        "recovery": recovery_word(done),
        "installed": installed.map(|installed| installed.manifest.hash().to_string()),
        "warnings": reports::warnings(tree.warnings()),
    }
}

pub(super) fn recovery_word(recovery: &Recovery) -> &'static str {
    match recovery {
        Recovery::Clean => "clean",
        Recovery::Initialised => "initialised",
        Recovery::Discarded { .. } => "discarded",
        Recovery::SetAside { .. } => "set-aside",
        Recovery::Completed { .. } => "completed",
        _ => "other",
    }
}

/// What state a tree is in; `text` says it in words, where somebody has some.
#[must_use]
pub fn status(status: &Status, installed: Option<&Installed>, text: &str) -> Json {
    let manifest = installed.map(|installed| &installed.manifest);
    object! {
        "condition": condition_word(&status.condition),
        "text": text,
        "updater": status.updater.as_deref(),
        "in_use": status.in_use,
        "installed": manifest.map(|manifest| manifest.hash().to_string()),
        "paths": manifest.map(|build| build.entries().len()),
        "bytes": manifest.map(crate::Manifest::total_bytes),
        "following": installed.and_then(|installed| installed.following.as_ref()).map(following),
        "half_way": status.half_way.map(|steps| object! { "done": steps.done, "steps": steps.count, "from": steps.from.to_string(), "to": steps.to.to_string() }),
        "transaction": status.txid,
        "can_roll_back": status.can_roll_back,
        "staging": status.interrupted.as_ref().map(staging),
        "warnings": reports::warnings(&status.warnings),
    }
}

fn staging(interrupted: &Interrupted) -> Json {
    object! { "to": interrupted.to.to_string(), "done": interrupted.done, "total": interrupted.total }
}

fn condition_word(condition: &Condition) -> &'static str {
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

fn following(following: &Following) -> Json {
    let release = following.release.as_ref().and_then(|signed| Release::decode(&signed.document).ok());
    object! {
        "product": &following.product,
        "platform": (!following.platform.is_empty()).then_some(&following.platform),
        "channel": (!following.channel.is_empty()).then_some(&following.channel),
        "sources": following.sources.as_slice(),
        "floor": following.floor,
        "release": release.as_ref().map(reports::release),
    }
}

/// The word for what an operation is doing.
#[must_use]
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Read => "read",
        Phase::Fetch => "fetch",
        Phase::Compare => "compare",
        Phase::Search => "search",
        Phase::Compress => "compress",
        Phase::Stage => "stage",
        Phase::Sync => "sync",
        Phase::Apply => "apply",
        _ => "work",
    }
}
