//! Documents that were made to harm: whatever their bytes say, no decoder panics, and what is read is written again as it was.

use untorn_format::{
    Hash,
    index::{Bridge, Head, Page},
    journal::{Plan, Progress, RECORD_LEN, Record, Undo},
    manifest::Manifest,
    release::{Channel, HalfWay, Installed, Preface, Release, Root, Signed},
    verified::Verified,
};
use untorn_trust::Document;

use super::{mutate::changed, rng::Rng, target::Target};

/// How many cases of a hundred each has.
const SHARE: usize = 2;

/// A target for one kind of document, whose golden files use every kind of field.
macro_rules! document {
    ($name:literal, [$($file:literal),+], [$($decoder:expr),+], $read:expr) => {
        Target {
            name: $name,
            decoders: &[$($decoder),+],
            golden: || Ok(vec![$(include_bytes!(concat!("../../../crates/untorn-format/tests/golden/", $file)).to_vec()),+]),
            mutate: with_checksum,
            attempt: $read,
            share: SHARE,
        }
    };
}

/// Reads a document and writes it again.
macro_rules! read {
    ($kind:ident) => {
        |bytes| again(bytes, $kind::decode(bytes).map(|document| document.encode().to_vec()))
    };
}

/// Those for documents.
pub(super) fn targets() -> Vec<Target> {
    vec![
        document!("root", ["root.v1"], [("crates/untorn-format/src/release/root.rs", "decode")], read!(Root)),
        document!(
            "release",
            ["release.v1", "release_bridged.v1"],
            [("crates/untorn-format/src/release/release.rs", "decode")],
            read!(Release)
        ),
        document!(
            "channel",
            ["channel.v1"],
            [("crates/untorn-format/src/release/channel.rs", "decode"), ("crates/untorn-trust/src/facts.rs", "decode")],
            |bytes| {
                let read = Channel::decode(bytes);
                assert_eq!(Document::decode(bytes).is_ok(), read.is_ok(), "it is known as what it is");
                again(bytes, read.map(|channel| channel.encode()))
            }
        ),
        document!("signed", ["signed.v1"], [("crates/untorn-format/src/release/signed.rs", "decode")], read!(Signed)),
        document!(
            "head-document",
            ["installed.v1", "halfway.v1"],
            [
                ("crates/untorn-format/src/release/installed.rs", "decode"),
                ("crates/untorn-format/src/release/half_way.rs", "decode")
            ],
            |bytes| match HalfWay::decode(bytes) {
                Ok(Some(half_way)) => again(bytes, Ok::<_, String>(half_way.encode())),
                Ok(None) => again(bytes, Installed::decode(bytes).map(|installed| installed.encode())),
                Err(error) => Err(error.to_string()),
            }
        ),
        document!(
            "preface",
            ["preface.v1"],
            [("crates/untorn-format/src/release/preface.rs", "decode"), ("crates/untorn-format/src/release/preface.rs", "len")],
            |bytes| {
                // What it says of its length is what it has.
                let len = bytes.first_chunk().and_then(|head| Preface::len(head).ok());
                let read = Preface::decode(bytes);
                assert!(read.is_err() || len == Some(bytes.len()), "a preface has two lengths");
                again(bytes, read.map(|preface| preface.encode()))
            }
        ),
        document!(
            "index-head",
            ["index.v1"],
            [("crates/untorn-format/src/index/head.rs", "decode"), ("crates/untorn-format/src/index/head.rs", "len_of")],
            |bytes| {
                let read = Head::decode(bytes);
                assert!(read.is_err() || Head::len_of(bytes) == Some(bytes.len() as u64), "a head has two lengths");
                again(bytes, read.map(|head| head.encode()))
            }
        ),
        document!("index-page", ["page.v1"], [("crates/untorn-format/src/index/page.rs", "decode")], read!(Page)),
        document!("bridge", ["bridge.v1"], [("crates/untorn-format/src/index/bridge.rs", "decode")], read!(Bridge)),
        document!("manifest", ["manifest.v1"], [("crates/untorn-format/src/manifest/mod.rs", "decode")], read!(Manifest)),
        document!("plan", ["plan.v1"], [("crates/untorn-format/src/journal/plan.rs", "decode")], read!(Plan)),
        document!("record", ["record.v1"], [("crates/untorn-format/src/journal/record.rs", "decode")], |bytes| {
            // A slot is longer than its record.
            let record = bytes.get(..RECORD_LEN).unwrap_or(bytes);
            again(record, Record::decode(bytes).map(|record| record.encode().to_vec()))
        }),
        document!("undo", ["undo.v1"], [("crates/untorn-format/src/journal/undo.rs", "decode")], read!(Undo)),
        document!("progress", ["progress.v1"], [("crates/untorn-format/src/journal/progress.rs", "decode")], |bytes| {
            again(bytes, Progress::decode(bytes).map(|progress| progress.encode().unwrap_or_default()))
        }),
        document!("verified", ["verified.v1"], [("crates/untorn-format/src/verified.rs", "decode")], read!(Verified)),
    ]
}

/// Changed, and most of the time with a checksum that is right again.
fn with_checksum(golden: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = changed(golden, rng);
    // One in eight keeps the wrong checksum.
    if let (true, Some(end)) = (rng.below(8) > 0, bytes.len().checked_sub(32)) {
        let checksum = Hash::of(bytes.get(..end).unwrap_or_default());
        bytes.truncate(end);
        bytes.extend_from_slice(&checksum.0);
    }
    bytes
}

/// One byte string for each meaning.
fn again<E: ToString>(bytes: &[u8], read: Result<Vec<u8>, E>) -> Result<(), String> {
    let again = read.map_err(|error| error.to_string())?;
    assert!(again == bytes, "a document has two spellings");
    Ok(())
}
