//! An open file.

use std::io::ErrorKind::{AlreadyExists, InvalidInput, IsADirectory, NotFound, UnexpectedEof, Unsupported};

use untorn_fs::{FileKind, Fs, OpenMode, Permissions};

use super::{get, kind, named_checks, put, same};

named_checks![
    a_new_file_is_empty_and_has_the_executable_bit_that_was_asked_for,
    a_new_file_never_takes_a_taken_name,
    a_file_that_is_not_there_is_not_opened,
    a_directory_is_not_opened_as_a_file,
    reads_and_writes_are_positioned,
    a_read_ends_at_the_end,
    an_exact_read_past_the_end_says_so,
    a_write_behind_the_end_leaves_zeros_between,
    nothing_is_written_by_an_empty_write,
    a_file_opened_to_read_is_not_written,
    a_file_is_cut_and_extended_with_zeros,
    an_absurd_offset_is_an_error,
    allocating_changes_neither_length_nor_bytes,
    metadata_is_the_same_by_name_and_by_handle,
    permissions_are_set_without_special_bits,
    a_change_shows_in_the_time_of_change,
    an_open_file_outlives_its_name,
    two_handles_see_the_same_bytes,
];

fn a_new_file_is_empty_and_has_the_executable_bit_that_was_asked_for(fs: &dyn Fs) {
    for (path, executable) in [("plain", false), ("program", true)] {
        let metadata = fs.open(path, OpenMode::CreateNew { executable }).unwrap().metadata().unwrap();
        same((metadata.kind, metadata.len, metadata.links), (FileKind::File, 0, 1));
        if cfg!(unix) {
            same(metadata.permissions.executable(), executable);
        }
    }
}

fn a_new_file_never_takes_a_taken_name(fs: &dyn Fs) {
    put(fs, "file", b"first");
    fs.create_dir("dir", None).unwrap();
    for taken in ["file", "dir"] {
        same(kind(fs.open(taken, OpenMode::CreateNew { executable: false })), AlreadyExists);
    }
    same(get(fs, "file"), b"first".to_vec());
}

fn a_file_that_is_not_there_is_not_opened(fs: &dyn Fs) {
    same(kind(fs.open("none", OpenMode::Read)), NotFound);
    same(kind(fs.open("none", OpenMode::Write)), NotFound);
    same(kind(fs.open("none/file", OpenMode::CreateNew { executable: false })), NotFound);
}

fn a_directory_is_not_opened_as_a_file(fs: &dyn Fs) {
    fs.create_dir("dir", None).unwrap();
    same(kind(fs.open("dir", OpenMode::Read)), IsADirectory);
    same(kind(fs.open("dir", OpenMode::Write)), IsADirectory);
}

fn reads_and_writes_are_positioned(fs: &dyn Fs) {
    let file = put(fs, "f", b"0123456789");
    file.write_all_at(b"ab", 3).unwrap();
    let mut buf = [0; 4];
    file.read_exact_at(&mut buf, 2).unwrap();
    same(&buf, b"2ab5");
    same(get(fs, "f"), b"012ab56789".to_vec());
}

fn a_read_ends_at_the_end(fs: &dyn Fs) {
    let file = put(fs, "f", b"0123456789");
    let mut buf = [0; 4];
    same(file.read_at(&mut buf, 8).unwrap(), 2);
    same((file.read_at(&mut buf, 10).unwrap(), file.read_at(&mut buf, 99).unwrap()), (0, 0));
    same(file.read_at(&mut [], 0).unwrap(), 0);
}

fn an_exact_read_past_the_end_says_so(fs: &dyn Fs) {
    same(kind(put(fs, "f", b"abc").read_exact_at(&mut [0; 4], 0)), UnexpectedEof);
}

fn a_write_behind_the_end_leaves_zeros_between(fs: &dyn Fs) {
    put(fs, "f", b"a").write_all_at(b"z", 1000).unwrap();
    let bytes = get(fs, "f");
    same((bytes.len(), bytes[0], bytes[1000]), (1001, b'a', b'z'));
    assert!(bytes[1..1000].iter().all(|&byte| byte == 0));
}

