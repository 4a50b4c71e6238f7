//! Syncs: here only that they succeed on what can be synced; what they are worth is for crashes to show.

use std::io::ErrorKind::{NotADirectory, NotFound, Unsupported};

use untorn_fs::{Fs, OpenMode};

use super::{kind, named_checks, put, same};

named_checks![
    a_file_is_synced_through_any_handle,
    what_is_written_out_is_synced_with_any_file,
    a_directory_is_synced,
    everything_is_synced_or_the_system_cannot,
];

fn a_file_is_synced_through_any_handle(fs: &dyn Fs) {
    let file = put(fs, "f", b"f");
    file.sync_data().unwrap();
    file.sync_data().unwrap();
    fs.open("f", OpenMode::Read).unwrap().sync_data().unwrap();
}

fn what_is_written_out_is_synced_with_any_file(fs: &dyn Fs) {
    fs.create_dir("d", None).unwrap();
    put(fs, "d/a", b"a").write_out().unwrap();
    fs.write_out_dir("d").unwrap();
    fs.write_out_dir("").unwrap();
    put(fs, "b", b"b").sync().unwrap();
    same(kind(fs.write_out_dir("none")), NotFound);
    same(kind(fs.write_out_dir("b")), NotADirectory);
}

fn a_directory_is_synced(fs: &dyn Fs) {
    fs.create_dir("d", None).unwrap();
    put(fs, "d/f", b"f");
    fs.sync_dir("").unwrap();
    fs.sync_dir("d").unwrap();
    same(kind(fs.sync_dir("none")), NotFound);
    same(kind(fs.sync_dir("d/f")), NotADirectory);
}

fn everything_is_synced_or_the_system_cannot(fs: &dyn Fs) {
    if !fs.capabilities().sync_all {
        return same(kind(fs.sync_handle().map(drop)), Unsupported);
    }
    let handle = fs.sync_handle().unwrap();
    put(fs, "f", b"f");
    handle.sync_all().unwrap();
    handle.sync_all().unwrap();
}
