//! Frames that are decompressed ahead, on other threads, come out in their order, each with its own error.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::programs::Source;
use crate::trees::{Node, Tree, noise, patch_with};
use untorn_delta::{Files, Options, PatchError, PatchReader, Way};
use untorn_format::{TreePath, patch::FrameKind};

/// Several frames, compressed and raw, some of them against old bytes.
fn pair() -> (Tree, Tree) {
    let half = |seed| noise(seed, 400_000).iter().map(|byte| byte & 0x0f).collect::<Vec<u8>>();
    let (mut old, mut new) = (Tree::default(), Tree::default());
    for number in 0..20_u64 {
        let name = format!("{number}");
        old = old.with(&name, [half(number), noise(number, 1000)].concat());
        new = new.with(&name, [noise(number, 1000), half(100 + number), noise(200 + number, 1_300_000)].concat());
    }
    (old, new)
}

/// Old files that threads may share.
struct Shared(BTreeMap<TreePath, Vec<u8>>);

impl Files for Shared {
    fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        bytes.get(usize::try_from(offset).unwrap()..).unwrap_or_default().read(buf)
    }
}

fn shared(tree: &Tree) -> Arc<Shared> {
    let files = tree.nodes.iter().filter_map(|(path, node)| match node {
        Node::File(bytes, _) => Some((path.clone(), bytes.clone())),
        _ => None,
    });
    Arc::new(Shared(files.collect()))
}

/// What is made with so many threads: the bytes of each file, and how it ended.
fn made(old: &Tree, patch: &[u8], threads: usize) -> (Vec<Vec<u8>>, String) {
    made_by(PatchReader::within(patch, u64::MAX, threads).unwrap(), old)
}

fn made_by(mut reader: PatchReader<&[u8]>, old: &Tree) -> (Vec<Vec<u8>>, String) {
    let mut files = Vec::new();
    while let Some(mut file) = reader.next_file(old, Way::Whole) {
        let mut bytes = Vec::new();
        loop {
            match file.next_piece() {
                Ok(Some(piece)) => bytes.extend_from_slice(piece.bytes),
                Ok(None) => break,
                Err(error) => return (files, error.to_string()),
            }
        }
        files.push(bytes);
    }
    let end = reader.finish().map_or_else(|error| error.to_string(), |_| "whole".to_owned());
    (files, end)
}

fn options() -> Options {
    let mut options = Options::default();
    options.level = 1;
    options
}

/// Frames of LZMA are read through a window of their own, so they are shorter.
#[test]
fn long_frames_are_read_in_64_mib() {
    let text = |seed| -> Vec<u8> {
        noise(seed, 666_000).iter().flat_map(|byte| format!("{:05} ", u32::from(*byte) * 311).into_bytes()).collect()
    };
    let (mut old, mut new) = (Tree::default(), Tree::default());
    for number in 0..4 {
        old = old.with(&format!("{number}.txt"), text(number));
        new = new.with(&format!("{number}.txt"), text(10 + number));
    }
    for (level, kind, frame_len) in [(5, FrameKind::Zstd, 4 * 3_996_000), (9, FrameKind::Lzma, 2 * 3_996_000)] {
        let mut options = Options::default();
        options.level = level;
        let (patch, _) = patch_with(&old, &new, &options);
        let reader = PatchReader::new(&patch[..]).unwrap();
        let longest = reader.index().frames().iter().max_by_key(|frame| frame.len).unwrap();
        assert_eq!((longest.kind, longest.len, longest.reference_len()), (kind, frame_len, frame_len), "{level}");
        assert!(reader.memory_len(1) < 64 << 20, "{level}: {}", reader.memory_len(1));
    }
}

