//! `untorn merge`.

use serde_json::json;
use untorn::{
    Error, MergeReport, ScanOptions,
    release::{Release, Signed},
};
use untorn_keys::SecretKey;

use super::{
    diff::{now, signed_text, signing},
    signed::{Statement, release_json, sign_patch},
};
use crate::{
    args::{Global, MergeArgs},
    failure::Failure,
    outcome::{Answer, Outcome},
    progress,
    text::{count, path, seconds, short, size},
};

pub(super) fn run(args: &MergeArgs, global: &Global) -> Answer {
    let (keys, roots) = signing(&args.sign)?;
    let report = untorn::merge(&args.first, &args.second, &args.output, progress::observer(global))?;
    let release = match (args.sign.build, keys.is_empty()) {
        (Some(build), false) => Some(sign(args, &report, build, (&keys, &roots))?),
        _ => None,
    };
    let patch = &report.patch;
    let text = format!(
        "{}: {} from build {} to {} by way of {}, in {}\n  {} changed; {} and {} joined, {} of them needed no more; applying keeps {} in memory\n{}",
        path(&args.output),
        size(patch.patch_len),
        short(patch.from),
        short(patch.to),
        short(patch.through),
        seconds(report.elapsed),
        count(patch.changes, "path"),
        size(patch.first_len),
        size(patch.second_len),
        size(patch.dropped_len),
        size(patch.held_len),
        signed_text(release.as_ref()),
    );
    Ok(Outcome::new(
        text,
        json!({
            "patch": path(&args.output),
            "patch_bytes": patch.patch_len,
            "release": release.as_ref().map(release_json),
            "from": patch.from.to_string(),
            "through": patch.through.to_string(),
            "to": patch.to.to_string(),
            "changes": patch.changes,
            "first_bytes": patch.first_len,
            "second_bytes": patch.second_len,
            "dropped_bytes": patch.dropped_len,
            "held_bytes": patch.held_len,
            "seconds": report.elapsed.as_secs_f64(),
        }),
    ))
}

/// Signs the joined patch. What a release says of the new build besides its hash, the second patch says where it was signed; else the manifest.
fn sign(
    args: &MergeArgs,
    report: &MergeReport,
    build: u64,
    (keys, roots): (&[SecretKey], &[Signed]),
) -> Result<Release, Failure> {
    let to = report.patch.to;
    let manifest_len = match (&args.manifest, &report.second) {
        (Some(file), _) => {
            let manifest = untorn::read_manifest(file, &ScanOptions::default())?;
            if manifest.hash() != to {
                return Err(Error::Source { path: path(file) }.into());
            }
            manifest.encode().len() as u64
        }
        (None, Some(second)) if second.manifest.hash == to => second.manifest.len,
        (None, _) => {
            return Err(Failure::usage(format!(
                "{} was written, but not signed: {} is not signed, so name the manifest of the new build with --manifest",
                path(&args.output),
                path(&args.second)
            )));
        }
    };
    let statement = Statement { build, platform: args.sign.platform.clone(), label: args.sign.label.clone(), created: now()? };
    sign_patch(&args.output, (to, manifest_len), roots, &statement, keys)
}
