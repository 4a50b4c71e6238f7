//! Where there is no patch, what changed comes compressed against what the tree has: as far as the tree has it, and as far as it is right.

use std::fs;

use untorn::{Route, UpdateOptions, UpdateOutcome, install, update, verify};
use untorn_format::{
    Hash,
    index::{Bridge, Frame},
    release::{BridgeObject, Pack, Release},
};

use crate::studio::{Studio, content, noise, options};

/// A game that is build 1, of which build 2 changes bytes in the middle of many files.
fn followed(change: impl Fn(&mut untorn_publish::PublishOptions)) -> Studio {
    let studio = Studio::new();
    studio.publish(&first_build(&studio), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    studio.publish(&second_build(&studio), 0, change);
    studio
}

fn first_build(studio: &Studio) -> std::path::PathBuf {
    let dir = studio.first_build();
    for number in 0..80 {
        fs::write(dir.join(format!("data/level{number:02}")), noise(500 + number, 110_000)).unwrap();
    }
    dir
}

fn second_build(studio: &Studio) -> std::path::PathBuf {
    studio.next_build("1", "2", |dir| {
        for number in 0..80 {
            let mut level = noise(500 + number, 110_000);
            level[60_000..60_010].copy_from_slice(&noise(99, 10));
            fs::write(dir.join(format!("data/level{number:02}")), level).unwrap();
        }
        let mut large = noise(1, 6 << 20);
        large.splice(3_000_000..3_000_000, noise(98, 333));
        fs::write(dir.join("data/large"), large).unwrap();
        fs::write(dir.join("data/new"), noise(97, 20_000)).unwrap();
    })
}

fn updated(studio: &Studio) -> u64 {
    let report = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Chunks));
    assert_eq!(content(&studio.game()), content(&studio.path("2")));
    assert!(verify(&studio.game(), &Default::default()).unwrap().is_intact());
    report.bytes_received
}

#[test]
fn it_takes_a_fraction_of_the_chunks() {
    let (without, with) = (updated(&followed(|options| options.no_bridge = true)), updated(&followed(|_| {})));
    // Eighty files that are one chunk each.
    assert!(without > 80 * 110_000, "{without}");
    assert!(with < 100_000, "{with}");
}

#[test]
fn a_file_that_somebody_changed_costs_what_leans_on_it_and_no_more() {
    let studio = followed(|_| {});
    fs::write(studio.game().join("data/level00"), "mine").unwrap();
    let received = updated(&studio);
    // One frame of 4 MiB leans on it; the two others do not.
    assert!(received < 4_600_000, "{received}");
    assert!(received > 110_000, "{received}");
}

#[test]
fn a_tree_of_an_older_build_crosses_it_where_it_is_alike() {
    let studio = followed(|_| {});
    // It leads from build 2, and the game is build 1.
    let third = studio.next_build("2", "3", |dir| {
        let mut large = fs::read(dir.join("data/large")).unwrap();
        large[5_000_000] ^= 1;
        fs::write(dir.join("data/large"), large).unwrap();
    });
    studio.publish(&third, 0, |_| {});
    update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!(content(&studio.game()), content(&third));
}

#[test]
fn what_was_fetched_ahead_over_it_is_committed_without_a_network() {
    let studio = followed(|_| {});
    let (mut ahead, mut commit) = (UpdateOptions::default(), UpdateOptions::default());
    (ahead.extent, commit.extent) = (untorn::Extent::Fetch, untorn::Extent::CommitFetched);
    assert_eq!(update(&studio.game(), &ahead).unwrap().outcome, UpdateOutcome::Fetched);
    fs::rename(studio.store(), studio.path("unplugged")).unwrap();
    update(&studio.game(), &commit).unwrap();
    assert_eq!(content(&studio.game()), content(&studio.path("2")));
}

