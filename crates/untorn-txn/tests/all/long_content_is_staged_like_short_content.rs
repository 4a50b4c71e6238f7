//! Content of some MiB is hashed and written on another thread while more of it is made. What becomes of it, and of what goes wrong, is the same.

use std::{
    io::{self, ErrorKind, Read},
    sync::Arc,
};

use untorn_format::Hash;
use untorn_fs::Fs;
use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, read, write};
use untorn_txn::{Cause, Options, Recovery, Tree, TreeState};

const MIB: usize = 1 << 20;

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at as u32).wrapping_mul(0x9e37_79b9).to_le_bytes()[3]).collect()
}

fn disk() -> SimFs {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "file", b"old").unwrap();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    fs.settle();
    fs
}

/// Gives bytes in pieces of any length, then an error if there is one.
struct Pieces<'p> {
    left: &'p [u8],
    end: Option<ErrorKind>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match (self.left, self.end) {
            ([], Some(kind)) => Err(kind.into()),
            (left, _) => (&left[..left.len().min(70_001)]).read(buf).inspect(|len| self.left = &left[*len..]),
        }
    }
}

#[test]
fn whatever_its_length() {
    for len in [MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 5, 8 * MIB, 17 * MIB + 70_000] {
        for progress_len in [0, 5 << 20] {
            let (fs, content) = (disk(), bytes(len));
            let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
            let mut options = Options::default();
            options.progress_len = progress_len;
            let mut tx = tree.begin_with(options).unwrap();
            tx.replace("file", &mut Pieces { left: &content, end: None }).unwrap();
            assert_eq!(tx.staged_hash("file").unwrap(), Some(Hash::of(&content)), "{len}");
            tx.commit().unwrap();
            assert!(read(&fs, "file").unwrap() == content, "{len}");
            drop(tree);
            assert_eq!(*Tree::open_on(Arc::new(fs)).unwrap().recovery(), Recovery::Clean);
        }
    }
}

#[test]
fn a_file_in_the_redo_file_and_one_that_is_not_staged_have_no_staged_hash() {
    let fs = disk();
    let mut tree = Tree::open_on(Arc::new(fs)).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.replace("small", &mut &b"small"[..]).unwrap();
    for path in ["small", "file", "nothing"] {
        assert_eq!(tx.staged_hash(path).unwrap(), None, "{path}");
    }
}

#[test]
fn who_makes_it_may_fail() {
    for len in [0, 100_000, MIB, 2 * MIB, 5 * MIB + 3] {
        let (fs, content) = (disk(), bytes(len));
        let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
        let mut tx = tree.begin().unwrap();
        let error = tx.replace("file", &mut Pieces { left: &content, end: Some(ErrorKind::BrokenPipe) }).unwrap_err();
        assert!(matches!(error.cause(), Cause::Producer(_)), "{len}: {error}");
        assert_eq!(error.state(), TreeState::Unchanged);
        drop(tx);
        assert_eq!(read(&fs, "file").unwrap(), b"old");
        assert_eq!(fs.read_dir(".untorn/tx").unwrap().len(), 0);
    }
}

#[test]
fn and_so_may_the_disk_at_any_of_its_writes() {
    let content = bytes(5 * MIB + 3);
    for failing in 0..6 {
        let fs = disk();
        let writes = std::sync::atomic::AtomicUsize::new(0);
        let hook = HookFs::on_sim(&fs, move |call| {
            let is_ours = matches!(call.method, Method::WriteAt) && call.path.contains("/s/");
            let number = if is_ours { writes.fetch_add(1, std::sync::atomic::Ordering::Relaxed) } else { usize::MAX };
            if number == failing { Verdict::Refuse(ErrorKind::StorageFull) } else { Verdict::Pass }
        });
        let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
        let mut tx = tree.begin().unwrap();
        let error = tx.replace("file", &mut Pieces { left: &content, end: None }).unwrap_err();
        assert!(matches!(error.cause(), Cause::NoSpace { .. }), "{failing}: {error}");
        drop(tx);
        assert_eq!(read(&fs, "file").unwrap(), b"old");
    }
}
