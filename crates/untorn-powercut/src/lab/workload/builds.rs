//! Two builds that differ in every way there is.

use std::collections::BTreeMap;

use untorn_sim::{Entry, Rng, Snapshot};

/// The old one and the new one: ranges in place, a file that grows, one that shrinks, a whole small file, new ones, moves, a swap, removals, directories, bits, a symlink, and
/// one large enough to be cloned.
pub(super) fn builds() -> (Snapshot, Snapshot) {
    let pak = noise(1, 200_000);
    let large = noise(2, 1_200_000);
    let old = [
        ("data", Entry::Dir),
        ("data/pak", file(&pak)),
        ("data/large", file(&large)),
        ("gone", Entry::Dir),
        ("gone/x", file(b"x")),
        ("grows", file(&noise(3, 100_000))),
        ("left", file(&noise(4, 5000))),
        ("moves", file(&noise(5, 30_000))),
        ("right", file(&noise(6, 7000))),
        ("same", file(&noise(7, 9000))),
        ("shrinks", file(&noise(8, 90_000))),
        ("text", file(b"old text")),
        ("tool", file(b"#!/bin/sh\n")),
    ];
    let new = [
        ("data", Entry::Dir),
        ("data/pak", file(&[&pak[..70_000], b"edited", &pak[70_006..]].concat())),
        ("data/large", file(&[&large[..600_000], &noise(9, 9000)[..], &large[609_000..]].concat())),
        ("fresh", Entry::Dir),
        ("fresh/large", file(&noise(10, 150_000))),
        ("grows", file(&[noise(3, 100_000), noise(11, 20_000)].concat())),
        ("left", file(&noise(6, 7000))),
        ("link", Entry::Symlink { target: "text".into() }),
        ("moved", Entry::Dir),
        ("moved/here", file(&noise(5, 30_000))),
        ("right", file(&noise(4, 5000))),
        ("same", file(&noise(7, 9000))),
        ("shrinks", file(&noise(8, 80_000))),
        ("text", file(b"new text, longer")),
        ("tool", Entry::File { bytes: b"#!/bin/sh\n".to_vec(), executable: true }),
    ];
    (tree(old), tree(new))
}

fn tree<const N: usize>(entries: [(&str, Entry); N]) -> Snapshot {
    Snapshot(BTreeMap::from(entries.map(|(path, entry)| (path.to_owned(), entry))))
}

fn file(bytes: &[u8]) -> Entry {
    Entry::File { bytes: bytes.to_vec(), executable: false }
}

pub(super) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    (0..len.div_ceil(8)).flat_map(|_| rng.next_u64().to_le_bytes()).take(len).collect()
}
