//! Frames of zstd, those of textures above all, are diffed as what they hold and compressed again bit for bit: also where every byte of them changed, since another version of the encoder made them, or another level.

use std::io::{Read, Seek, SeekFrom};

use crate::trees::{Tree, apply, assert_leads_to, noise, patch_with, path};
use untorn_delta::{Options, PatchError, PatchReader, StretchReader, Way};
use untorn_format::{Hash, patch::HEADER_LEN};

/// Bytes in which there are many ways to refer back: levels choose otherwise all over.
fn pixels(seed: u64, blocks: usize) -> Vec<u8> {
    let (choice, len) = (noise(seed, blocks * 16), blocks * 16);
    let mut bytes = noise(seed + 1, 64);
    for chosen in choice.chunks_exact(4).cycle() {
        let back = usize::from(u16::from_le_bytes([chosen[0], chosen[1]])) % bytes.len().min(20_000) + 1;
        let from = bytes.len() - back.min(bytes.len());
        let again = bytes[from..bytes.len().min(from + usize::from(chosen[2] % 24) + 3)].to_vec();
        bytes.extend_from_slice(&again);
        bytes.push(chosen[3]);
        if bytes.len() >= len {
            break;
        }
    }
    bytes.truncate(len);
    bytes
}

fn frame(raw: &[u8], level: i32) -> Vec<u8> {
    zstd::bulk::compress(raw, level).unwrap()
}

/// A texture of five levels, each a quarter of the one before; stored from the smallest on, as they are.
fn texture(seed: u64, blocks: usize, level: i32) -> Vec<u8> {
    let frames: Vec<_> = (0..5_u64)
        .map(|number| {
            let raw = pixels(seed + 10 * number, blocks >> (2 * number));
            (frame(&raw, level), raw.len())
        })
        .collect();
    ktx(2, &frames)
}

fn ktx(scheme: u32, frames: &[(Vec<u8>, usize)]) -> Vec<u8> {
    let mut head = b"\xabKTX 20\xbb\r\n\x1a\n".to_vec();
    [0, 1, 512, 512, 0, 0, 1, u32::try_from(frames.len()).unwrap(), scheme]
        .iter()
        .for_each(|number: &u32| head.extend(number.to_le_bytes()));
    head.resize(80, 0);
    let mut at = 80 + 24 * frames.len();
    let mut rows = vec![Vec::new(); frames.len()];
    let mut body = Vec::new();
    for (number, (frame, raw_len)) in frames.iter().enumerate().rev() {
        rows[number] = [at, frame.len(), *raw_len].iter().flat_map(|number| (*number as u64).to_le_bytes()).collect();
        at += frame.len();
        body.extend_from_slice(frame);
    }
    [head, rows.concat(), body].concat()
}

/// A zip archive with members that are stored (0) or compressed by zstd (93).
fn zip(members: &[(&str, u16, &[u8], Vec<u8>)]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, method, raw, stored) in members {
        let at = u32::try_from(zip.len()).unwrap();
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let mut common = vec![20, 0, 0, 0];
        common.extend(method.to_le_bytes());
        common.extend([0; 4]);
        common.extend(crc32fast::hash(raw).to_le_bytes());
        common.extend([len(stored), len(raw)].concat());
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        zip.extend([&b"PK\x03\x04"[..], &common, name.as_bytes(), stored].concat());
        directory.extend([&b"PK\x01\x02\x14\x00"[..], &common, &[0; 10], &at.to_le_bytes(), name.as_bytes()].concat());
    }
    let (count, at) = (u16::try_from(members.len()).unwrap().to_le_bytes(), u32::try_from(zip.len()).unwrap().to_le_bytes());
    let len = u32::try_from(directory.len()).unwrap().to_le_bytes();
    [&zip, &directory, &b"PK\x05\x06\0\0\0\0"[..], &count, &count, &len, &at, &[0, 0]].concat()
}

/// An archive of textures: of the two in the middle the pixels are others in each version.
fn textures(version: u64, level: i32) -> Vec<u8> {
    let stored: Vec<_> = (0..6_u64)
        .map(|number| {
            let seed = 1000 * number + if number == 3 { 7 * version } else { 0 };
            (format!("texpages/page-{number}.ktx2"), texture(seed, 3000, level))
        })
        .collect();
    let members: Vec<_> = stored.iter().map(|(name, bytes)| (&name[..], 0, &bytes[..], bytes.clone())).collect();
    zip(&members)
}