#[test]
fn neither_the_bytes_nor_the_errors() {
    let (old, new) = pair();
    let (patch, _) = patch_with(&old, &new, &options());
    let reader = PatchReader::new(&patch[..]).unwrap();
    let frames = reader.index().frames();
    assert!(frames.len() > 2, "{}: the test needs several", frames.len());
    let frames_at = patch.len() - usize::try_from(frames.iter().map(|frame| frame.stored_len).sum::<u64>()).unwrap();
    let second = frames_at + usize::try_from(frames[0].stored_len).unwrap() + 100;
    let mut damaged = patch.clone();
    damaged[second] ^= 1;
    let last = patch.len() - 1;
    for (what, patch) in
        [("whole", &patch[..]), ("damaged", &damaged), ("cut in a frame", &patch[..second]), ("cut", &patch[..last])]
    {
        let alone = made(&old, patch, 1);
        assert_eq!(alone.1 == "whole", what == "whole", "{what}: {}", alone.1);
        for threads in [0, 2, 3, 8] {
            assert!(made(&old, patch, threads) == alone, "{what} with {threads}: {}", alone.1);
        }
    }
    assert_eq!(made(&old, &patch, 4).0.len(), 20);
}

#[test]
fn nor_what_is_skipped() {
    let (old, new) = pair();
    let (patch, _) = patch_with(&old, &new, &options());
    for threads in [1, 4] {
        let mut reader = PatchReader::within(&patch[..], u64::MAX, threads).unwrap();
        let mut number = 0;
        while let Some(mut file) = reader.next_file(&old, Way::Whole) {
            if number % 3 == 1 {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).unwrap();
                assert!(bytes == new.bytes(&file.change().path), "{threads}");
            }
            number += 1;
        }
        reader.finish().unwrap();
        // Nothing is needed, yet all of it is checked.
        let mut damaged = patch.clone();
        *damaged.last_mut().unwrap() ^= 1;
        let mut reader = PatchReader::within(&damaged[..], u64::MAX, threads).unwrap();
        let first = reader.next_file(&old, Way::Whole).unwrap().next_piece().map(|_| ());
        assert!(first.is_ok() && reader.finish().is_err(), "{threads}");
    }
}

/// Executables are searched side by side, weighed in order, and compressed, with any number of threads and as many as fit; and so is everything else.
#[test]
fn nor_the_patch_that_is_made() {
    let (mut old, mut new) = pair();
    for number in 0..5 {
        let source = Source::new(100 + 40 * number);
        let mut again = source.clone();
        again.functions.insert(3, 1000 + number);
        (old, new) = (old.with(&format!("game{number}"), source.elf()), new.with(&format!("game{number}"), again.elf()));
    }
    let made = |jobs, memory_len| {
        let mut options = options();
        (options.jobs, options.memory_len) = (jobs, memory_len);
        let (patch, report) = patch_with(&old, &new, &options);
        assert!(report.adapted_len > 0, "{report:?}");
        patch
    };
    let alone = made(1, 1 << 30);
    for (jobs, memory_len) in [(0, 1 << 30), (2, 1 << 30), (3, 1 << 30), (8, 1 << 30), (8, 2 << 20)] {
        assert!(made(jobs, memory_len) == alone, "{jobs} in {memory_len}");
    }
}

#[test]
fn and_memory_bounds_the_threads_or_refuses_the_patch() {
    let (old, new) = pair();
    let (patch, _) = patch_with(&old, &new, &options());
    let need = PatchReader::new(&patch[..]).unwrap().memory_len(1);
    assert!(need < PatchReader::new(&patch[..]).unwrap().memory_len(2));
    for limit in [0, 100, need - 1] {
        let refused = PatchReader::within(&patch[..], limit, 4).map(|_| ());
        assert!(matches!(refused, Err(PatchError::Memory { limit: said, .. }) if said == limit), "{refused:?}");
    }
    let mut reader = PatchReader::within(&patch[..], need, 4).unwrap();
    while let Some(mut file) = reader.next_file(&old, Way::Whole) {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert!(bytes == new.bytes(&file.change().path));
    }
    reader.finish().unwrap();
}

