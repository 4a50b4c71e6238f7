//! What was done, for programs.

use untorn_format::{Hash, release::Release};
use untorn_trust::key_id;
use untorn_txn::{Change, FileReport, Report, RollbackForecast, Warning};

use super::{Json, state::recovery_word, value::object};
use crate::{
    ApplyReport, DamagedRanges, Difference, Forecast, LowDiskReport, Outcome, Provenance, RepairOutcome, RepairReport, Route,
    UpdateOutcome, UpdatePlan, UpdateReport, VerifyReport,
};

/// One path that is not as it should be.
#[must_use]
pub fn difference(difference: &Difference) -> Json {
    let what = &difference.what;
    object! { "path": &difference.path, "class": what.class(), "what": what.word(), "text": what.to_string() }
}

/// What others did to a tree.
#[must_use]
pub fn warnings(warnings: &[Warning]) -> Json {
    Json::list(warnings, |warning| object! { "what": kind(warning), "path": warning.path(), "text": warning.to_string() })
}

fn kind(warning: &Warning) -> &'static str {
    match warning {
        Warning::MovedAside { .. } => "moved-aside",
        Warning::Changed { .. } => "changed",
        Warning::Missing { .. } => "missing",
        Warning::Forgotten => "forgotten",
        Warning::Outranks => "outranks",
        _ => "other",
    }
}

/// What a release says about itself.
#[must_use]
pub fn release(release: &Release) -> Json {
    object! {
        "id": release.id().to_string(),
        "product": &release.product,
        "platform": &release.platform,
        "build": release.build,
        "label": &release.label,
        "created": release.created,
    }
}

/// Who vouched for a patch.
#[must_use]
pub fn provenance(provenance: &Provenance) -> Json {
    object! {
        "release": release(&provenance.release),
        "keys": Json::list(&provenance.signers, |key| key_id(key).into()),
        "root": provenance.root_version,
        "trusted_on_first_use": provenance.first_use.map(|fingerprint| fingerprint.to_string()),
    }
}

/// What a transaction did.
#[must_use]
pub fn transaction(done: &Report) -> Json {
    object! {
        "id": done.txid,
        "files": Json::list(&done.files, file),
        "redo_bytes": done.bytes_redo,
        "staged_bytes": done.bytes_staged,
        "in_place_bytes": done.bytes_in_place,
        "undo_bytes": done.bytes_undo,
        "written_bytes": done.bytes_written(),
        "syncs": done.barriers.iter().map(|(_, syncs)| syncs).sum::<u64>(),
        "dirs_kept": done.dirs_kept.as_slice(),
        "seconds": done.elapsed.as_secs_f64(),
    }
}

fn file(file: &FileReport) -> Json {
    let (change, from) = match &file.change {
        Change::Added => ("added", None),
        Change::Removed => ("removed", None),
        Change::Moved { from } => ("moved", Some(from)),
        _ => ("changed", None),
    };
    object! {
        "path": &file.path,
        "change": change,
        "from": from,
        "way": file.way.to_string(),
        "why": file.why.to_string(),
        "bytes": file.bytes,
    }
}

/// What applying a patch came to.
#[must_use]
pub fn apply(report: &ApplyReport) -> Json {
    object! {
        "outcome": match report.outcome {
            Outcome::Applied => "applied",
            Outcome::UpToDate => "up-to-date",
            Outcome::DryRun => "dry-run",
        },
        "from": report.from.to_string(),
        "to": report.to.to_string(),
        "recovery": recovery_word(&report.recovery),
        "signed": report.provenance.is_some(),
        "provenance": report.provenance.as_ref().map(provenance),
        "recorded": report.is_recorded,
        "forecast": forecast(&report.forecast),
        "at_hand_bytes": report.bytes_at_hand,
        "transaction": transaction(&report.transaction),
        "dirs_kept": report.dirs_kept.as_slice(),
        "warnings": warnings(&report.warnings),
        "kept_modified": Json::list(&report.kept_modified, difference),
        "seconds": report.elapsed.as_secs_f64(),
    }
}

fn forecast(forecast: &Forecast) -> Json {
    let written = [forecast.bytes_redo, forecast.bytes_staged, forecast.bytes_in_place, forecast.bytes_undo];
    forecast_of(forecast.paths, written, forecast.bytes_written(), forecast.bytes_needed, Some(forecast.bytes_whole))
}

/// What going back will write.
#[must_use]
pub fn roll_back_forecast(forecast: &RollbackForecast) -> Json {
    let written = [forecast.bytes_redo, forecast.bytes_staged, forecast.bytes_in_place, forecast.bytes_undo];
    forecast_of(forecast.paths, written, forecast.bytes_written(), forecast.bytes_needed, None)
}

