//! Over a bridge the chunks of a build come out of those of the build before, and out of nothing else.

use std::collections::HashMap;

use untorn_format::Hash;
use untorn_store::{BridgeFrame, BridgePlan, BuildOptions, Chunk, Crossing, Error, Located, Mark, Published, open_bridge_frame};

use crate::builds::{Files, Release, files, noise, publish, text};

fn options(first_pack: u32) -> BuildOptions {
    let mut options = BuildOptions::default();
    (options.level, options.first_pack) = (3, first_pack);
    options
}

fn chunks(release: &Release, number: usize) -> Vec<Located> {
    let (view, pages) = (release.view(), release.pages());
    view.chunks_of(number, |page| Ok::<_, Error>(&pages[&page])).unwrap()
}

/// The plan for every file of `new`, by its place in the manifest.
fn plan(old: &Release, new: &Release) -> Vec<Crossing> {
    let mut plan = BridgePlan::default();
    for (number, entry) in new.manifest.entries().iter().enumerate() {
        let before = old.manifest.entries().iter().position(|other| other.path == entry.path);
        let before = before.map(|number| chunks(old, number)).unwrap_or_default();
        plan.add(number, &chunks(new, number), &before, &|located| located.frame.pack >= 100);
    }
    plan.finish()
}

/// Every chunk of a build, by its hash.
fn bytes(release: &Release, files: &Files) -> HashMap<Hash, Vec<u8>> {
    let mut all = HashMap::new();
    for (number, entry) in release.manifest.entries().iter().enumerate() {
        let Some(bytes) = files.get(entry.path.as_str()) else { continue };
        for Located { chunk: Chunk { len, hash }, at, .. } in chunks(release, number) {
            let at = usize::try_from(at).unwrap();
            all.insert(hash, bytes[at..at + len as usize].to_vec());
        }
    }
    all
}

fn joined<'l>(located: impl Iterator<Item = &'l Located>, from: &HashMap<Hash, Vec<u8>>) -> Vec<u8> {
    located.flat_map(|located| from[&located.chunk.hash].clone()).collect()
}

struct Made {
    crossing: Crossing,
    frame: BridgeFrame,
    stored: Vec<u8>,
    bases: Vec<u8>,
    chunks: Vec<u8>,
}

/// A build in which something of every kind changed, and the frames of the bridge to it.
fn made() -> (u64, Vec<Made>) {
    let before = files();
    let old = publish(&before, &Published::nothing(), &options(1));
    let mut after = before.clone();
    after.get_mut("e-long").unwrap().splice(7 << 20..7 << 20, *b"inserted");
    after.get_mut("e-long").unwrap()[20 << 20] ^= 1;
    after.get_mut("c-one-chunk").unwrap()[5000] ^= 1;
    after.insert("new".to_owned(), text(98, 600_000));
    after.insert("z-noise".to_owned(), noise(97, 12 << 20));
    for number in 0..300 {
        after.get_mut(&format!("small/{number:03}")).unwrap().extend_from_slice(b"and more");
    }
    let new = publish(&after, &old.published(), &options(100));
    let (from, to) = (bytes(&old, &before), bytes(&new, &after));
    let made = plan(&old, &new).into_iter().filter_map(|crossing| {
        let bases = joined(crossing.bases.iter(), &from);
        let chunks = joined(crossing.chunks.iter().map(|(_, located)| located), &to);
        let stored = crossing.compress(&chunks, &bases).unwrap()?;
        let frame = crossing.listed(7, 0, &stored).unwrap();
        Some(Made { crossing, frame, stored, bases, chunks })
    });
    (new.packs.iter().map(|pack| pack.bytes.len() as u64).sum(), made.collect())
}

#[test]
fn new_chunks_come_out_of_old_ones() {
    let (packs_len, made) = made();
    let sum = |len: fn(&Made) -> usize| made.iter().map(|made| len(made) as u64).sum::<u64>();
    assert!(!made.is_empty());
    for made in &made {
        assert_eq!(open_bridge_frame(&made.frame, &made.stored, &made.bases).unwrap(), made.chunks);
    }
    // Of what is noise, and new, only the beginning is in one of them; of the rest hardly anything is left.
    let (stored, raw) = (sum(|made| made.stored.len()), sum(|made| made.chunks.len()));
    assert!(raw > 600 << 10 && raw < 6 << 20 && stored < packs_len / 3, "{stored} of {raw}, beside {packs_len}");
}

#[test]
fn nothing_is_decompressed_that_is_not_what_is_promised() {
    let (_, made) = made();
    let Made { crossing, frame, stored, bases, .. } = made.iter().find(|made| !made.bases.is_empty()).unwrap();
    for at in (0..stored.len()).step_by(stored.len() / 50 + 1) {
        let mut wrong = stored.clone();
        wrong[at] ^= 1;
        assert!(matches!(open_bridge_frame(frame, &wrong, bases), Err(Error::FrameDamaged)));
        // Somebody vouches for it.
        let vouched = crossing.listed(7, 0, &wrong).unwrap();
        match open_bridge_frame(&vouched, &wrong, bases) {
            Ok(bytes) => assert_eq!(bytes.len(), frame.frame.len as usize),
            Err(error) => assert!(matches!(error, Error::FrameForged), "{error}"),
        }
    }
    assert!(matches!(open_bridge_frame(frame, &stored[1..], bases), Err(Error::FrameDamaged)));
    assert!(matches!(open_bridge_frame(frame, stored, &bases[1..]), Err(Error::FrameForged)));
    let mut longer = frame.clone();
    longer.frame.len += 1;
    longer.chunks.push(Mark { len: 1, check: [0; 8] });
    assert!(matches!(open_bridge_frame(&longer, stored, bases), Err(Error::FrameForged)));
}

#[test]
fn bytes_of_other_chunks_make_no_frame() {
    let (_, made) = made();
    let Made { crossing, bases, chunks, .. } = made.iter().find(|made| !made.bases.is_empty()).unwrap();
    for (chunks, bases) in [(&chunks[1..], &bases[..]), (chunks, &bases[1..]), (bases, chunks)] {
        assert!(matches!(crossing.compress(chunks, bases), Err(Error::FrameForged)));
    }
}
