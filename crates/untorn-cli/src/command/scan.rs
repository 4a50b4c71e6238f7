//! `untorn scan`.

use serde_json::json;
use untorn::{ScanOptions, scan, write_manifest};

use crate::{
    args::{Global, ScanArgs},
    outcome::{Answer, Outcome},
    progress,
    text::{count, path, size},
};

pub(super) fn run(args: &ScanArgs, global: &Global) -> Answer {
    let mut options = ScanOptions::default();
    (options.jobs, options.observer) = (args.jobs, progress::observer(global));
    let manifest = scan(&args.dir, &options)?;
    if let Some(output) = &args.output {
        write_manifest(output, &manifest)?;
    }
    let (build, paths, bytes) = (manifest.hash(), manifest.entries().len(), manifest.total_bytes());
    let text = format!("{} is build {build}: {}, {}\n", path(&args.dir), count(paths, "path"), size(bytes));
    Ok(Outcome::new(text, json!({ "build": build.to_string(), "paths": paths, "bytes": bytes })))
}
