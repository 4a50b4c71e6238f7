//! Frames that are decompressed ahead, on other threads, come out in their order, each with its own error.

use crate::programs::Source;
use crate::trees::{Tree, noise, patch_with};
use untorn_delta::{Options, PatchError, PatchReader, Way};

/// Several frames, compressed and raw, some of them against old bytes.
fn pair() -> (Tree, Tree) {
    let half = |seed| noise(seed, 400_000).iter().map(|byte| byte & 0x0f).collect::<Vec<u8>>();
    let (mut old, mut new) = (Tree::default(), Tree::default());
    for number in 0..20_u64 {
        let name = format!("{number}");
        old = old.with(&name, [half(number), noise(number, 1000)].concat());
        new = new.with(&name, [noise(number, 1000), half(100 + number), noise(200 + number, 700_000)].concat());
    }
    (old, new)
}

/// What is made with so many threads: the bytes of each file, and how it ended.
fn made(old: &Tree, patch: &[u8], threads: usize) -> (Vec<Vec<u8>>, String) {
    let mut files = Vec::new();
    let mut reader = PatchReader::within(patch, u64::MAX, threads).unwrap();
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
                std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
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

/// Executables are adapted, and compressed, with any number of threads; and so is everything else.
#[test]
fn nor_the_patch_that_is_made() {
    let source = Source::new(300);
    let mut again = source.clone();
    again.functions.insert(3, 1000);
    let (old, new) = pair();
    let (old, new) = (old.with("game", source.elf()), new.with("game", again.elf()));
    let made = |jobs, memory_len| {
        let mut options = options();
        (options.jobs, options.memory_len) = (jobs, memory_len);
        let (patch, report) = patch_with(&old, &new, &options);
        assert!(report.adapted_len > 0, "{report:?}");
        patch
    };
    let alone = made(1, 1 << 30);
    for jobs in [0, 2, 3, 8] {
        assert!(made(jobs, 1 << 30) == alone, "{jobs}");
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
        std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
        assert!(bytes == new.bytes(&file.change().path));
    }
    reader.finish().unwrap();
}
