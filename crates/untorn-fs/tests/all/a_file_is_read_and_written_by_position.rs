//! An open file: bytes, length, reserved space, permissions.

use std::io;

use crate::util::{both, get, kind, put};
use untorn_fs::{FileKind, Fs, OpenMode};

#[test]
fn reading_and_writing_need_no_cursor() {
    both(|fs, _| {
        let file = put(fs, "f", b"0123456789");
        let mut buf = [0; 4];
        assert_eq!(file.read_at(&mut buf, 6).unwrap(), 4);
        assert_eq!(&buf, b"6789");
        assert_eq!(file.read_at(&mut buf, 8).unwrap(), 2);
        assert_eq!((file.read_at(&mut buf, 10).unwrap(), file.read_at(&mut buf, 99).unwrap()), (0, 0));
        file.write_all_at(b"ab", 3).unwrap();
        assert_eq!(get(fs, "f"), b"012ab56789");
        assert_eq!(kind(file.read_exact_at(&mut buf, 8)), io::ErrorKind::UnexpectedEof);
        assert_eq!((file.write_at(b"", 3).unwrap(), file.read_at(&mut [], 3).unwrap()), (0, 0));
    });
}

#[test]
fn writing_behind_the_end_fills_with_zeros() {
    both(|fs, _| {
        let file = put(fs, "f", b"a");
        file.write_all_at(b"z", 3).unwrap();
        assert_eq!(get(fs, "f"), b"a\0\0z");
    });
}

#[test]
fn a_file_opened_to_read_cannot_be_written() {
    both(|fs, _| {
        put(fs, "f", b"a");
        let file = fs.open("f", OpenMode::Read).unwrap();
        assert!(file.write_at(b"b", 0).is_err() && file.set_len(0).is_err());
        assert_eq!(get(fs, "f"), b"a");
    });
}

#[test]
fn the_length_is_cut_and_extended_with_zeros() {
    both(|fs, _| {
        let file = put(fs, "f", b"abc");
        file.set_len(1).unwrap();
        file.set_len(3).unwrap();
        assert_eq!(get(fs, "f"), b"a\0\0");
        assert_eq!(fs.metadata("f").unwrap().len, 3);
    });
}

#[test]
#[cfg(unix)]
fn an_absurd_offset_is_an_error() {
    both(|fs, _| {
        let file = put(fs, "f", b"abc");
        assert_eq!(kind(file.write_at(b"x", u64::MAX)), io::ErrorKind::InvalidInput);
        assert_eq!(kind(file.read_at(&mut [0], u64::MAX)), io::ErrorKind::InvalidInput);
        assert_eq!(kind(file.set_len(u64::MAX)), io::ErrorKind::InvalidInput);
        assert!(file.allocate(u64::MAX, 1).is_err());
        assert_eq!(get(fs, "f"), b"abc");
    });
}

#[test]
fn reserving_space_changes_neither_length_nor_bytes() {
    both(|fs, _| {
        let file = put(fs, "f", b"abc");
        match file.allocate(0, 1 << 20) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::Unsupported => return eprintln!("skipped: space cannot be reserved here"),
            Err(e) => panic!("{e}"),
        }
        file.allocate(0, 0).unwrap();
        assert_eq!(get(fs, "f"), b"abc");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn reserved_space_is_taken_from_the_disk() {
    use std::os::unix::fs::MetadataExt;
    both(|fs, root| {
        let file = put(fs, "f", b"abc");
        if file.allocate(0, 1 << 20).is_err_and(|e| e.kind() == io::ErrorKind::Unsupported) {
            return eprintln!("skipped: space cannot be reserved here");
        }
        assert!(std::fs::metadata(root.join("f")).unwrap().blocks() * 512 >= 1 << 20);
    });
}

#[test]
#[cfg(unix)]
fn permissions_are_set_without_special_bits() {
    both(|fs, _| {
        let file = put(fs, "f", b"");
        for (wanted, got) in [(0o600, 0o600), (0o777, 0o777), (0o6755, 0o755), (0o1644, 0o644)] {
            file.set_permissions(untorn_fs::Permissions::from_bits(wanted)).unwrap();
            assert_eq!(file.metadata().unwrap().permissions.bits(), got, "{wanted:o}");
            file.sync_data().unwrap();
        }
    });
}

#[test]
#[cfg(unix)]
fn a_file_starts_out_executable_when_asked() {
    both(|fs, _| {
        for executable in [false, true] {
            let file = fs.open("f", OpenMode::CreateNew { executable }).unwrap();
            assert_eq!(file.metadata().unwrap().permissions.executable(), executable);
            fs.remove_file("f").unwrap();
        }
    });
}

#[test]
fn an_open_file_stays_the_same_file_whatever_happens_to_its_name() {
    both(|fs, _| {
        let file = put(fs, "f", b"old");
        put(fs, "g", b"new!");
        if cfg!(unix) {
            fs.rename("g", "f").unwrap();
        }
        let metadata = file.metadata().unwrap();
        assert_eq!((metadata.kind, metadata.len), (FileKind::File, 3));
        file.write_all_at(b"OLD", 0).unwrap();
        file.sync_data().unwrap();
        let mut buf = [0; 3];
        file.read_exact_at(&mut buf, 0).unwrap();
        assert_eq!(&buf, b"OLD");
    });
}

#[test]
fn handles_can_be_shared_between_threads() {
    both(|fs, _| {
        let file = put(fs, "f", b"");
        std::thread::scope(|scope| {
            for n in 0..4_u8 {
                let file = &file;
                scope.spawn(move || (0..100).for_each(|i| file.write_all_at(&[n], i * 4 + u64::from(n)).unwrap()));
            }
        });
        assert_eq!(get(fs, "f"), [0, 1, 2, 3].repeat(100));
    });
}