/// A tree in every version of which all frames are others, at the level of that version.
pub(crate) fn tree(version: u64) -> Tree {
    let level = [9, 3, 6, 1][usize::try_from(version).unwrap() % 4];
    let text = pixels(90, 4000);
    let edited = [&text[..1000], &noise(version, 300), &text[1000..]].concat();
    Tree::default()
        .with("base.wz", textures(version, level))
        .with("loose.ktx2", texture(77, 2000, level))
        .with("frames.zst", [frame(&edited, level), frame(&pixels(91, 900), level)].concat())
        .with("new.zip", zip(&[("a.txt", 93, &edited, frame(&edited, level)), ("b", 0, b"b", b"b".to_vec())]))
}

fn without() -> Options {
    let mut options = Options::default();
    options.recompress = false;
    options
}

#[test]
fn what_only_was_compressed_anew_costs_next_to_nothing() {
    let tree = |level| Tree::default().with("base.wz", textures(1, level)).with("loose.ktx2", texture(5, 9000, level));
    for (old, new) in [(9, 6), (6, 19), (1, 3)] {
        let (old, new) = (tree(old), tree(new));
        let (patch, report) = patch_with(&old, &new, &Options::default());
        let (plain, plain_report) = patch_with(&old, &new, &without());
        println!("{} instead of {}, {} restored", patch.len(), plain.len(), report.restored);
        assert_eq!(plain_report.restored, 0);
        assert!(report.restored > 20, "{}", report.restored);
        assert!(patch.len() * 20 < plain.len(), "{} of {}", patch.len(), plain.len());
        assert_eq!(patch[8..16], [2, 0, 0, 0, 5, 0, 0, 0], "format 2, two critical features");
        assert_leads_to(&old, &new);
    }
}

#[test]
fn what_changed_costs_what_changed() {
    let (old, new) = (tree(0), tree(1));
    let (patch, report) = patch_with(&old, &new, &Options::default());
    let (plain, _) = patch_with(&old, &new, &without());
    println!("{} instead of {}, {} restored", patch.len(), plain.len(), report.restored);
    assert!(report.restored > 20 && patch.len() * 3 < plain.len(), "{} of {}", patch.len(), plain.len());
    assert_leads_to(&old, &new);
    assert_leads_to(&new, &old);
    let restored = |name: &str| {
        let reader = PatchReader::new(&patch[..]).unwrap();
        reader.index().changes().get(&path(name)).unwrap().file().unwrap().restored.len()
    };
    assert_eq!([restored("frames.zst"), restored("new.zip")], [2, 1]);
}

#[test]
fn a_picture_that_stands_in_an_archive_as_it_is_is_restored_too() {
    let tree = |build: &str| {
        let file = format!("{}/tests/data/deflated/pillow.{build}.png", env!("CARGO_MANIFEST_DIR"));
        let picture = std::fs::read(file).unwrap();
        Tree::default().with("base.wz", zip(&[("a.png", 0, &picture, picture.clone()), ("b", 0, b"b", b"b".to_vec())]))
    };
    let (old, new) = (tree("old"), tree("new"));
    let (patch, report) = patch_with(&old, &new, &Options::default());
    let (plain, _) = patch_with(&old, &new, &without());
    assert!(report.restored == 1 && patch.len() * 3 < plain.len(), "{} of {}", patch.len(), plain.len());
    assert_leads_to(&old, &new);
}

