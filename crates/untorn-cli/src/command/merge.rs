//! `untorn merge`.

use serde_json::json;
use untorn::{Error, Merging, ScanOptions};

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
    let merging = Merging::open(&args.first, &args.second)?;
    // Asked for before there is any work that would be in vain.
    let signed = match (args.sign.build, keys.is_empty()) {
        (Some(build), false) => Some((build, manifest_len(args, &merging)?)),
        _ => None,
    };
    let report = merging.write(&args.output, progress::observer(global))?;
    let sign = |(build, manifest_len)| {
        let sign = &args.sign;
        let statement = Statement { build, platform: sign.platform.clone(), label: sign.label.clone(), created: now()? };
        sign_patch(&args.output, (report.patch.to, manifest_len), &roots, &statement, &keys)
    };
    let release = signed.map(sign).transpose()?;
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

/// How long the manifest of the new build is, which a release must say: the second patch says it where it was signed, else the manifest.
fn manifest_len(args: &MergeArgs, merging: &Merging) -> Result<u64, Failure> {
    let to = merging.to();
    match (&args.manifest, merging.second()) {
        (Some(file), _) => {
            let manifest = untorn::read_manifest(file, &ScanOptions::default())?;
            if manifest.hash() == to {
                Ok(manifest.encode().len() as u64)
            } else {
                Err(Error::Source { path: path(file) }.into())
            }
        }
        (None, Some(second)) if second.manifest.hash == to => Ok(second.manifest.len),
        (None, _) => Err(Failure::usage(format!(
            "{} is not signed, so what is joined can only be signed with the manifest of the new build: name it with --manifest; nothing was written",
            path(&args.second)
        ))),
    }
}
