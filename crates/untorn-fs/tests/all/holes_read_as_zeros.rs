//! What is in a hole is zeros, whether or not it is read from the disk, up to the byte where data begins, and to the end of the file.

use untorn_fs::{Fs, OpenMode, OsFs};

#[test]
fn a_file_of_holes_is_read_as_it_would_be_without_them() {
    let dir = tempfile::tempdir().unwrap();
    let (sparse, dense) = (dir.path().join("sparse"), dir.path().join("dense"));
    let len = (5 << 20) + 77;
    let mut bytes = vec![0; len];
    for (at, count) in [(1_000_000, 5000), (3 << 20, 1), ((4 << 20) - 1, 70_000)] {
        bytes[at..at + count].fill(7);
    }
    let file = std::fs::File::create(&sparse).unwrap();
    file.set_len(len as u64).unwrap();
    let fs = OsFs::open(dir.path()).unwrap();
    let writing = fs.open("sparse", OpenMode::Write).unwrap();
    for (at, count) in [(1_000_000, 5000), (3 << 20, 1), ((4 << 20) - 1, 70_000)] {
        writing.write_all_at(&bytes[at..at + count], at as u64).unwrap();
    }
    std::fs::write(&dense, &bytes).unwrap();
    for name in ["sparse", "dense"] {
        let file = fs.open(name, OpenMode::Read).unwrap();
        for piece in [10_000, 100_000, 1 << 20, 6 << 20] {
            let (mut found, mut buf) = (Vec::new(), vec![9; piece]);
            while let Ok(n @ 1..) = file.read_at(&mut buf, found.len() as u64) {
                found.extend_from_slice(&buf[..n]);
            }
            assert!(found == bytes, "{name}, {piece} at a time");
        }
        assert_eq!(file.read_at(&mut [0; 100_000], len as u64).unwrap(), 0);
        assert_eq!(file.read_at(&mut [0; 100_000], len as u64 + 4096).unwrap(), 0);
    }
    // What is written later through another handle is seen.
    let reading = fs.open("sparse", OpenMode::Read).unwrap();
    writing.write_all_at(&[3; 100], 500_000).unwrap();
    let mut buf = vec![0; 100_000];
    reading.read_exact_at(&mut buf, 450_000).unwrap();
    assert_eq!(buf[50_000..50_100], [3; 100]);
}
