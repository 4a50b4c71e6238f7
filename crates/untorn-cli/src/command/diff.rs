//! `untorn diff`.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use untorn::{
    DiffOptions, DiffReport, Search,
    release::{Release, Signed},
};
use untorn_keys::SecretKey;

use super::signed::{Statement, release_json, release_line, sign_patch};
use crate::{
    args::{DiffArgs, Global},
    documents,
    failure::Failure,
    keys::{Password, ReleaseArgs, read_keys},
    outcome::{Answer, Outcome},
    progress,
    text::{count, path, seconds, short, size},
};

pub(super) fn run(args: &DiffArgs, global: &Global) -> Answer {
    let mut options = DiffOptions::default();
    (options.level, options.jobs, options.observer) = (args.level, args.jobs, progress::observer(global));
    options.memory_len = args.memory.saturating_mul(1 << 20);
    options.recompress = !args.no_recompress;
    if args.search_everything {
        options.search = Search::Everything;
    }
    // Keys are opened first: a password that is wrong should be known before a long search.
    let (keys, roots) = signing(&args.sign)?;
    let report = untorn::diff(&args.old, &args.new, &args.output, &options)?;
    drop(options);
    let release = match (args.sign.build, keys.is_empty()) {
        (Some(build), false) => Some(sign(args, &report, build, (&keys, &roots))?),
        _ => None,
    };
    let patch = &report.patch;
    let text = format!(
        "{}: {} from build {} to {} ({}), in {}\n  {} changed, {} only moved; {} stay in place, {} copied from old files, {} compressed to {}\n{}{}",
        path(&args.output),
        size(patch.patch_len),
        short(report.from),
        short(report.to),
        size(report.new_len),
        seconds(report.elapsed),
        count(patch.changes, "path"),
        count(patch.moved, "file"),
        size(patch.kept_len),
        size(patch.copied_len),
        size(patch.literal_len),
        size(patch.frames_len),
        restored_text(patch),
        signed_text(release.as_ref()),
    );
    Ok(Outcome::new(
        text,
        json!({
            "patch": path(&args.output),
            "patch_bytes": patch.patch_len,
            "release": release.as_ref().map(release_json),
            "from": report.from.to_string(),
            "to": report.to.to_string(),
            "old_bytes": report.old_len,
            "new_bytes": report.new_len,
            "changes": patch.changes,
            "moved": patch.moved,
            "kept_bytes": patch.kept_len,
            "copied_bytes": patch.copied_len,
            "literal_bytes": patch.literal_len,
            "recompressed_members": patch.restored,
            "recompressed_bytes": patch.restored_len,
            "seconds": report.elapsed.as_secs_f64(),
        }),
    ))
}

/// What is said of members that are deflated again: nothing where there are none.
fn restored_text(patch: &untorn::DeltaReport) -> String {
    match patch.restored {
        0 => String::new(),
        members => format!("  {} recompressed ({})\n", count(members, "member"), size(patch.restored_len)),
    }
}

/// The keys and roots to sign with.
fn signing(args: &ReleaseArgs) -> Result<(Vec<SecretKey>, Vec<Signed>), Failure> {
    let roots = args.roots.iter().map(|file| documents::read_signed(file)).collect::<Result<_, _>>()?;
    Ok((read_keys(&args.keys, &mut Password::new(args.password_stdin))?, roots))
}

fn sign(args: &DiffArgs, report: &DiffReport, build: u64, (keys, roots): (&[SecretKey], &[Signed])) -> Result<Release, Failure> {
    let statement = Statement { build, platform: args.sign.platform.clone(), label: args.sign.label.clone(), created: now()? };
    sign_patch(&args.output, report, roots, &statement, keys)
}

/// Seconds since 1970: those of SOURCE_DATE_EPOCH, where it is set, so that the same can be made twice.
fn now() -> Result<u64, Failure> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => {
            text.trim().parse().map_err(|_| Failure::usage("SOURCE_DATE_EPOCH is no number of seconds since 1970".to_owned()))
        }
        // A clock before 1970 tells nothing.
        Err(_) => Ok(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())),
    }
}

fn signed_text(release: Option<&Release>) -> String {
    match release {
        Some(release) => format!("  signed: {}\n", release_line(release)),
        None => "  not signed: players apply it only with --unsigned\n".to_owned(),
    }
}
