//! How releases are shown, by every command that shows them.

use serde_json::{Value, json};
use untorn::release::Release;

/// A release in a few words.
pub(super) fn release_line(release: &Release) -> String {
    let label = if release.label.is_empty() { String::new() } else { format!(" \"{}\"", release.label) };
    format!("{} build {}{label} for {}", release.product, release.build, release.platform)
}

/// A release for programs.
pub(super) fn release_json(release: &Release) -> Value {
    json!({
        "id": release.id().to_string(),
        "product": release.product,
        "platform": release.platform,
        "build": release.build,
        "label": release.label,
        "created": release.created,
    })
}
