//! `untorn diff`.

use std::{
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
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
    let reverse = reverse(args)?;
    // Keys are opened first: a password that is wrong should be known before a long search.
    let (keys, roots) = signing(&args.sign)?;
    let (there, back) = match &reverse {
        Some(reverse) => {
            let (there, back) = untorn::diff_both(&args.old, &args.new, &args.output, reverse, &options)?;
            (there, Some((reverse, back)))
        }
        None => (untorn::diff(&args.old, &args.new, &args.output, &options)?, None),
    };
    drop(options);
    let sign = |output: &Path, report: &DiffReport, (build, label): (Option<u64>, &str)| match build {
        Some(build) if !keys.is_empty() => sign(args, (output, report), (build, label), (&keys, &roots)).map(Some),
        _ => Ok(None),
    };
    let release = sign(&args.output, &there, (args.sign.build, &args.sign.label))?;
    let (mut text, mut json) = (text(&args.output, &there, release.as_ref()), json(&args.output, &there, release.as_ref()));
    json["reverse"] = match back {
        Some((reverse, back)) => {
            let release = sign(reverse, &back, (args.old_build, &args.old_label))?;
            text.push_str(&self::text(reverse, &back, release.as_ref()));
            self::json(reverse, &back, release.as_ref())
        }
        None => Value::Null,
    };
    Ok(Outcome::new(text, json))
}

/// Where the patch back is written, when there is to be one.
fn reverse(args: &DiffArgs) -> Result<Option<PathBuf>, Failure> {
    let Some(named) = &args.both else { return Ok(None) };
    let reverse = named.clone().unwrap_or_else(|| {
        let mut name = args.output.clone().into_os_string();
        name.push(".reverse");
        name.into()
    });
    if reverse == args.output {
        return Err(Failure::usage(format!("both patches would be written to {}: give --both another name", path(&reverse))));
    }
    if !args.sign.keys.is_empty() && args.old_build.is_none() {
        return Err(Failure::usage(
            "--both with --key also needs --old-build N: the number of the build that the patch back leads to".to_owned(),
        ));
    }
    Ok(Some(reverse))
}

fn text(output: &Path, report: &DiffReport, release: Option<&Release>) -> String {
    let patch = &report.patch;
    format!(
        "{}: {} from build {} to {} ({}), in {}\n  {} changed, {} only moved; {} stay in place, {} copied from old files, {} compressed to {}\n{}{}",
        path(output),
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
        signed_text(release),
    )
}

fn json(output: &Path, report: &DiffReport, release: Option<&Release>) -> Value {
    let patch = &report.patch;
    json!({
        "patch": path(output),
        "patch_bytes": patch.patch_len,
        "release": release.map(release_json),
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
    })
}

/// What is said of members that are deflated again: nothing where there are none.
fn restored_text(patch: &untorn::DeltaReport) -> String {
    match patch.restored {
        0 => String::new(),
        members => format!("  {} recompressed ({})\n", count(members, "member"), size(patch.restored_len)),
    }
}

/// The keys and roots to sign with.
pub(super) fn signing(args: &ReleaseArgs) -> Result<(Vec<SecretKey>, Vec<Signed>), Failure> {
    let roots = args.roots.iter().map(|file| documents::read_signed(file)).collect::<Result<_, _>>()?;
    Ok((read_keys(&args.keys, &mut Password::new(args.password_stdin))?, roots))
}

fn sign(
    args: &DiffArgs,
    (output, report): (&Path, &DiffReport),
    (build, label): (u64, &str),
    (keys, roots): (&[SecretKey], &[Signed]),
) -> Result<Release, Failure> {
    let statement = Statement { build, platform: args.sign.platform.clone(), label: label.to_owned(), created: now()? };
    sign_patch(output, (report.to, report.manifest_len), roots, &statement, keys)
}

/// Seconds since 1970: those of SOURCE_DATE_EPOCH, where it is set, so that the same can be made twice.
pub(super) fn now() -> Result<u64, Failure> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => {
            text.trim().parse().map_err(|_| Failure::usage("SOURCE_DATE_EPOCH is no number of seconds since 1970".to_owned()))
        }
        // A clock before 1970 tells nothing.
        Err(_) => Ok(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())),
    }
}

pub(super) fn signed_text(release: Option<&Release>) -> String {
    match release {
        Some(release) => format!("  signed: {}\n", release_line(release)),
        None => "  not signed: players apply it only with --unsigned\n".to_owned(),
    }
}
