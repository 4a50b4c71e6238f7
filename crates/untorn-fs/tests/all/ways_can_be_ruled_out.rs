//! Promises can be taken away, to try what callers do on a poorer file system; none can be added.

use std::io::ErrorKind::Unsupported;

use crate::util::{kind, put};
use untorn_fs::{Capabilities, Fs, OsFs};

const NOTHING: Capabilities = Capabilities {
    atomic_rename: false,
    hard_links: false,
    exchange: false,
    reflink: false,
    overwrite_allocates: true,
    sync_all: false,
    in_place: false,
    write_out: false,
    executable_bit: false,
};

const EVERYTHING: Capabilities = Capabilities {
    atomic_rename: true,
    hard_links: true,
    exchange: true,
    reflink: true,
    overwrite_allocates: false,
    sync_all: true,
    in_place: true,
    write_out: true,
    executable_bit: true,
};

#[test]
fn a_way_ruled_out_is_unsupported() {
    let dir = tempfile::tempdir().unwrap();
    let fs = OsFs::open(dir.path()).unwrap().with_capabilities(NOTHING);
    put(&fs, "a", b"");
    put(&fs, "b", b"");
    assert_eq!(fs.capabilities(), NOTHING);
    assert_eq!(kind(fs.hard_link("a", "c")), Unsupported);
    assert_eq!(kind(fs.exchange("a", "b")), Unsupported);
    assert_eq!(kind(fs.clone_file("a", "c")), Unsupported);
    assert_eq!(kind(fs.sync_handle().map(drop)), Unsupported);
    fs.rename("a", "b").unwrap();
}

#[test]
fn no_promise_is_added() {
    let dir = tempfile::tempdir().unwrap();
    let real = OsFs::open(dir.path()).unwrap().capabilities();
    assert_eq!(OsFs::open(dir.path()).unwrap().with_capabilities(EVERYTHING).capabilities(), real);
    let ruled_out = OsFs::open(dir.path()).unwrap().with_capabilities(NOTHING);
    assert_eq!(ruled_out.with_capabilities(EVERYTHING).capabilities(), NOTHING);
}
