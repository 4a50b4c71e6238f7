//! Documents written by the first release stay readable, and the same value stays the same bytes. `UNTORN_BLESS=1` writes the files anew: only
//! for a new format number, whose files get new names.

use std::{fs, path::PathBuf};

use untorn_format::{
    index::{Bridge, Head, Page},
    journal::{Plan, Progress, Record, Undo},
    manifest::Manifest,
    release::{Channel, HalfWay, Installed, Preface, Release, Root, Signed},
    verified::Verified,
};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.v1"))
}

#[test]
fn every_golden_file_is_what_is_written_today() {
    for (name, bytes, _) in crate::samples::all() {
        if std::env::var_os("UNTORN_BLESS").is_some() {
            fs::write(golden(name), &bytes).unwrap();
        }
        assert!(fs::read(golden(name)).unwrap() == bytes, "{name}: the bytes have changed");
    }
}

#[test]
fn every_golden_file_is_read_as_its_value() {
    let read = |name| fs::read(golden(name)).unwrap();
    assert_eq!(Record::decode(&read("record")).unwrap(), crate::samples::record());
    assert_eq!(Plan::decode(&read("plan")).unwrap(), crate::samples::plan());
    assert_eq!(Undo::decode(&read("undo")).unwrap(), crate::samples::undo());
    assert_eq!(Progress::decode(&read("progress")).unwrap(), crate::samples::progress());
    assert_eq!(Manifest::decode(&read("manifest")).unwrap(), crate::samples::manifest());
    assert_eq!(Root::decode(&read("root")).unwrap(), crate::samples::root());
    assert_eq!(Release::decode(&read("release")).unwrap(), crate::samples::release());
    assert_eq!(Release::decode(&read("release_bridged")).unwrap(), crate::samples::bridged_release());
    assert_eq!(Channel::decode(&read("channel")).unwrap(), crate::samples::channel());
    assert_eq!(Signed::decode(&read("signed")).unwrap(), crate::samples::signed());
    assert_eq!(Preface::decode(&read("preface")).unwrap(), crate::samples::preface());
    assert_eq!(Installed::decode(&read("installed")).unwrap(), crate::samples::installed());
    assert_eq!(HalfWay::decode(&read("halfway")).unwrap(), Some(crate::samples::half_way()));
    assert_eq!(Head::decode(&read("index")).unwrap(), crate::samples::index());
    assert_eq!(Verified::decode(&read("verified")).unwrap(), crate::samples::verified());
    assert_eq!(Page::decode(&read("page")).unwrap(), crate::samples::page());
    assert_eq!(Bridge::decode(&read("bridge")).unwrap(), crate::samples::bridge());
    assert_eq!(Installed::decode(&read("manifest")).unwrap(), Installed::plain(crate::samples::manifest()));
}
