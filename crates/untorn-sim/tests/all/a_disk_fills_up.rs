//! Space: what is written, reserved and named counts, what is removed comes back.

use std::io::ErrorKind::StorageFull;

use untorn_fs::{Fs, OpenMode};
use untorn_sim::{Sampling, SimFs, SimOptions, read, write};

fn disk(options: SimOptions) -> SimFs {
    SimFs::new(SimOptions { capacity: Some(1000), ..options })
}

fn available(fs: &SimFs) -> u64 {
    fs.space().unwrap().available
}

#[test]
fn a_write_takes_what_fits_and_then_fails() {
    let fs = disk(SimOptions::strict());
    let file = fs.open("f", OpenMode::CreateNew { executable: false }).unwrap();
    assert_eq!(file.write_at(&[1; 1500], 0).unwrap(), 1000);
    assert_eq!(file.write_at(&[1; 500], 1000).unwrap_err().kind(), StorageFull);
    assert_eq!(file.write_at(&[2; 500], 0).unwrap(), 500, "overwriting needs no space here");
    assert_eq!((available(&fs), fs.metadata("f").unwrap().len), (0, 1000));
}

#[test]
fn space_comes_back_when_the_last_name_goes() {
    let fs = disk(SimOptions::strict());
    write(&fs, "f", &[1; 600]).unwrap();
    fs.hard_link("f", "g").unwrap();
    fs.remove_file("f").unwrap();
    assert_eq!(available(&fs), 400);
    write(&fs, "h", &[1; 100]).unwrap();
    fs.rename("h", "g").unwrap();
    assert_eq!(available(&fs), 900);
    fs.open("g", OpenMode::Write).unwrap().set_len(10).unwrap();
    assert_eq!(available(&fs), 990);
}

#[test]
fn reserved_space_is_kept_for_its_file() {
    let fs = disk(SimOptions::strict());
    let file = fs.open("f", OpenMode::CreateNew { executable: false }).unwrap();
    assert_eq!(file.allocate(0, 1001).unwrap_err().kind(), StorageFull);
    file.allocate(0, 900).unwrap();
    assert_eq!(write(&fs, "g", &[1; 101]).unwrap_err().kind(), StorageFull);
    fs.remove_file("g").unwrap();
    write(&fs, "h", &[1; 100]).unwrap();
    file.write_all_at(&[1; 900], 0).unwrap();
    assert_eq!(available(&fs), 0);
}

#[test]
fn cutting_a_file_gives_back_what_was_reserved_behind_its_end() {
    let fs = disk(SimOptions::strict());
    write(&fs, "f", &[1; 500]).unwrap();
    let file = fs.open("f", OpenMode::Write).unwrap();
    file.allocate(0, 900).unwrap();
    assert_eq!(available(&fs), 100);
    file.set_len(200).unwrap();
    assert_eq!(available(&fs), 800);
}

#[test]
fn names_can_cost_space_and_be_limited() {
    let fs = disk(SimOptions { bytes_per_name: 300, ..SimOptions::strict() });
    for name in ["a", "b", "c"] {
        fs.create_dir(name, None).unwrap();
    }
    assert_eq!(fs.create_dir("d", None).unwrap_err().kind(), StorageFull);
    fs.rename("a", "d").unwrap();
    fs.exchange("b", "c").unwrap();
    assert_eq!(available(&fs), 100, "moving names costs nothing");
    let fs = SimFs::new(SimOptions { names_max: Some(1), ..SimOptions::strict() });
    fs.create_dir("a", None).unwrap();
    assert_eq!(fs.symlink("x", "b").unwrap_err().kind(), StorageFull);
    fs.remove_dir("a").unwrap();
    fs.symlink("x", "b").unwrap();
}

#[test]
fn overwriting_may_need_space() {
    let fs = disk(SimOptions::btrfs_like());
    write(&fs, "f", &[1; 800]).unwrap();
    let file = fs.open("f", OpenMode::Write).unwrap();
    assert_eq!(file.write_at(&[2; 300], 0).unwrap(), 200);
}

#[test]
fn after_a_crash_the_space_is_that_of_what_is_left() {
    let fs = disk(SimOptions::strict());
    write(&fs, "f", &[1; 600]).unwrap();
    fs.settle();
    fs.remove_file("f").unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for state in fs.recording().crashes(&Sampling::default()) {
        let after = state.fs();
        seen.insert((read(&after, "f").is_ok(), available(&after)));
    }
    assert_eq!(seen, [(false, 1000), (true, 400)].into());
}
