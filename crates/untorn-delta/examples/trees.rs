//! Makes a patch between two directories and checks it, to measure sizes, times and memory.
//!
//! `trees diff OLD NEW PATCH [LEVEL] [everything]`, then `trees check OLD NEW PATCH`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a tool for measuring")]

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Instant;

use untorn_delta::{Build, Cost, Files, Options, PatchReader, Search, Way, check_replaced, diff};
use untorn_format::manifest::{Entry, Kind, Manifest};
use untorn_format::{Hasher, TreePath};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["diff", old, new, patch, ref options @ ..] => make(Path::new(old), Path::new(new), Path::new(patch), options),
        ["check", old, new, patch] => check(Path::new(old), Path::new(new), Path::new(patch)),
        _ => panic!("trees diff OLD NEW PATCH [LEVEL] [everything] | trees check OLD NEW PATCH"),
    }
}

fn make(old: &Path, new: &Path, patch: &Path, args: &[&str]) {
    let mut options = Options::default();
    if let Some(level) = args.first() {
        options.level = level.parse().unwrap();
    }
    if args.contains(&"everything") {
        options.search = Search::Everything;
    }
    let start = Instant::now();
    let (old_manifest, new_manifest) = (manifest(old), manifest(new));
    let hashed = start.elapsed();
    println!("hashing both trees: {:.2} s, peak {} MiB", hashed.as_secs_f32(), peak_mib());
    let (old, new) = (Dir::new(old), Dir::new(new));
    let mut spool =
        File::options().read(true).write(true).create(true).truncate(true).open(patch.with_extension("spool")).unwrap();
    let mut out = BufWriter::new(File::create(patch).unwrap());
    let mut last = "";
    let mut phase_start = Instant::now();
    let start = Instant::now();
    let report = diff(
        Build { manifest: &old_manifest, files: &old },
        Build { manifest: &new_manifest, files: &new },
        &options,
        &mut spool,
        &mut out,
        &mut |progress| {
            let name = match progress {
                untorn_delta::Progress::Compared { .. } => "compare",
                untorn_delta::Progress::Searched { .. } => "search",
                _ => "compress",
            };
            if name != last {
                println!("  before the first step of {name}: {:.2} s", phase_start.elapsed().as_secs_f32());
                (last, phase_start) = (name, Instant::now());
            }
        },
    )
    .unwrap();
    println!("  {last}: {:.2} s", phase_start.elapsed().as_secs_f32());
    println!("diff: {:.2} s, peak {} MiB", start.elapsed().as_secs_f32(), peak_mib());
    println!("{report:?}");
    fs::remove_file(patch.with_extension("spool")).unwrap();
}

fn check(old: &Path, new: &Path, patch: &Path) {
    let (old_manifest, new_manifest) = (manifest(old), manifest(new));
    println!("hashing both trees: peak {} MiB", peak_mib());
    let old = Dir::new(old);
    let start = Instant::now();
    let mut reader = PatchReader::new(BufReader::new(File::open(patch).unwrap())).unwrap();
    let mut before = Vec::new();
    let new_dir = Dir::new(new);
    let (mut in_place, mut whole, mut buf) = (0, 0, Vec::new());
    for change in reader.index().changes().as_slice() {
        before.extend(check_replaced(change, &old).unwrap());
    }
    assert_eq!(untorn_format::patch::Sums::of(before, []).before, reader.index().sums().before);
    while let Some(change) = reader.peek_file() {
        let cost = Cost::of(change).unwrap();
        in_place += cost.in_place_len;
        whole += cost.whole_len;
        let way = if cost.in_place_len < cost.whole_len { Way::InPlace } else { Way::Whole };
        let mut file = reader.next_file(&old, way).unwrap();
        let path = file.change().path.clone();
        while let Some(piece) = file.next_piece().unwrap_or_else(|error| panic!("{path}: {error}")) {
            buf.resize(piece.bytes.len(), 0);
            read_all(&new_dir, &path, &mut buf, piece.at);
            assert!(buf == piece.bytes, "{path} at {}", piece.at);
        }
    }
    let finished = reader.finish().unwrap();
    assert_eq!(finished.index.changes().apply_to(&old_manifest, &finished.made).unwrap(), new_manifest);
    println!("apply and compare: {:.2} s, peak {} MiB", start.elapsed().as_secs_f32(), peak_mib());
    println!("bytes to write: in place {in_place}, whole {whole}");
}

fn read_all(dir: &Dir, path: &TreePath, mut buf: &mut [u8], mut at: u64) {
    while !buf.is_empty() {
        let len = dir.read_at(path, buf, at).unwrap();
        assert!(len > 0);
        buf = &mut buf[len..];
        at += len as u64;
    }
}

/// A directory that keeps the last few files open.
struct Dir {
    root: PathBuf,
    open: RefCell<Vec<(TreePath, File)>>,
}

impl Dir {
    fn new(root: &Path) -> Self {
        Self { root: root.into(), open: RefCell::default() }
    }
}

impl Files for Dir {
    fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut open = self.open.borrow_mut();
        let found = open.iter().position(|(name, _)| name == path);
        let mut entry = match found {
            Some(number) => open.remove(number),
            None => (path.clone(), File::open(self.root.join(path.as_str()))?),
        };
        let read = entry.1.seek(SeekFrom::Start(offset)).and_then(|_| entry.1.read(buf));
        open.push(entry);
        if open.len() > 12 {
            open.remove(0);
        }
        read
    }
}

fn manifest(root: &Path) -> Manifest {
    let mut entries = Vec::new();
    walk(root, "", &mut entries);
    Manifest::new(entries).unwrap()
}

fn walk(root: &Path, below: &str, entries: &mut Vec<Entry>) {
    for found in fs::read_dir(root.join(below)).unwrap() {
        let found = found.unwrap();
        let name = found.file_name().into_string().unwrap();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        let metadata = found.metadata().unwrap();
        let kind = if metadata.is_symlink() {
            Kind::Symlink { target: fs::read_link(found.path()).unwrap().to_str().unwrap().into() }
        } else if metadata.is_dir() {
            Kind::Dir
        } else {
            file_kind(&found.path(), &metadata)
        };
        let Ok(tree_path) = TreePath::new(&path) else {
            println!("left out: {path}");
            continue;
        };
        let is_dir = kind == Kind::Dir;
        entries.push(Entry { path: tree_path, kind });
        if is_dir {
            walk(root, &path, entries);
        }
    }
}

fn file_kind(path: &Path, metadata: &fs::Metadata) -> Kind {
    let (mut file, mut hasher, mut buf) = (File::open(path).unwrap(), Hasher::new(), vec![0; 1 << 20]);
    loop {
        let len = file.read(&mut buf).unwrap();
        if len == 0 {
            break;
        }
        hasher.update(&buf[..len]);
    }
    Kind::File { len: metadata.len(), hash: hasher.finish(), executable: is_executable(metadata) }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &fs::Metadata) -> bool {
    false
}

fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