/// A game that is offered build 2 with another bridge, signed by the studio.
fn forged(change: impl Fn(&Studio, &mut Release)) -> Studio {
    let studio = Studio::new();
    studio.publish(&first_build(&studio), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    let out = studio.path("sign");
    fs::create_dir(&out).unwrap();
    studio.publish(&second_build(&studio), 0, |options| options.unsigned_out = Some(out.clone()));
    let mut release = Release::decode(&fs::read(out.join("release")).unwrap()).unwrap();
    change(&studio, &mut release);
    studio.sign_and_resume(&out, &release);
    studio
}

fn put(studio: &Studio, folder: &str, bytes: &[u8]) -> Hash {
    let dir = studio.store().join(folder);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join(Hash::of(bytes).to_string()), bytes).unwrap();
    Hash::of(bytes)
}

fn bridge(studio: &Studio, release: &Release) -> Bridge {
    Bridge::decode(&fs::read(studio.store().join(format!("bridge/{}", release.bridges[0].hash))).unwrap()).unwrap()
}

fn offer(studio: &Studio, release: &mut Release, bytes: &[u8]) {
    let object = BridgeObject { hash: put(studio, "bridge", bytes), len: bytes.len() as u64, ..release.bridges[0] };
    release.bridges = vec![object];
}

/// A zstd frame that is nothing but these bytes.
fn stored_as_is(bytes: &[u8]) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).unwrap();
    let mut frame = [&[0x28, 0xb5, 0x2f, 0xfd, 0xa0][..], &len.to_le_bytes()].concat();
    let blocks: Vec<_> = bytes.chunks(128 << 10).collect();
    for (number, block) in blocks.iter().enumerate() {
        let head = u32::try_from(block.len()).unwrap() << 3 | u32::from(number + 1 == blocks.len());
        frame.extend_from_slice(&head.to_le_bytes()[..3]);
        frame.extend_from_slice(block);
    }
    frame
}

#[test]
fn p14_a_bridge_that_gives_other_bytes_than_it_says_is_left_for_the_index() {
    let studio = forged(|studio, release| {
        let mut bridge = bridge(studio, release);
        let pack: Vec<u8> = bridge.frames.iter().flat_map(|frame| stored_as_is(&noise(7, frame.frame.len as usize))).collect();
        let mut at = 0;
        for frame in &mut bridge.frames {
            let stored = stored_as_is(&noise(7, frame.frame.len as usize));
            let stored_len = stored.len() as u32;
            frame.frame = Frame { pack: 900, at, stored_len, len: frame.frame.len, hash: Hash::of(&stored) };
            frame.bases.clear();
            at += stored_len;
        }
        release.packs.push(Pack { number: 900, hash: put(studio, "pack", &pack), len: pack.len() as u64 });
        offer(studio, release, &bridge.encode());
    });
    assert!(updated(&studio) > 80 * 110_000);
}

#[test]
fn p14_a_bridge_from_other_old_chunks_than_it_was_made_of_is_left_for_the_index() {
    let studio = forged(|studio, release| {
        let mut bridge = bridge(studio, release);
        bridge.frames.iter_mut().for_each(|frame| frame.bases.reverse());
        offer(studio, release, &bridge.encode());
    });
    updated(&studio);
}

#[test]
fn p9_p1_a_bridge_that_is_none_or_of_another_build_or_not_there_is_left_for_the_index() {
    let garbage = forged(|studio, release| offer(studio, release, b"no bridge at all"));
    updated(&garbage);
    let other = forged(|studio, release| {
        let mut bridge = bridge(studio, release);
        bridge.manifest = Hash::of(b"another");
        offer(studio, release, &bridge.encode());
    });
    updated(&other);
    let nowhere = forged(|studio, release| {
        let mut bridge = bridge(studio, release);
        bridge.frames.last_mut().unwrap().frame.pack = 901;
        offer(studio, release, &bridge.encode());
    });
    updated(&nowhere);
    let studio = followed(|_| {});
    fs::remove_dir_all(studio.store().join("bridge")).unwrap();
    updated(&studio);
}