/// Executables are adapted ahead of their turn, more of them than threads; each error waits for its turn, too.
#[test]
fn nor_what_is_adapted_ahead() {
    let (mut old, mut new) = (Tree::default(), Tree::default());
    for number in 0..7_u64 {
        let source = Source { functions: (number * 1000..number * 1000 + 300).collect() };
        let mut again = source.clone();
        again.functions.insert(3, 100_000 + number);
        old = old.with(&format!("game{number}"), source.elf()).with(&format!("text{number}"), noise(number, 3000));
        new = new.with(&format!("game{number}"), again.elf()).with(&format!("text{number}"), noise(70 + number, 3000));
    }
    let (patch, report) = patch_with(&old, &new, &options());
    assert!(report.adapted_len > 250_000, "{report:?}");
    let changed = |number: u64, change: &dyn Fn(&mut Vec<u8>)| {
        let mut tree = old.clone();
        let node = tree.nodes.get_mut(&TreePath::new(&format!("game{number}")).unwrap()).unwrap();
        if let Node::File(bytes, _) = node {
            change(bytes);
        }
        tree
    };
    let short = changed(4, &|bytes| bytes.truncate(20_000));
    let other = changed(2, &|bytes| bytes[5000..20_000].fill(7));
    for (what, old, whole) in [("as it was", &old, true), ("cut", &short, false), ("other bytes", &other, false)] {
        let alone = made(old, &patch, 1);
        assert_eq!(alone.1 == "whole", whole, "{what}: {}", alone.1);
        for threads in [1, 2, 3, 8] {
            let mut reader = PatchReader::within(&patch[..], u64::MAX, threads).unwrap();
            reader.work_beside(shared(old));
            assert!(made_by(reader, old) == alone, "{what} with {threads}: {}", alone.1);
        }
    }
}

/// Files that are adapted ahead may be skipped, also when more waits of them than is held; and when the reader is gone, nobody holds an old file.
#[test]
fn nor_what_is_adapted_ahead_and_skipped() {
    let source = Source::new(60_000);
    let mut again = source.clone();
    again.functions.insert(3, 1_000_000);
    let small = Source::new(300);
    let mut small_again = small.clone();
    small_again.functions.insert(3, 1_000_000);
    let old = Tree::default().with("a", source.elf()).with("b", small.elf());
    let new = Tree::default().with("a", again.elf()).with("b", small_again.elf());
    let (patch, report) = patch_with(&old, &new, &options());
    assert!(report.adapted_len > 5 << 20, "{report:?}");
    for skips in [true, false] {
        let files = shared(&old);
        let mut reader = PatchReader::within(&patch[..], u64::MAX, 3).unwrap();
        reader.work_beside(files.clone());
        drop(reader.next_file(&old, Way::Whole));
        if skips {
            let mut bytes = Vec::new();
            reader.next_file(&old, Way::Whole).unwrap().read_to_end(&mut bytes).unwrap();
            assert!(bytes == small_again.elf());
            reader.finish().unwrap();
        } else {
            drop(reader);
        }
        assert_eq!(Arc::strong_count(&files), 1);
    }
}

/// Members are packed ahead in the same way, deflated ones and frames of zstd: the same bytes, and the same error, at the same place.
#[test]
fn nor_members_that_are_packed_ahead() {
    let deflated = crate::what_programs_deflated_becomes_the_same_again::all();
    let [before, after] = [0, 1].map(crate::what_zstd_compressed_becomes_the_same_again::tree);
    for (old, new, spoilt) in [(&deflated.0, &deflated.1, "data/7zip.zip"), (&before, &after, "base.wz")] {
        let (patch, report) = patch_with(old, new, &options());
        assert!(report.restored >= 8, "{report:?}");
        let changed = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut tree = old.clone();
            if let Node::File(bytes, _) = tree.nodes.get_mut(&TreePath::new(spoilt).unwrap()).unwrap() {
                change(bytes);
            }
            tree
        };
        let short = changed(&|bytes| bytes.truncate(2000));
        let other = changed(&|bytes| {
            let middle = bytes.len() / 2;
            bytes[middle - 800..middle + 800].fill(7);
        });
        for (what, old, whole) in [("as it was", old, true), ("cut", &short, false), ("other bytes", &other, false)] {
            let alone = made(old, &patch, 1);
            assert_eq!(alone.1 == "whole", whole, "{what}: {}", alone.1);
            for threads in [1, 2, 3, 8] {
                let files = shared(old);
                let mut reader = PatchReader::within(&patch[..], u64::MAX, threads).unwrap();
                reader.work_beside(files.clone());
                assert!(made_by(reader, old) == alone, "{what} with {threads}: {}", alone.1);
                assert_eq!(Arc::strong_count(&files), 1);
            }
        }
    }
}

