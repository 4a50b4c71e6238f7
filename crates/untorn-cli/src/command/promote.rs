//! `untorn promote`, `untorn channel rollback`, `untorn channel refresh`.

use serde_json::json;
use untorn_publish::{MoveReport, open_store, promote, refresh, roll_back};

use super::publish::pointer;
use crate::{
    outcome::{Answer, Outcome},
    signing::Keys,
    studio_args::{ChannelRefreshArgs, ChannelRollbackArgs, KeyArgs, PointerArgs, PromoteArgs},
};

pub(super) fn run(args: &PromoteArgs) -> Answer {
    let (options, keys) = (pointer(&args.pointer, &args.keys)?, keys(&args.keys, &args.pointer)?);
    let store = open_store(&args.store, false).map_err(untorn_publish::Error::from)?;
    let report = promote(store.as_ref(), &args.from, &args.to, args.platform.as_deref(), &keys, &options)?;
    Ok(outcome(&args.to, &report, args.pointer.dry_run))
}

pub(super) fn roll_back_channel(args: &ChannelRollbackArgs) -> Answer {
    let (options, keys) = (pointer(&args.pointer, &args.keys)?, keys(&args.keys, &args.pointer)?);
    let store = open_store(&args.store, false).map_err(untorn_publish::Error::from)?;
    let report = roll_back(store.as_ref(), &args.channel, args.platform.as_deref(), args.to_build, &keys, &options)?;
    Ok(outcome(&args.channel, &report, args.pointer.dry_run))
}

pub(super) fn refresh_channel(args: &ChannelRefreshArgs) -> Answer {
    let (options, keys) = (pointer(&args.pointer, &args.keys)?, keys(&args.keys, &args.pointer)?);
    let store = open_store(&args.store, false).map_err(untorn_publish::Error::from)?;
    let report = refresh(store.as_ref(), &args.channel, &keys, &options)?;
    let (word, verb) = if args.pointer.dry_run { ("dry-run", "would refresh") } else { ("refreshed", "refreshed") };
    let text = format!("{verb}: channel {}, document {}\n", args.channel, report.seq);
    Ok(Outcome::new(text, json!({ "outcome": word, "channel": args.channel, "seq": report.seq, "moved": [] })))
}

fn keys(args: &KeyArgs, pointer: &PointerArgs) -> Result<Keys, crate::failure::Failure> {
    if pointer.dry_run { Ok(Keys::none()) } else { Keys::read(args) }
}

fn outcome(channel: &str, report: &MoveReport, is_dry: bool) -> Outcome {
    let (word, verb) = match (report.moved.is_empty(), is_dry) {
        (true, _) => ("present", ""),
        (false, true) => ("dry-run", "would move"),
        (false, false) => ("moved", "moved"),
    };
    let mut text = String::new();
    for (platform, from, to) in &report.moved {
        let from = if *from == 0 { "nothing".to_owned() } else { format!("build {from}") };
        text.push_str(&format!("{verb}: channel {channel}, platform {platform}, from {from} to build {to}\n"));
    }
    if report.moved.is_empty() {
        text = format!("channel {channel} has that already\n");
    }
    let moved =
        report.moved.iter().map(|(platform, from, to)| json!({ "platform": platform, "from_build": from, "to_build": to }));
    let moved: Vec<_> = moved.collect();
    Outcome::new(text, json!({ "outcome": word, "channel": channel, "seq": report.seq, "moved": moved }))
}