fn forecast_of(paths: u64, [redo, staged, in_place, undo]: [u64; 4], written: u64, needed: u64, whole: Option<u64>) -> Json {
    let mut fields = vec![
        ("paths", paths.into()),
        ("redo_bytes", redo.into()),
        ("staged_bytes", staged.into()),
        ("in_place_bytes", in_place.into()),
        ("undo_bytes", undo.into()),
        ("written_bytes", written.into()),
        ("needed_bytes", needed.into()),
    ];
    fields.extend(whole.map(|whole| ("whole_bytes", whole.into())));
    Json::Object(fields)
}

/// What applying a patch in steps came to.
#[must_use]
pub fn low_disk(report: &LowDiskReport) -> Json {
    object! {
        "outcome": match report.outcome {
            Outcome::Applied => "applied",
            Outcome::UpToDate => "up-to-date",
            Outcome::DryRun => "dry-run",
        },
        "from": report.from.to_string(),
        "to": report.to.to_string(),
        "recovery": recovery_word(&report.recovery),
        "signed": report.provenance.is_some(),
        "provenance": report.provenance.as_ref().map(provenance),
        "steps": report.steps,
        "steps_before": report.steps_before,
        "step_bytes": report.bytes_step,
        "stash_bytes": report.bytes_stash,
        "needed_bytes": report.bytes_needed,
        "made_bytes": report.bytes_made,
        "written_bytes": report.bytes_written,
        "dirs_kept": report.dirs_kept.as_slice(),
        "warnings": warnings(&report.warnings),
        "seconds": report.elapsed.as_secs_f64(),
    }
}

/// What verifying found.
#[must_use]
pub fn verify(report: &VerifyReport) -> Json {
    object! {
        "build": report.build.to_string(),
        "intact": report.is_intact(),
        "paths": report.paths,
        "bytes": report.bytes,
        "damage": Json::list(&report.damage, difference),
        "ranges": Json::list(&report.ranges, ranges),
        "skipped": report.skipped,
        "skipped_bytes": report.skipped_bytes,
        "extra": Json::list(&report.extra, difference),
    }
}

fn ranges(file: &DamagedRanges) -> Json {
    let ranges = Json::list(&file.ranges, |range| object! { "start": range.start, "end": range.end });
    object! { "path": &file.path, "ranges": ranges }
}

/// What repairing came to.
#[must_use]
pub fn repair(report: &RepairReport) -> Json {
    object! {
        "outcome": match report.outcome {
            RepairOutcome::Intact => "intact",
            RepairOutcome::DryRun => "dry-run",
            RepairOutcome::Repaired => "repaired",
        },
        "build": report.build.to_string(),
        "paths": report.paths,
        "bytes": report.bytes,
        "damage": Json::list(&report.damage, difference),
        "extra": Json::list(&report.extra, difference),
        "journal": report.journal.as_ref().map(untorn_txn::Error::code),
        "fetched_bytes": report.bytes_fetched,
        "found_bytes": report.bytes_found,
        "transaction": transaction(&report.transaction),
        "seconds": report.elapsed.as_secs_f64(),
    }
}

/// What updating came to.
#[must_use]
pub fn update(report: &UpdateReport) -> Json {
    object! {
        "outcome": match report.outcome {
            UpdateOutcome::Updated => "updated",
            UpdateOutcome::UpToDate => "up-to-date",
            UpdateOutcome::Planned => "planned",
            UpdateOutcome::Fetched => "fetched",
            UpdateOutcome::NotYet => "not-yet",
            UpdateOutcome::WasLeft => "was-left",
        },
        "product": &report.product,
        "channel": &report.channel,
        "build": report.build,
        "label": &report.label,
        "from": (!report.from.is_none()).then(|| report.from.to_string()),
        "to": report.to.to_string(),
        "plan": plan(&report.plan),
        "received_bytes": report.bytes_received,
        "expired": report.expired,
        "replaced": Json::list(&report.replaced, difference),
        "kept": Json::list(&report.kept, difference),
        "dirs_kept": report.dirs_kept.as_slice(),
        "transaction": transaction(&report.transaction),
        "seconds": report.elapsed.as_secs_f64(),
    }
}

fn plan(plan: &UpdatePlan) -> Json {
    let (route, patches) = match plan.route {
        Route::Patches(number) => ("patches", number),
        Route::Mixed(number) => ("mixed", number),
        Route::Chunks => ("chunks", 0),
        Route::None => ("none", 0),
    };
    object! {
        "route": route,
        "patches": patches,
        "fetch_bytes": plan.bytes_to_fetch,
        "fetch_whole_bytes": plan.bytes_to_fetch_without_ranges,
        "chunk_bytes": plan.bytes_by_chunks,
        "chunk_files": plan.files_by_chunks,
        "at_hand_bytes": plan.bytes_at_hand,
        "write_bytes": plan.bytes_to_write,
        "peak_bytes": plan.bytes_at_peak,
        "files": plan.files,
    }
}

/// What going back came to: `installed` is the build that is installed now.
#[must_use]
pub fn rolled_back(installed: Option<Hash>, done: &Report) -> Json {
    let installed = installed.map(|build| build.to_string());
    object! { "outcome": "rolled-back", "installed": installed, "transaction": transaction(done) }
}
