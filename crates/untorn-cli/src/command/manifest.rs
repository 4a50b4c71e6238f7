//! `untorn manifest`.

use serde_json::json;
use untorn::{ScanOptions, scan, scan_with_index, write_index, write_manifest};

use crate::{
    args::{Global, ManifestArgs},
    outcome::{Answer, Outcome},
    progress,
    text::{count, path, size},
};

pub(super) fn run(args: &ManifestArgs, global: &Global) -> Answer {
    let mut options = ScanOptions::default();
    (options.jobs, options.observer) = (args.jobs, progress::observer(global));
    let manifest = match &args.index {
        None => scan(&args.dir, &options)?,
        Some(file) => {
            let (manifest, index) = scan_with_index(&args.dir, &options)?;
            write_index(file, &index)?;
            manifest
        }
    };
    if let Some(output) = &args.output {
        write_manifest(output, &manifest)?;
    }
    let (build, paths, bytes) = (manifest.hash(), manifest.entries().len(), manifest.total_bytes());
    let text = format!("{} is build {build}: {}, {}\n", path(&args.dir), count(paths, "path"), size(bytes));
    Ok(Outcome::new(text, json!({ "build": build.to_string(), "paths": paths, "bytes": bytes })))
}
