//! Pipes, sockets, devices and directories are refused, and none of them makes the caller wait.
#![cfg(target_os = "linux")]

use std::{io, os::unix::net::UnixListener, path::Path, sync::mpsc, thread, time::Duration};

use crate::util::{both, kind, put};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use untorn_fs::{FileKind, Fs, LockKind, OpenMode, OsFs};

#[test]
fn a_pipe_is_refused_without_waiting_for_its_other_end() {
    both(|fs, root| {
        mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        within_seconds(|| {
            for mode in [OpenMode::Read, OpenMode::Write] {
                assert_eq!(kind(fs.open("pipe", mode)), io::ErrorKind::InvalidInput, "{mode:?}");
            }
            assert_eq!(kind(fs.lock("pipe", LockKind::Exclusive, true).map(drop)), io::ErrorKind::InvalidInput);
        });
        assert_eq!(fs.metadata("pipe").unwrap().kind, FileKind::Other);
        assert_eq!(kind(fs.read_dir("pipe")), io::ErrorKind::NotADirectory);
    });
}

#[test]
fn a_socket_is_refused() {
    both(|fs, root| {
        let _listener = UnixListener::bind(root.join("socket")).unwrap();
        for mode in [OpenMode::Read, OpenMode::Write] {
            assert_eq!(kind(fs.open("socket", mode)), io::ErrorKind::InvalidInput, "{mode:?}");
        }
        assert_eq!(fs.metadata("socket").unwrap().kind, FileKind::Other);
    });
}

#[test]
fn a_device_is_refused() {
    for fs in [OsFs::open(Path::new("/dev")).unwrap(), OsFs::open(Path::new("/dev")).unwrap().resolving_stepwise()] {
        if fs.metadata("null").is_err() {
            eprintln!("skipped: no /dev/null on the file system of /dev");
            return;
        }
        assert_eq!(fs.metadata("null").unwrap().kind, FileKind::Other);
        assert_eq!(kind(fs.open("null", OpenMode::Read)), io::ErrorKind::InvalidInput);
        assert_eq!(kind(fs.open("null", OpenMode::Write)), io::ErrorKind::InvalidInput);
    }
}

#[test]
fn a_directory_is_refused_as_a_directory() {
    both(|fs, _| {
        fs.create_dir("dir", None).unwrap();
        assert_eq!(kind(fs.open("dir", OpenMode::Read)), io::ErrorKind::IsADirectory);
        assert_eq!(kind(fs.open("dir", OpenMode::Write)), io::ErrorKind::IsADirectory);
        assert_eq!(kind(fs.open("dir", OpenMode::CreateNew { executable: false })), io::ErrorKind::AlreadyExists);
    });
}

#[test]
fn what_cannot_be_opened_can_be_renamed_replaced_and_removed() {
    both(|fs, root| {
        mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        fs.rename("pipe", "pipe2").unwrap();
        put(fs, "f", b"file");
        fs.rename("f", "pipe2").unwrap();
        assert!(fs.metadata("pipe2").unwrap().is_file());
        mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        fs.remove_file("pipe").unwrap();
        assert_eq!(kind(fs.metadata("pipe")), io::ErrorKind::NotFound);
    });
}

/// Fails, rather than hangs, when `act` waits.
fn within_seconds(act: impl FnOnce() + Send) {
    let (done, finished) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            act();
            done.send(()).unwrap();
        });
        if finished.recv_timeout(Duration::from_secs(10)) == Err(mpsc::RecvTimeoutError::Timeout) {
            // A panic would wait for the thread that waits.
            std::process::abort();
        }
    });
}