/// Bytes of a patch, and how many of them were read.
struct Counted<'p>(&'p [u8], Arc<AtomicU64>);

impl Read for Counted<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.0.read(buf)?;
        self.1.fetch_add(len as u64, Relaxed);
        Ok(len)
    }
}

/// What happened: a patch of many small frames was read 64 MiB ahead, whatever the limit was that let two threads work.
#[test]
fn and_no_more_waits_than_the_reader_said_it_takes() {
    let (mut old, mut new) = (Tree::default(), Tree::default());
    for number in 0..12 {
        let bytes = noise(number, 600_000);
        new = new.with(&format!("{number}"), [&bytes[..], &noise(100 + number, 200_000)].concat());
        old = old.with(&format!("{number}"), bytes);
    }
    let (patch, _) = patch_with(&old, &new, &Options::default());
    let read = Arc::new(AtomicU64::new(0));
    let mut reader = PatchReader::within(Counted(&patch, Arc::clone(&read)), u64::MAX, 2).unwrap();
    let stored: Vec<_> = reader.index().frames().iter().map(|frame| frame.stored_len).collect();
    assert!(stored.len() > 5, "{stored:?}");
    let begin = read.load(Relaxed);
    let mut file = reader.next_file(&old, Way::Whole).unwrap();
    while read.load(Relaxed) == begin {
        file.next_piece().unwrap().unwrap();
    }
    // One for each thread, and one that is used.
    let ahead = read.load(Relaxed) - begin;
    assert!(ahead <= stored[..3].iter().sum(), "{ahead} of {stored:?}");
}

/// Where executables are adapted ahead, frames have little room: one is begun before the tree is read, and the next one while the one before is used.
#[test]
fn and_frames_are_begun_before_they_are_needed() {
    let source = Source::new(300);
    let mut again = source.clone();
    again.functions.insert(3, 1000);
    let (old, new) = pair();
    let (old, new) = (old.with("game", source.elf()), new.with("game", again.elf()));
    let (patch, report) = patch_with(&old, &new, &options());
    assert!(report.adapted_len > 0, "{report:?}");
    // Of what is asked for next, nothing is there the first time.
    let (read, asked) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(1)));
    let is_there = {
        let asked = Arc::clone(&asked);
        move |_| asked.fetch_add(1, Relaxed) > 0
    };
    let input = Counted(&patch, Arc::clone(&read));
    let mut reader = PatchReader::within(input, u64::MAX, 2).unwrap().reading_what_is_there(is_there);
    let frames: Vec<_> = reader.index().frames()[..2].iter().map(|frame| (frame.len, frame.stored_len)).collect();
    let begin = read.load(Relaxed);
    reader.work_beside(shared(&old));
    assert_eq!(read.load(Relaxed), begin + frames[0].1);
    asked.store(0, Relaxed);
    let mut file = reader.next_file(&old, Way::Whole).unwrap();
    let mut made = 0;
    while read.load(Relaxed) == begin + frames[0].1 {
        made += file.next_piece().unwrap().unwrap().bytes.len() as u64;
    }
    assert_eq!(read.load(Relaxed), begin + frames[0].1 + frames[1].1);
    assert!(made < frames[0].0, "{made} of {}", frames[0].0);
}
