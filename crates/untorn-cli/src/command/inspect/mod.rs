//! `untorn inspect`.

mod document;
mod json;
mod text;

use std::{cmp::Reverse, path::Path};

use untorn_studio::{EstimateOptions, Report};

use crate::{
    args::{Global, InspectArgs, OrderArg},
    documents,
    failure::Failure,
    outcome::{Answer, Outcome},
    progress,
    text::path,
};

/// Gives the name of the answer, too: documents and builds have fields of their own.
pub(super) fn run(args: &InspectArgs, global: &Global) -> (&'static str, Answer) {
    if args.new_build.is_some() || args.patch.is_dir() {
        return ("inspect-builds", builds(args, global));
    }
    match document::is_document(&args.patch) {
        Ok(true) => ("inspect-document", document::run(args)),
        Ok(false) => ("inspect", patch(args)),
        Err(failure) => ("inspect", Err(failure)),
    }
}

fn patch(args: &InspectArgs) -> Answer {
    let builds = match (&args.old, &args.new) {
        (Some(old), Some(new)) => Some((old.as_path(), new.as_path())),
        _ => None,
    };
    let report = untorn_studio::inspect_patch(super::apply::open(&args.patch)?, builds)?;
    let keys = report.signed.as_ref().map(document::keys).unwrap_or_default();
    answer(args, report, &path(&args.patch), &keys, false)
}

fn builds(args: &InspectArgs, global: &Global) -> Answer {
    let Some(new) = &args.new_build else {
        let usage = "name the new build, too: untorn inspect OLD/ NEW/; or a patch, which is a file";
        return Err(Failure::usage(usage.to_owned()));
    };
    let mut options = EstimateOptions::default();
    (options.jobs, options.observer) = (args.jobs, progress::observer(global));
    let report = untorn_studio::estimate(&args.patch, new, &options)?;
    drop(options);
    answer(args, report, &format!("{} to {}", path(&args.patch), path(new)), &[], true)
}

fn answer(args: &InspectArgs, mut report: Report, title: &str, keys: &[String], is_estimate: bool) -> Answer {
    if let Some(file) = &args.html {
        html(file, &report, title)?;
    }
    if matches!(args.by, OrderArg::Size) {
        report.items.sort_by(|a, b| (Reverse(a.bytes), &a.path).cmp(&(Reverse(b.bytes), &b.path)));
    }
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let mut text = text::of(&report, title, keys, limit);
    if let Some(file) = &args.html {
        text.push_str(&format!("The page is {}: open it in a browser.\n", path(file)));
    }
    Ok(Outcome::new(text, if is_estimate { json::builds(&report, limit) } else { json::patch(&report, keys, limit) }))
}

/// After this, the page is there and durable, or whatever was there before.
fn html(file: &Path, report: &Report, title: &str) -> Result<(), Failure> {
    let page = untorn_studio::page(report, title).map_err(|source| Failure::io("make", file, source))?;
    documents::replace(file, page.as_bytes())
}
