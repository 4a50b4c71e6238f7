//! `untorn status`.

use std::path::Path;

use untorn::{
    Condition, Hash, Interrupted, Status, answers,
    release::{Following, Installed, Release, Steps},
};

use crate::{
    args::TreeArgs,
    outcome::{Answer, Outcome, value},
    text::{count, path, short, size},
};

pub(super) fn run(args: &TreeArgs) -> Answer {
    let status = Status::of(&args.tree)?;
    let installed = untorn::installed(&args.tree).ok().flatten();
    Ok(Outcome::new(
        text(args, &status, installed.as_ref()),
        value(&answers::status(&status, installed.as_ref(), &sentence(&status))),
    ))
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
    let mut text = format!("{}: {}\n", path(&args.tree), sentence(status));
    if let Some(updater) = &status.updater {
        let who = if updater.is_empty() { String::new() } else { format!(" ({})", untorn::escape(updater.as_bytes())) };
        text += &format!("  an updater is at work{who}\n");
    }
    if status.in_use {
        text += "  a program uses it\n";
    }
    if let Some(steps) = status.half_way {
        text += &half_way(steps);
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
    if let Some(interrupted) = &status.interrupted {
        text += &format!("  {}\n", staging(interrupted, status.updater.is_some()));
    }
    text += if status.can_roll_back { "  the last update can be rolled back\n" } else { "  nothing is kept for rolling back\n" };
    text
}

/// How far an update in steps is, and what to do.
pub(super) fn half_way(steps: Steps) -> String {
    format!(
        "  {steps}\n    `untorn apply --low-disk` with the patch it began with goes on; `untorn repair` from the new build ends it, too\n"
    )
}

/// How far a staging has come, as far as that is durable.
fn staging(interrupted: &Interrupted, is_at_work: bool) -> String {
    let Interrupted { to, done, total, .. } = interrupted;
    let percent = u128::from(*done) * 100 / u128::from((*total).max(1));
    let what = format!("staging of build {}: {percent} % done ({} of {})", short(*to), size(*done), size(*total));
    if is_at_work {
        format!("{what} and durable so far")
    } else {
        format!(
            "{what} when it was interrupted; the same update checks it, and goes on from there (`untorn recover` discards it)"
        )
    }
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

fn sentence(status: &Status) -> String {
    match &status.condition {
        Condition::Unmanaged => "not under untorn's care yet".to_owned(),
        Condition::Clean if status.half_way.is_some() => "between two steps of an update: neither the old nor the new build".to_owned(),
        Condition::Clean => "whole, nothing is under way".to_owned(),
        Condition::Pending { .. } => "an update is decided but not complete; opening the tree completes it".to_owned(),
        Condition::Unfinished => "an update was being prepared; opening the tree discards it (what it has staged can be taken up again), or completes it should its decision prove to have been made".to_owned(),
        Condition::Damaged { what } => format!("the journal cannot be understood: {}", untorn::escape(what.as_bytes())),
        Condition::Newer { format } => format!("a newer untorn wrote the journal (format {format})"),
        _ => "the journal belongs to another tree".to_owned(),
    }
}
