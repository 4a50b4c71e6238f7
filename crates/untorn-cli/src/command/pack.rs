//! `untorn pack`.

use serde_json::json;
use untorn_studio::{Format, Method, PackOptions, PackReport, pack};

use crate::{
    args::{Global, MethodArg, PackArgs},
    failure::Failure,
    outcome::{Answer, Outcome},
    progress,
    text::{path, size},
};

pub(super) fn run(args: &PackArgs, global: &Global) -> Answer {
    let mut options = PackOptions::default();
    options.like.clone_from(&args.like);
    options.format = if args.plain { Format::Plain } else { Format::Zip };
    options.method = match args.method {
        MethodArg::Auto => Method::Auto,
        MethodArg::Store => Method::Store,
        MethodArg::Deflate => Method::Deflate,
    };
    (options.align, options.jobs, options.time) = (args.align, args.jobs, time()?);
    options.observer = progress::observer(global);
    let report = pack(&args.dir, &args.output, &options)?;
    drop(options);
    Ok(Outcome::new(text(args, &report), json(args, &report)))
}

/// That of SOURCE_DATE_EPOCH, where it is set; else always the same, so that equal directories give equal archives.
fn time() -> Result<u64, Failure> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => {
            text.trim().parse().map_err(|_| Failure::usage("SOURCE_DATE_EPOCH is no number of seconds since 1970".to_owned()))
        }
        Err(_) => Ok(0),
    }
}

fn text(args: &PackArgs, report: &PackReport) -> String {
    let mut text = format!("{}: {}, {} members\n", path(&args.output), size(report.len), report.members,);
    if let (Some(why), Some(like)) = (&report.no_guide, &args.like) {
        text.push_str(&format!(
            "  {} was no guide: {}; packed as if there was none\n",
            path(like),
            untorn::escape(why.as_bytes())
        ));
    }
    if args.like.is_some() && report.no_guide.is_none() {
        text.push_str(&format!(
            "  {} as they were and where they were ({}), {} changed in their places, {} put into holes, {} at the end\n",
            report.kept,
            size(report.kept_len),
            report.replaced,
            report.filled,
            report.appended,
        ));
    }
    if report.hole_len > 0 {
        text.push_str(&format!("  {} are holes between members, which later archives may fill\n", size(report.hole_len)));
    }
    text
}

fn json(args: &PackArgs, report: &PackReport) -> serde_json::Value {
    json!({
        "archive": path(&args.output),
        "bytes": report.len,
        "members": report.members,
        "kept": report.kept,
        "kept_bytes": report.kept_len,
        "replaced": report.replaced,
        "filled": report.filled,
        "appended": report.appended,
        "hole_bytes": report.hole_len,
        "no_guide": report.no_guide,
    })
}
