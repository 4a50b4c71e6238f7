//! Whatever a host does to packs and index is refused, before it is decompressed wherever the hash does not fit.

use crate::builds::{Files, noise, publish, text};
use untorn_format::{Hash, index::Head};
use untorn_store::{BuildOptions, Error, FRAME_STORED_LEN_MAX, Frame, Index, Located, Published, open_frame};

/// What is done to a head, and how it is called.
type Case<'a> = (&'static str, &'a dyn Fn(&mut Head));

fn frame_of(stored: &[u8], len: u32) -> Frame {
    Frame { pack: 1, at: 0, stored_len: u32::try_from(stored.len()).unwrap(), len, hash: Hash::of(stored) }
}

fn stored(bytes: &[u8]) -> Vec<u8> {
    let files: Files = [("x".to_owned(), bytes.to_vec())].into();
    publish(&files, &Published::nothing(), &BuildOptions::default()).packs.remove(0).bytes
}

#[test]
fn every_flipped_bit_and_every_truncation_of_a_frame_is_noticed_by_its_hash() {
    let stored = stored(&text(1, 500));
    let frame = frame_of(&stored, 500);
    assert_eq!(open_frame(&frame, &stored).unwrap(), text(1, 500));
    for at in 0..stored.len() {
        for bit in 0..8 {
            let mut damaged = stored.clone();
            damaged[at] ^= 1 << bit;
            assert!(matches!(open_frame(&frame, &damaged), Err(Error::FrameDamaged)));
        }
        assert!(matches!(open_frame(&frame, &stored[..at]), Err(Error::FrameDamaged)));
    }
    assert!(matches!(open_frame(&frame, &[&*stored, &[0]].concat()), Err(Error::FrameDamaged)));
}

#[test]
fn a_frame_that_is_not_what_its_own_index_says_is_refused() {
    let good = stored(&text(1, 500));
    let is_forged = |stored: &[u8], len| matches!(open_frame(&frame_of(stored, len), stored), Err(Error::FrameForged));
    assert!(is_forged(&good, 499) && is_forged(&good, 501), "another length");
    assert!(is_forged(&[good.clone(), good.clone()].concat(), 1000), "two frames");
    assert!(is_forged(&[good.clone(), zstd::encode_all(&[][..], 1).unwrap()].concat(), 500), "something behind it");
    assert!(is_forged(b"no zstd frame at all", 500) && is_forged(&[], 1));
    let skippable = [0x184d_2a50_u32.to_le_bytes(), 4_u32.to_le_bytes(), [0; 4]].concat();
    assert!(is_forged(&skippable, 1) && is_forged(&[skippable, good.clone()].concat(), 500));
    // A bomb: a gigabyte of zeros in a few kilobytes, with the hash that fits.
    let bomb = zstd::encode_all(&*vec![0; 64 << 20], 19).unwrap();
    assert!(is_forged(&bomb, 128 << 10) && is_forged(&bomb, 64 << 20) && is_forged(&bomb, u32::MAX));
    for at in 0..good.len() {
        let mut forged = good.clone();
        forged[at] ^= 0x55;
        let opened = open_frame(&frame_of(&forged, 500), &forged);
        assert!(opened.is_err() || opened.unwrap().len() == 500, "with a hash that fits it is 500 bytes or nothing");
    }
}

#[test]
fn a_chunk_is_taken_out_of_a_frame_by_its_hash_only() {
    let bytes = noise(1, 1000);
    let stored = stored(&bytes);
    let frame = frame_of(&stored, 1000);
    let chunk = |len: usize, at: u32| Located {
        chunk: untorn_store::Chunk { len: u32::try_from(len).unwrap(), hash: Hash::of(&bytes[10..10 + 100]) },
        at: 0,
        frame,
        frame_at: at,
    };
    assert_eq!(chunk(100, 10).bytes(&bytes).unwrap(), &bytes[10..110]);
    for wrong in [chunk(100, 11), chunk(99, 10), chunk(100, 901), chunk(100, u32::MAX), chunk(1001, 0)] {
        assert!(matches!(wrong.bytes(&bytes), Err(Error::FrameForged)));
    }
}

#[test]
fn a_frame_that_does_not_compress_still_has_its_place() {
    assert!(stored(&noise(3, 128 << 10)).len() as u64 <= u64::from(FRAME_STORED_LEN_MAX));
}

#[test]
fn pages_are_taken_by_their_hash_and_only_where_they_belong() {
    let files: Files = [("a".to_owned(), noise(1, 30 << 20)), ("b".to_owned(), text(2, 9)), ("c".to_owned(), text(3, 9))].into();
    let release = publish(&files, &Published::nothing(), &BuildOptions::default());
    let view = release.view();
    for number in 0..view.page_count() {
        let bytes = release.page_bytes(number);
        view.page(number, bytes).unwrap();
        for at in (0..bytes.len()).step_by(97) {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 1;
            assert!(matches!(view.page(number, &damaged), Err(Error::PageDamaged)));
        }
        assert!(matches!(view.page(number, &bytes[1..]), Err(Error::PageDamaged)));
        assert!(number == 0 || view.page(0, bytes).is_err());
    }
    assert!(view.page(view.page_count(), release.page_bytes(0)).is_err());
}

#[test]
fn a_head_that_does_not_fit_its_manifest_is_refused() {
    let files: Files =
        [("a".to_owned(), noise(1, 30 << 20)), ("b".to_owned(), noise(2, 20 << 20)), ("c".to_owned(), text(3, 9))].into();
    let release = publish(&files, &Published::nothing(), &BuildOptions::default());
    let head_len = usize::try_from(release.index.head_len).unwrap();
    let good = Head::decode(&release.index.bytes[..head_len]).unwrap();
    let with = |change: &dyn Fn(&mut Head)| {
        let mut head = good.clone();
        change(&mut head);
        Index::new(&head.encode(), &release.manifest)
    };
    assert!(with(&|_| {}).is_ok());
    let last = good.spans.len() - 1;
    let changes: [Case<'_>; 8] = [
        ("another manifest", &|head| head.manifest = Hash::of(b"another")),
        ("one span less", &|head| {
            head.spans.truncate(last);
            head.pages.remove(last);
        }),
        ("one span more", &|head| head.spans.push(good.spans[last])),
        ("one byte less", &|head| head.spans[0].len -= 1),
        ("one byte more", &|head| head.spans[last].len += 1),
        ("a byte that moves from one file to the other", &|head| {
            head.spans[0].len += 1;
            head.spans[last].len -= 1;
        }),
        ("more short files", &|head| head.groups[0].files += 1),
        ("no short files", &|head| {
            head.groups.clear();
            head.pages.pop();
        }),
    ];
    for (what, change) in changes {
        assert!(matches!(with(change), Err(Error::OtherManifest | Error::Decode(_))), "{what}");
    }
    // Whose hash the head vouches for must still be what it says.
    let number = |head: &mut Head| head.spans[0].digest = Hash::of(b"other chunks");
    let lying = with(&number).unwrap();
    assert!(matches!(lying.page(0, release.page_bytes(0)), Err(Error::OtherManifest)));
}

#[test]
fn one_flipped_bit_in_four_gibibytes_costs_less_than_256_kib() {
    // The longest page there can be, the head of 4 GiB in spans as they come on average, and the longest frame.
    let page = 32 + 512 * (48 + 44) + 32;
    let spans = (4_u64 << 30) / (256 * (64 << 10));
    let head = 64 + spans * (48 + 36) + 32;
    assert!(page + head + u64::from(FRAME_STORED_LEN_MAX) < 220 << 10, "which leaves 36 KiB for documents");
}