#[test]
fn threads_change_nothing() {
    let patches: Vec<_> = [1, 2, 7]
        .map(|jobs| {
            let mut options = Options::default();
            options.jobs = jobs;
            patch_with(&tree(0), &tree(1), &options).0
        })
        .to_vec();
    assert!(patches.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn any_stretch_can_be_made_alone() {
    let (old, new) = (tree(0), tree(1));
    let (patch, _) = patch_with(&old, &new, &Options::default());
    let reader = PatchReader::new(&patch[..]).unwrap();
    let (index, frames_at) = (reader.index().clone(), reader.header().patch_len() - reader.header().frames_len);
    let mut input = std::io::Cursor::new(&patch);
    input.seek(SeekFrom::Start(frames_at)).unwrap();
    for (number, change) in index.changes().as_slice().iter().enumerate() {
        let mut stretches = StretchReader::new(index.clone(), input.clone(), frames_at);
        let whole = new.bytes(&change.path);
        for at in (0..whole.len()).step_by(9973).rev() {
            let len = (whole.len() - at).min(700);
            let mut made = Vec::new();
            stretches.stretch(number, (at as u64, len as u64), &old).unwrap().read_to_end(&mut made).unwrap();
            assert!(made == whole[at..at + len], "{} at {at}", change.path);
        }
    }
}

/// Frames of another library, or of settings that no level has, are bytes like any other.
#[test]
fn what_no_level_makes_is_left_alone() {
    let odd = |seed| {
        let mut compressor = zstd::bulk::Compressor::new(6).unwrap();
        compressor.set_parameter(zstd::zstd_safe::CParameter::HashLog(9)).unwrap();
        compressor.compress(&pixels(seed, 40_000)).unwrap()
    };
    let (old, new) = (odd(1), [odd(1), odd(2)].concat());
    let (old, new) = (Tree::default().with("a.zst", old), Tree::default().with("a.zst", new));
    assert_eq!(patch_with(&old, &new, &Options::default()).1.restored, 0);
    assert_leads_to(&old, &new);
}

#[test]
fn broken_textures_and_frames_are_plain_bytes() {
    let good = |level| texture(5, 3000, level);
    let restored = |old: Vec<u8>, new: Vec<u8>| {
        let (old, new) = (Tree::default().with("it", old), Tree::default().with("it", new));
        assert_leads_to(&old, &new);
        patch_with(&old, &new, &Options::default()).1.restored
    };
    let all = restored(good(9), good(6));
    assert!(all >= 3, "{all}");
    let spoilt = |at: usize, value: u8| {
        let spoil = |level| {
            let mut bytes = good(level);
            bytes[at] = value;
            bytes
        };
        restored(spoil(9), spoil(6))
    };
    assert_eq!(spoilt(40, 200), 0, "more levels than there can be");
    assert_eq!(spoilt(44, 1), 0, "another compression");
    assert_eq!(spoilt(80 + 7, 0x80), 0, "a level beyond the end");
    assert_eq!(spoilt(80 + 15, 0x80), 0, "a length beyond the end");
    assert!(spoilt(80 + 16, 1) >= 1, "a level that lies, and others that do not");
    assert_eq!(restored(good(9)[..70].to_vec(), good(6)[..70].to_vec()), 0, "cut off");
    assert_eq!(restored(good(9)[..150].to_vec(), good(6)[..150].to_vec()), 0, "cut off in its table");
    let frames = |level| [frame(&pixels(3, 9000), level), frame(&pixels(4, 9000), level)].concat();
    assert_eq!(restored(frames(9), frames(6)), 2);
    assert_eq!(restored([frames(9), b"x".to_vec()].concat(), [frames(6), b"x".to_vec()].concat()), 0, "something behind");
    assert_eq!(restored(frames(9)[..3000].to_vec(), frames(6)[..3000].to_vec()), 0, "cut off");
}

/// Such a patch names the version of the encoder, and another one refuses it before anything is made.
#[test]
fn a_patch_for_another_encoder_is_refused() {
    let (mut patch, _) = patch_with(&tree(0), &tree(1), &Options::default());
    let header = PatchReader::new(&patch[..]).unwrap().header().clone();
    let index_at = HEADER_LEN..HEADER_LEN + usize::try_from(header.facts_stored_len + header.digests_len).unwrap();
    let digests_at = HEADER_LEN + usize::try_from(header.facts_stored_len).unwrap()..index_at.end;
    let version = zstd::zstd_safe::version_number();
    let recipe = [3, version.to_le_bytes()[0], version.to_le_bytes()[1], version.to_le_bytes()[2]];
    let at = digests_at.start + patch[digests_at].windows(4).position(|window| window == recipe).unwrap();
    patch[at + 1] ^= 1;
    let header = untorn_format::patch::Header { index_hash: Hash::of(&patch[index_at]), ..header };
    patch[..HEADER_LEN].copy_from_slice(&header.encode());
    let error = PatchReader::new(&patch[..]).err().unwrap();
    assert!(matches!(error, PatchError::Encoder { needed, found } if found == version && needed == version ^ 1), "{error:?}");
    // And a recipe that means nothing makes nothing.
    patch[at + 1] ^= 1;
    patch[at] = 99;
    let header = untorn_format::patch::Header {
        index_hash: Hash::of(
            &patch[HEADER_LEN..HEADER_LEN + usize::try_from(header.facts_stored_len + header.digests_len).unwrap()],
        ),
        ..header
    };
    patch[..HEADER_LEN].copy_from_slice(&header.encode());
    let error = apply(&tree(0), &patch, Way::Whole).err().unwrap();
    assert!(matches!(error, PatchError::Made { .. }), "{error:?}");
}
