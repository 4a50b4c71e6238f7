//! `untorn publish`.

use serde_json::{Value, json};
use untorn_publish::{Outcome as Done, PointerOptions, PublishOptions, PublishReport, open_store, publish, resume};

use crate::{
    args::Global,
    exit::Exit,
    outcome::{Answer, Outcome},
    progress,
    signing::{Keys, roots},
    store_time::now,
    studio_args::{KeyArgs, PointerArgs, PublishArgs},
    text::{count, path, seconds, short, size},
};

pub(super) fn run(args: &PublishArgs, global: &Global) -> Answer {
    let pointer = pointer(&args.pointer, &args.keys)?;
    if args.resume {
        return go_on(args, &pointer);
    }
    let is_signed = !args.pointer.dry_run && args.unsigned_out.is_none();
    let keys = if is_signed { Keys::read(&args.keys)? } else { Keys::none() };
    let mut options = PublishOptions::default();
    options.pointer = pointer;
    (options.platform, options.product) = (args.platform.clone(), args.product.clone());
    (options.label, options.build, options.patch_from) = (args.label.clone(), args.number, args.patch_from);
    (options.old, options.work_dir, options.unsigned_out) = (args.old.clone(), args.work_dir.clone(), args.unsigned_out.clone());
    (options.level, options.patch_level, options.jobs) = (args.level, args.patch_level, args.jobs);
    options.recompress = !args.no_recompress;
    (options.no_bridge, options.observer) = (args.no_bridge, progress::observer(global));
    let store = open_store(&args.store, !args.pointer.dry_run).map_err(untorn_publish::Error::from)?;
    let report = publish(&args.build, store.as_ref(), &args.channel, &keys, &options)?;
    drop(options);
    let exit = if args.exit_code && report.outcome == Done::Present { Exit::NothingToDo } else { Exit::Ok };
    Ok(Outcome::new(said(&report, args), answer(&report, args)).with_exit(exit))
}

/// How a pointer is to be written, with the roots to believe.
pub(super) fn pointer(args: &PointerArgs, keys: &KeyArgs) -> Result<PointerOptions, crate::failure::Failure> {
    let mut options = PointerOptions::default();
    options.now = now()?;
    options.valid_for = args.valid_days.saturating_mul(24 * 60 * 60);
    (options.rollout_permille, options.floor, options.dry_run) = (args.rollout_permille, args.floor, args.dry_run);
    options.roots = roots(&keys.roots)?;
    Ok(options)
}

fn go_on(args: &PublishArgs, pointer: &PointerOptions) -> Answer {
    let store = open_store(&args.store, false).map_err(untorn_publish::Error::from)?;
    let keys = Keys::read(&args.keys)?;
    let (release, seq) = resume(&args.build, store.as_ref(), &args.channel, &keys, pointer)?;
    let text = format!("published: {} to channel {}\n", named(release.build, &release.label), args.channel);
    let json = json!({
        "outcome": "resumed",
        "channel": args.channel,
        "platform": release.platform,
        "build": release.build,
        "label": release.label,
        "release": release.id().to_string(),
        "manifest": release.manifest.hash.to_string(),
        "seq": seq,
    });
    Ok(Outcome::new(text, json))
}

/// A build by its number, and by what people call it.
fn named(build: u64, label: &str) -> String {
    if label.is_empty() { format!("build {build}") } else { format!("build {build} ({label})") }
}

fn word(outcome: Done) -> &'static str {
    match outcome {
        Done::Published => "published",
        Done::Present => "present",
        Done::DryRun => "dry-run",
        Done::Unsigned => "unsigned",
        _ => "done",
    }
}

fn said(report: &PublishReport, args: &PublishArgs) -> String {
    let (build, channel) = (named(report.build, &report.label), &args.channel);
    let first = match report.outcome {
        Done::Published => format!("published: {build} to channel {channel}"),
        Done::Present => return format!("channel {channel} has {build} already\n"),
        Done::DryRun => format!("would publish: {build} to channel {channel}"),
        _ => format!("sent: {build}, for channel {channel}"),
    };
    let mut text = format!(
        "{first}, {} in {}\n  {} new, {}, compressed to {}; sent {} in {}, {} there already\n",
        size(report.build_len),
        seconds(report.elapsed),
        count(usize::try_from(report.new_chunks).unwrap_or(usize::MAX), "chunk"),
        size(report.new_len),
        size(report.packs_len),
        size(report.sent_len),
        count(usize::try_from(report.sent_objects).unwrap_or(usize::MAX), "object"),
        report.present_objects,
    );
    if report.bridge_len > 0 {
        text.push_str(&format!("  bridge from the build before: {}\n", size(report.bridge_len)));
    }
    for patch in &report.patches {
        text.push_str(&format!("  patch from build {}: {}\n", patch.from, size(patch.len)));
    }
    if report.outcome == Done::DryRun && args.patch_from > 0 {
        text.push_str("  patches are not made in a dry run\n");
    }
    if let Some(dir) = args.unsigned_out.as_ref().filter(|_| report.outcome == Done::Unsigned) {
        let (dir, id) = (path(dir), short(report.release));
        text.push_str(&format!(
            "  release {id} waits in {dir}: sign it with `minisign -S -m {dir}/release`, then publish with --resume\n"
        ));
    }
    text
}

fn answer(report: &PublishReport, args: &PublishArgs) -> Value {
    let patches = report.patches.iter().map(|patch| json!({ "from_build": patch.from, "bytes": patch.len }));
    json!({
        "outcome": word(report.outcome),
        "channel": args.channel,
        "platform": args.platform,
        "build": report.build,
        "label": report.label,
        "release": report.release.to_string(),
        "manifest": report.manifest.to_string(),
        "seq": report.seq,
        "build_bytes": report.build_len,
        "new_chunks": report.new_chunks,
        "new_bytes": report.new_len,
        "packs_bytes": report.packs_len,
        "bridge_bytes": report.bridge_len,
        "sent_objects": report.sent_objects,
        "sent_bytes": report.sent_len,
        "present_objects": report.present_objects,
        "patches": patches.collect::<Vec<_>>(),
        "seconds": report.elapsed.as_secs_f64(),
    })
}
