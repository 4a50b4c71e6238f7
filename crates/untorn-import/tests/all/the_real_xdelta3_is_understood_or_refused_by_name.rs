//! Deltas that the real xdelta3 makes now: read with each way of compressing that is understood, refused by the name of any other; and no other old file, and no delta that is cut off, changes anything.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use untorn::Hash;
use untorn_import::{Error, ImportOptions};

use crate::util::{Game, PATH, new, old};

/// `xdelta3 -e` with these options, from the old file to the new one; `None` where there is no such program.
fn delta(game: &Game, options: &[&str]) -> Option<PathBuf> {
    fs::write(game.path("old"), old()).unwrap();
    encode(game, options, "old", "new")
}

fn encode(game: &Game, options: &[&str], old: &str, new: &str) -> Option<PathBuf> {
    let (work, to) = (game.path(""), game.path("delta"));
    let mut command = Command::new("xdelta3");
    command.current_dir(work).args(["-f", "-e"]).args(options).args(["-s", old, new, "delta"]);
    match command.stdin(Stdio::null()).stderr(Stdio::null()).status() {
        Err(_) => {
            eprintln!("SKIPPED: no program `xdelta3` here; `apt-get install xdelta3`");
            None
        }
        Ok(status) => {
            assert!(status.success(), "{options:?}");
            Some(to)
        }
    }
}

fn hashed(old_hash: Option<&[u8]>, new_hash: Option<&[u8]>) -> ImportOptions {
    let mut options = ImportOptions::default();
    (options.old_hash, options.new_hash) = (old_hash.map(Hash::of), new_hash.map(Hash::of));
    options
}

fn refused(game: &Game, delta: &Path, options: &ImportOptions) -> (&'static str, String) {
    let before = fs::read(game.file()).unwrap();
    let error = game.import(delta, options).unwrap_err();
    assert!(!matches!(error, Error::Tree(_)), "{error}");
    assert!(fs::read(game.file()).unwrap() == before, "{error}");
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    (error.code(), error.to_string())
}

#[test]
fn with_and_without_compression_in_one_window_and_in_many() {
    for options in
        [&["-S", "lzma"][..], &["-S", "none"], &["-9"], &["-1", "-S", "none", "-W", "16384"], &["-A", "-W", "16384"], &["-N"]]
    {
        let game = Game::new();
        let Some(delta) = delta(&game, options) else { return };
        game.import(&delta, &ImportOptions::default()).unwrap_or_else(|error| panic!("{options:?}: {error}"));
        assert!(game.is_new(), "{options:?}");
    }
}

#[test]
fn another_old_file_is_named_and_so_is_what_the_delta_calls_the_right_one() {
    let game = Game::new();
    let Some(delta) = delta(&game, &[]) else { return };
    let mut other = old();
    other[25_000] ^= 1;
    fs::write(game.file(), &other).unwrap();
    let (code, text) = refused(&game, &delta, &ImportOptions::default());
    assert_eq!(code, "UNT-IMPORT-OTHER");
    assert!(text.starts_with(&format!("{PATH}: it is not the file that the delta starts from, which it calls old;")), "{text}");
    // Nor one that is as long, or too short, or not there.
    for other in [vec![0; old().len()], old()[..1000].to_vec(), Vec::new()] {
        fs::write(game.file(), &other).unwrap();
        assert_eq!(refused(&game, &delta, &ImportOptions::default()).0, "UNT-IMPORT-OTHER");
    }
}

#[test]
fn without_checksums_somebody_must_name_a_hash() {
    let game = Game::new();
    let Some(delta) = delta(&game, &["-n"]) else { return };
    let (code, text) = refused(&game, &delta, &ImportOptions::default());
    assert!(code == "UNT-IMPORT-UNCHECKED" && text.starts_with(PATH) && text.contains("xdelta3 -n"), "{text}");
    let mut other = old();
    other[25_000] ^= 1;
    fs::write(game.file(), &other).unwrap();
    for options in [hashed(Some(&old()), None), hashed(None, Some(&new()))] {
        let (code, text) = refused(&game, &delta, &options);
        assert!(code == "UNT-IMPORT-OTHER" && text.starts_with(PATH) && text.contains("-hash"), "{text}");
    }
    for options in [hashed(Some(&old()), None), hashed(None, Some(&new())), hashed(Some(&old()), Some(&new()))] {
        fs::write(game.file(), old()).unwrap();
        game.import(&delta, &options).unwrap();
        assert!(game.is_new());
    }
    // A file that is not there is none, not one without bytes.
    fs::remove_file(game.file()).unwrap();
    let error = game.import(&delta, &hashed(Some(&[]), None)).unwrap_err();
    assert!(error.code() == "UNT-IMPORT-OTHER" && error.to_string().contains("--old-hash"), "{error}");
}

#[test]
fn what_is_cut_off_is_refused_wherever() {
    let game = Game::new();
    let mut edited = old();
    (0..4).for_each(|window| edited[window * 15_000] ^= 1);
    fs::write(game.path("old"), old()).unwrap();
    fs::write(game.path("edited"), &edited).unwrap();
    let Some(delta) = encode(&game, &["-S", "none", "-W", "16384"], "old", "edited") else { return };
    let whole = fs::read(&delta).unwrap();
    let mut shorter = 0;
    for len in 0..whole.len() {
        fs::write(&delta, &whole[..len]).unwrap();
        match refused(&game, &delta, &hashed(None, Some(&edited))).0 {
            "UNT-IMPORT-KIND" => {}
            // Between two windows it is a delta of a shorter file to anybody who does not know better.
            code => shorter += usize::from(code == "UNT-IMPORT-OTHER"),
        }
    }
    assert_eq!(shorter, 3, "of four windows three are followed by one");
}

#[test]
fn other_compressions_are_refused_by_name() {
    for (options, name) in [(&["-S", "djw"][..], "DJW"), (&["-S", "fgk"], "FGK")] {
        let game = Game::new();
        let Some(delta) = delta(&game, options) else { return };
        let (code, text) = refused(&game, &delta, &ImportOptions::default());
        assert!(code == "UNT-IMPORT-KIND" && text.contains(name) && text.contains("-S lzma"), "{text}");
    }
}

#[test]
fn a_delta_of_what_compressed_files_hold_is_refused() {
    let game = Game::new();
    fs::write(game.path("old"), old()).unwrap();
    for name in ["old", "new"] {
        if !Command::new("gzip").arg("-k").arg(game.path(name)).status().is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: no program `gzip` here");
            return;
        }
    }
    let Some(packed) = encode(&game, &[], "old.gz", "new.gz") else { return };
    let (code, text) = refused(&game, &packed, &ImportOptions::default());
    assert!(code == "UNT-IMPORT-KIND" && text.contains("xdelta3 -D"), "{text}");
    let new = fs::read(game.path("new.gz")).unwrap();
    fs::copy(game.path("old.gz"), game.file()).unwrap();
    let as_they_are = encode(&game, &["-D"], "old.gz", "new.gz").unwrap();
    game.import(&as_they_are, &ImportOptions::default()).unwrap();
    assert!(fs::read(game.file()).unwrap() == new);
}
