//! Documents written by the first release stay readable, and the same value stays the same bytes. `UNTORN_BLESS=1` writes the files anew: only
//! for a new format number, whose files get new names.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic; helpers outside of test functions, too")]

mod samples;

use std::{fs, path::PathBuf};

use untorn_format::{
    index::{Head, Page},
    journal::{Plan, Record, Undo},
    manifest::Manifest,
    release::{Channel, Installed, Preface, Release, Root, Signed},
    verified::Verified,
};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.v1"))
}

#[test]
fn every_golden_file_is_what_is_written_today() {
    for (name, bytes, _) in samples::all() {
        if std::env::var_os("UNTORN_BLESS").is_some() {
            fs::write(golden(name), &bytes).unwrap();
        }
        assert!(fs::read(golden(name)).unwrap() == bytes, "{name}: the bytes have changed");
    }
}

#[test]
fn every_golden_file_is_read_as_its_value() {
    let read = |name| fs::read(golden(name)).unwrap();
    assert_eq!(Record::decode(&read("record")).unwrap(), samples::record());
    assert_eq!(Plan::decode(&read("plan")).unwrap(), samples::plan());
    assert_eq!(Undo::decode(&read("undo")).unwrap(), samples::undo());
    assert_eq!(Manifest::decode(&read("manifest")).unwrap(), samples::manifest());
    assert_eq!(Root::decode(&read("root")).unwrap(), samples::root());
    assert_eq!(Release::decode(&read("release")).unwrap(), samples::release());
    assert_eq!(Channel::decode(&read("channel")).unwrap(), samples::channel());
    assert_eq!(Signed::decode(&read("signed")).unwrap(), samples::signed());
    assert_eq!(Preface::decode(&read("preface")).unwrap(), samples::preface());
    assert_eq!(Installed::decode(&read("installed")).unwrap(), samples::installed());
    assert_eq!(Head::decode(&read("index")).unwrap(), samples::index());
    assert_eq!(Verified::decode(&read("verified")).unwrap(), samples::verified());
    assert_eq!(Page::decode(&read("page")).unwrap(), samples::page());
    assert_eq!(Installed::decode(&read("manifest")).unwrap(), Installed::plain(samples::manifest()));
}