fn nothing_is_written_by_an_empty_write(fs: &dyn Fs) {
    same(put(fs, "f", b"abc").write_at(&[], 10).unwrap(), 0);
    same(get(fs, "f"), b"abc".to_vec());
}

fn a_file_opened_to_read_is_not_written(fs: &dyn Fs) {
    put(fs, "f", b"abc");
    let file = fs.open("f", OpenMode::Read).unwrap();
    assert!(file.write_at(b"x", 0).is_err() && file.set_len(0).is_err());
    same(get(fs, "f"), b"abc".to_vec());
}

fn a_file_is_cut_and_extended_with_zeros(fs: &dyn Fs) {
    let file = put(fs, "f", b"abc");
    file.set_len(1).unwrap();
    same(get(fs, "f"), b"a".to_vec());
    file.set_len(3).unwrap();
    same(get(fs, "f"), b"a\0\0".to_vec());
    file.set_len(0).unwrap();
    same(fs.metadata("f").unwrap().len, 0);
}

fn an_absurd_offset_is_an_error(fs: &dyn Fs) {
    let file = put(fs, "f", b"abc");
    if cfg!(unix) {
        same(kind(file.write_at(b"x", u64::MAX)), InvalidInput);
        same(kind(file.read_at(&mut [0], u64::MAX)), InvalidInput);
        same(kind(file.set_len(u64::MAX)), InvalidInput);
    }
    assert!(file.allocate(u64::MAX, 1).is_err());
    same(get(fs, "f"), b"abc".to_vec());
}

fn allocating_changes_neither_length_nor_bytes(fs: &dyn Fs) {
    let file = put(fs, "f", b"abc");
    let allocated = file.allocate(0, 1 << 16);
    assert!(allocated.is_ok() || kind(allocated) == Unsupported);
    same(get(fs, "f"), b"abc".to_vec());
    file.allocate(0, 0).unwrap();
    file.write_all_at(b"xyz", 5000).unwrap();
    same(fs.metadata("f").unwrap().len, 5003);
}

fn metadata_is_the_same_by_name_and_by_handle(fs: &dyn Fs) {
    let file = put(fs, "f", b"abc");
    same(file.metadata().unwrap(), fs.metadata("f").unwrap());
    same(file.metadata().unwrap().len, 3);
}

fn permissions_are_set_without_special_bits(fs: &dyn Fs) {
    let file = put(fs, "f", b"");
    let wanted = file.metadata().unwrap().permissions.with_executable(true);
    file.set_permissions(wanted).unwrap();
    if cfg!(unix) {
        same(fs.metadata("f").unwrap().permissions.executable(), true);
        file.set_permissions(Permissions::from_bits(0o6640)).unwrap();
        same(fs.metadata("f").unwrap().permissions.bits(), 0o640);
    }
}

fn a_change_shows_in_the_time_of_change(fs: &dyn Fs) {
    let file = put(fs, "f", b"one");
    let before = file.metadata().unwrap().changed;
    same(fs.metadata("f").unwrap().changed, before);
    // Real clocks stand still for up to a few milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(40));
    file.write_all_at(b"two", 0).unwrap();
    assert!(fs.metadata("f").unwrap().changed > before);
}

fn an_open_file_outlives_its_name(fs: &dyn Fs) {
    if cfg!(windows) {
        return;
    }
    let removed = put(fs, "removed", b"one");
    let replaced = put(fs, "replaced", b"two");
    put(fs, "new", b"new");
    fs.remove_file("removed").unwrap();
    fs.rename("new", "replaced").unwrap();
    for file in [&removed, &replaced] {
        file.write_all_at(b"!", 3).unwrap();
        file.sync_data().unwrap();
        same(file.metadata().unwrap().len, 4);
    }
    same(get(fs, "replaced"), b"new".to_vec());
    assert!(super::gone(fs, "removed"));
}

fn two_handles_see_the_same_bytes(fs: &dyn Fs) {
    let one = put(fs, "f", b"one");
    let two = fs.open("f", OpenMode::Read).unwrap();
    one.write_all_at(b"two!", 0).unwrap();
    let mut buf = [0; 4];
    two.read_exact_at(&mut buf, 0).unwrap();
    same(&buf, b"two!");
}
