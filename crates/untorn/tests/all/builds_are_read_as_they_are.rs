//! Scanning: everything in a directory, nothing else, and no name that another system could not hold.
#![cfg(unix)]

use std::{
    fs,
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
    },
};

use crate::util::{Place, noise, scanned, write};
use untorn::{Error, Hash, ScanOptions, manifest::Kind, read_manifest, scan, write_manifest};

fn code(place: &Place) -> &'static str {
    scan(&place.path("build"), &ScanOptions::default()).unwrap_err().code()
}

#[test]
fn files_programs_links_and_empty_directories() {
    let place = Place::new();
    let long = noise(3 << 20, 7);
    let build = place.dir("build", &[("bin/game", b"program"), ("data/long", &long), ("empty", b"")]);
    fs::set_permissions(build.join("bin/game"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(build.join("nothing")).unwrap();
    symlink("game", build.join("bin/link")).unwrap();
    let found = scanned(&build);
    let kinds: Vec<_> = found.entries().iter().map(|entry| (entry.path.as_str(), entry.kind.clone())).collect();
    let file = |bytes: &[u8], executable| Kind::File { len: bytes.len() as u64, hash: Hash::of(bytes), executable };
    assert_eq!(
        kinds,
        [
            ("bin", Kind::Dir),
            ("bin/game", file(b"program", true)),
            ("bin/link", Kind::Symlink { target: "game".into() }),
            ("data", Kind::Dir),
            ("data/long", file(&long, false)),
            ("empty", file(b"", false)),
            ("nothing", Kind::Dir),
        ]
    );
    for jobs in [1, 2, 7] {
        let mut options = ScanOptions::default();
        options.jobs = jobs;
        assert_eq!(scan(&build, &options).unwrap(), found);
    }
}

#[test]
fn untorns_own_state_is_left_out_and_none_is_made() {
    let place = Place::new();
    let build = place.dir("build", &[("a", b"a")]);
    let bare = scanned(&build);
    assert!(!build.join(".untorn").exists());
    write(&build, ".untorn/lock", b"");
    assert_eq!(scanned(&build), bare);
    write(&build, "sub/.untorn/lock", b"");
    assert_ne!(scanned(&build), bare, "only that of the root is");
}

#[test]
fn n3_n5_names_that_break_the_rules_are_refused_and_named() {
    for (name, rule) in [("aux", "UNT-PATH-N5"), ("what?", "UNT-PATH-N3"), ("dot.", "UNT-PATH-N4"), (".UNTORN", "UNT-PATH-N11")] {
        let place = Place::new();
        place.dir("build", &[("sub/good", b"")]);
        write(&place.path("build"), name, b"");
        let error = scan(&place.path("build"), &ScanOptions::default()).unwrap_err();
        assert_eq!(error.code(), rule);
        assert!(error.to_string().contains(&format!("\"{name}\"")), "{error}");
    }
    let place = Place::new();
    place.dir("build", &[("Readme", b""), ("readme", b"")]);
    assert_eq!(code(&place), "UNT-PATH-N9");
}

#[test]
fn n7_p13_names_that_are_no_text_are_refused_and_shown_escaped() {
    let place = Place::new();
    let build = place.dir("build", &[("sub/good", b"")]);
    if fs::write(build.join("sub").join(std::ffi::OsStr::from_bytes(b"bad\xff")), b"").is_err() {
        println!("skipped: this file system holds no such names");
        return;
    }
    let error = scan(&build, &ScanOptions::default()).unwrap_err();
    assert_eq!(error.code(), "UNT-PATH-N7");
    assert!(error.to_string().contains("sub/bad\\xff"), "{error}");
}

#[test]
fn links_that_lead_out_or_nowhere_and_things_that_are_no_files() {
    for (target, rule) in [
        ("/etc/passwd", "UNT-PATH-F3"),
        ("../../outside", "UNT-PATH-F3"),
        ("nowhere", "UNT-MANIFEST-TARGET"),
        (".untorn/x", "UNT-PATH-F3"),
    ] {
        let place = Place::new();
        let build = place.dir("build", &[("a", b"")]);
        symlink(target, build.join("link")).unwrap();
        assert_eq!(code(&place), rule, "{target}");
    }
    let place = Place::new();
    let build = place.dir("build", &[("a", b"")]);
    let _listener = std::os::unix::net::UnixListener::bind(build.join("socket")).unwrap();
    assert_eq!(code(&place), "UNT-SPECIAL");
}

#[test]
fn a_manifest_is_written_whole_and_read_back() {
    let place = Place::new();
    let build = place.dir("build", &[("a", b"a")]);
    let (manifest, file) = (scanned(&build), place.path("manifest"));
    write_manifest(&file, &manifest).unwrap();
    assert_eq!(read_manifest(&file, &ScanOptions::default()).unwrap(), manifest);
    assert_eq!(read_manifest(&build, &ScanOptions::default()).unwrap(), manifest);
    fs::write(&file, b"no manifest").unwrap();
    assert!(matches!(read_manifest(&file, &ScanOptions::default()), Err(Error::Document { .. })));
}
