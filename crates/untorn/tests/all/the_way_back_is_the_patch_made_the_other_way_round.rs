//! `diff_both` makes two patches, each with the bytes that `diff` gives it, and neither when one cannot be made.

use std::{fs, path::Path};

use untorn::{DiffOptions, Error, diff, diff_both};

use crate::builds::{Rng, pair};

fn quick() -> DiffOptions {
    let mut options = DiffOptions::default();
    options.level = 1;
    options
}

#[test]
fn to_the_last_byte() {
    for seed in 0..6 {
        let (old, new) = pair(&mut Rng(seed));
        let work = tempfile::tempdir().unwrap();
        let at = |name: &str| work.path().join(name);
        old.write(&at("old"));
        new.write(&at("new"));
        let (there, back) = diff_both(&at("old"), &at("new"), &at("there"), &at("back"), &quick()).unwrap();
        let alone = diff(&at("new"), &at("old"), &at("alone"), &quick()).unwrap();
        diff(&at("old"), &at("new"), &at("plain"), &quick()).unwrap();
        assert!(fs::read(at("there")).unwrap() == fs::read(at("plain")).unwrap(), "seed {seed}");
        assert!(fs::read(at("back")).unwrap() == fs::read(at("alone")).unwrap(), "seed {seed}");
        assert_eq!((there.from, there.to), (back.to, back.from));
        assert_eq!((back.patch, back.manifest_len, back.old_len), (alone.patch, alone.manifest_len, alone.old_len));
        assert_eq!(names(work.path()), ["alone", "back", "new", "old", "plain", "there"]);
    }
}

#[test]
fn an_output_that_cannot_be_is_refused_before_anything_is_written() {
    let work = tempfile::tempdir().unwrap();
    let at = |name: &str| work.path().join(name);
    for dir in ["old", "new"] {
        fs::create_dir(at(dir)).unwrap();
        fs::write(at(dir).join("file"), dir).unwrap();
    }
    let inside = diff_both(&at("old"), &at("new"), &at("there"), &at("new/back"), &quick());
    assert!(matches!(inside, Err(Error::OutputInside { .. })), "{inside:?}");
    let nowhere = diff_both(&at("old"), &at("new"), &at("there"), &at("nowhere/back"), &quick());
    assert!(matches!(nowhere, Err(Error::Io { .. })), "{nowhere:?}");
    assert_eq!(names(work.path()), ["new", "old"], "the patch there was made, and not put in its place");
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
