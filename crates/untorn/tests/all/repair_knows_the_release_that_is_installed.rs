//! A tree that follows releases is repaired by the release it has installed, whatever a channel points to now; what it remembers stays, also when its journal is lost.

use std::fs;

use crate::studio::{Studio, content, noise, options};
use untorn::{
    RepairOptions, RepairReport, UpdateOutcome, VerifyOptions, install, installed, open_store, repair_from, update, verify,
};

/// A game that is build 1, installed from a store.
fn followed() -> Studio {
    let studio = Studio::new();
    studio.publish(&studio.first_build(), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    studio
}

fn damage(studio: &Studio) {
    let mut large = noise(1, 6 << 20);
    large[3_000_000] ^= 8;
    fs::write(studio.game().join("data/large"), large).unwrap();
}

fn repaired(studio: &Studio) -> RepairReport {
    let store = open_store(&studio.store()).unwrap().unwrap();
    let report = repair_from(&studio.game(), &store, &RepairOptions::default()).unwrap();
    assert_eq!(content(&studio.game()), content(&studio.path("1")));
    report
}

#[test]
fn no_channel_is_asked_and_the_index_is_at_hand() {
    let studio = followed();
    damage(&studio);
    let found = verify(&studio.game(), &VerifyOptions::default()).unwrap();
    assert_eq!(found.ranges.len(), 1, "the update has left the index: {found:?}");
    assert!(found.ranges[0].ranges[0].contains(&3_000_000));
    for name in ["channel", "log", "release", "index"] {
        fs::remove_dir_all(studio.store().join(name)).unwrap();
    }
    let before = installed(&studio.game()).unwrap();
    let report = repaired(&studio);
    assert!(report.bytes_fetched <= 130 << 10, "one frame and nothing else: {}", report.bytes_fetched);
    assert_eq!(installed(&studio.game()).unwrap(), before, "it remembers all it did");
}

#[test]
fn a_lost_journal_is_no_way_around_what_the_tree_remembers() {
    let studio = followed();
    let before = installed(&studio.game()).unwrap();
    damage(&studio);
    for slot in 0..3 {
        fs::write(studio.game().join(format!(".untorn/slot.{slot}")), b"rot").unwrap();
    }
    fs::create_dir_all(studio.game().join(".untorn/tx/7")).unwrap();
    let report = repaired(&studio);
    assert!(report.journal.is_some());
    assert_eq!(installed(&studio.game()).unwrap(), before);
    let again = update(&studio.game(), &options(&[])).unwrap();
    assert_eq!(again.outcome, UpdateOutcome::UpToDate);
}
