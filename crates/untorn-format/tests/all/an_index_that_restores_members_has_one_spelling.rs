//! P1, P2, P5, P6, P9, P10 for members that are inflated and deflated again: one byte string for each meaning, and nothing that contradicts itself.

use std::{fs, path::PathBuf};

use crate::patches::{change, header, kept, made, path};
use untorn_format::{
    DecodeError, Hash,
    patch::{
        After, Change, Changes, Features, FilePatch, Frame, FrameKind, Header, Index, Inflated, Op, Reference, Restored,
        SourceFile, Sums, Wrap,
    },
};

/// What an index is made of.
#[derive(Clone)]
struct Parts {
    change: Change,
    sources: Vec<SourceFile>,
    inflated: Vec<Inflated>,
    frames: Vec<Frame>,
}

const PNG: Wrap = Wrap::Png { piece_len: 64, header: 0x789c };

impl Parts {
    fn index(self) -> Result<Index, DecodeError> {
        let changes = Changes::new(vec![self.change])?;
        Index::with_inflated(changes, self.sources, self.inflated, self.frames, Sums::default())
    }

    fn file(&mut self) -> &mut FilePatch {
        match &mut self.change.after {
            After::File(file) => file,
            other => panic!("{other:?}"),
        }
    }
}

/// An archive of 990 bytes of which two members change, and a picture of which one is made like.
fn parts() -> Parts {
    let ops = vec![
        Op::Keep { len: 100 },
        Op::Restore { number: 0, len: 50, literal_len: 10 },
        Op::Copy { source: 0, at: 150, len: 700 },
        Op::Restore { number: 1, len: 140, literal_len: 0 },
    ];
    let mut after = made(990, ops);
    if let After::File(file) = &mut after {
        let inner =
            vec![Op::Copy { source: 2, at: 0, len: 190 }, Op::Literal { len: 10 }, Op::Copy { source: 1, at: 5, len: 100 }];
        file.restored = vec![
            Restored { raw_len: 300, like: Some(2), ops: inner, wrap: Wrap::Bare, recipe: b"first".to_vec() },
            Restored {
                raw_len: 900,
                like: Some(3),
                ops: vec![Op::Copy { source: 3, at: 100, len: 900 }],
                wrap: PNG,
                recipe: Vec::new(),
            },
        ];
    }
    let references = vec![Reference { source: 0, at: 0, len: 100 }, Reference { source: 2, at: 0, len: 250 }];
    let [stored_hash, hash] = [Hash([0x44; 32]), Hash([0x55; 32])];
    Parts {
        change: change("a.zip", kept(900), after),
        sources: [("a.zip", 900), ("b.png", 400)].map(|(at, len)| SourceFile { path: path(at), len }).to_vec(),
        inflated: vec![
            Inflated { source: 0, at: 100, stored_len: 40, raw_len: 250, wrap: Wrap::Bare },
            Inflated { source: 1, at: 41, stored_len: 140, raw_len: 1000, wrap: PNG },
        ],
        frames: vec![Frame { kind: FrameKind::Zstd, len: 10, stored_len: 9, stored_hash, hash, references }],
    }
}

fn again(facts: &[u8], digests: &[u8]) -> Result<(Vec<u8>, Vec<u8>), DecodeError> {
    Index::decode_as(facts, digests, true).map(|index| index.encode())
}

#[test]
fn it_is_read_as_it_was_written_and_only_where_the_header_says_so() {
    let index = parts().index().unwrap();
    let (facts, digests) = index.encode();
    assert_eq!(Index::decode_as(&facts, &digests, true), Ok(index));
    assert!(Index::decode(&facts, &digests).is_err());
    let (facts, digests) = crate::patches::parts().index().unwrap().encode();
    assert!(again(&facts, &digests).is_err());
    assert_eq!(
        again(&[0, 0, 0, 0], &[Hash::of(b"").0, Hash::of(b"").0].concat()),
        Err(DecodeError::Field("feature that is not used"))
    );
    let header = Header { restores: true, ..header() };
    assert_eq!(Header::decode(&header.encode()), Ok(header));
}

#[test]
fn every_other_byte_is_refused_or_says_something_else() {
    let (facts, digests) = parts().index().unwrap().encode();
    for at in 0..facts.len() {
        let pairs = [[0x80, 0], [0x81, 0], [facts[at] | 0x80, 0], [facts[at], 0], [0xff, 0x7f]];
        let single = (0..=255).map(|value| vec![value]);
        for bytes in single.chain(pairs.map(|pair| pair.to_vec())) {
            let forged = [&facts[..at], &bytes, &facts[at + 1..]].concat();
            if let Ok(again) = again(&forged, &digests) {
                assert_eq!(again, (forged, digests.clone()), "{bytes:?} at {at} has two spellings");
            }
        }
    }
    (0..facts.len()).for_each(|len| assert!(again(&facts[..len], &digests).is_err(), "{len} bytes of facts"));
    (0..digests.len()).for_each(|len| assert!(again(&facts, &digests[..len]).is_err(), "{len} bytes of digests"));
}

/// The sample with a change must be refused, and with this reason.
#[track_caller]
fn refused(why: &'static str, spoil: impl FnOnce(&mut Parts)) {
    let mut parts = parts();
    spoil(&mut parts);
    assert_eq!(parts.index(), Err(DecodeError::Field(why)));
}

#[test]
fn members_are_made_of_what_is_there() {
    refused("restored members", |parts| parts.file().restored.truncate(1));
    refused("restored members", |parts| parts.file().ops[1] = Op::Restore { number: 1, len: 50, literal_len: 10 });
    refused("restored members", |parts| parts.file().ops.swap(1, 3));
    refused("literal bytes of a restored member", |parts| {
        parts.file().ops[1] = Op::Restore { number: 0, len: 50, literal_len: 9 };
    });
    refused("operations do not cover the file", |parts| parts.file().restored[0].raw_len = 301);
    refused("copy beyond its source", |parts| parts.file().restored[1].ops[0] = Op::Copy { source: 3, at: 101, len: 900 });
    refused("number of an old member", |parts| parts.file().restored[0].like = Some(1));
    refused("number of an old member", |parts| parts.file().restored[0].like = Some(4));
    refused("number of a source", |parts| parts.file().restored[0].like = Some(3));
    refused("number of a source", |parts| parts.file().ops[2] = Op::Copy { source: 3, at: 0, len: 700 });
    refused("operation of a restored member", |parts| parts.file().restored[1].ops[0] = Op::Keep { len: 900 });
    refused("operation of a restored member", |parts| {
        parts.file().restored[1].ops[0] = Op::Adapt { source: 0, len: 900, literal_len: 0 };
    });
    refused("operation of a restored member", |parts| {
        parts.file().restored[1].ops[0] = Op::Restore { number: 0, len: 900, literal_len: 0 };
    });
    refused("length of a recipe", |parts| parts.file().restored[1].recipe = vec![0; (8 << 20) + 1]);
}

#[test]
fn bombs_are_refused_before_anything_is_allocated() {
    refused("length of a restored member", |parts| parts.file().restored[0].raw_len = 50 * 1032 + 1);
    refused("length of a restored member", |parts| parts.file().restored[0].raw_len = 1 << 40);
    refused("length of an old member", |parts| parts.inflated[0].raw_len = 40 * 1032 + 1);
    refused("length of an old member", |parts| parts.inflated[0].raw_len = 1 << 40);
    refused("length of an old member", |parts| parts.inflated[0].raw_len = 0);
    refused("length of an old member", |parts| {
        (parts.sources[1].len, parts.inflated[1].stored_len, parts.inflated[1].raw_len) = (1 << 30, 1 << 29, (32 << 20) + 1);
    });
    // Members of frames are inflated whole, however little of them is referred to.
    refused("length of inflated references", |parts| {
        (parts.sources[1].len, parts.inflated[1].stored_len, parts.inflated[1].raw_len) = (1 << 30, 76_000 - 12, 20 << 20);
        let there_and_back = [3, 2, 3].map(|source| Reference { source, at: 0, len: 1 });
        parts.frames[0].references = there_and_back.to_vec();
    });
}

#[test]
fn old_members_lie_in_their_files_and_apart() {
    refused("old member beyond its file", |parts| parts.inflated[0].at = 861);
    refused("old member beyond its file", |parts| parts.inflated[1].at = u64::MAX);
    refused("old member beyond its file", |parts| parts.inflated[0].stored_len = 0);
    refused("number of a source", |parts| parts.inflated[1].source = 2);
    refused("order of old members", |parts| parts.inflated.swap(0, 1));
    refused("order of old members", |parts| parts.inflated[1] = Inflated { at: 139, ..parts.inflated[0] });
    refused("source that is not read", |parts| parts.inflated.push(Inflated { at: 200, ..parts.inflated[1] }));
    refused("old members that are not needed", |parts| {
        parts.file().restored.clear();
        parts.file().ops = vec![Op::Keep { len: 100 }, Op::Literal { len: 900 }];
        parts.frames[0].len = 900;
    });
}

#[test]
fn pictures_are_cut_in_one_way() {
    // Two pieces of 64 bytes, of which the second is shorter or as long; never none.
    for (len, is_valid) in [(6, false), (7, true), (64, true), (65, false), (76, false), (77, true), (140, true), (141, false)] {
        let mut parts = parts();
        let op = Op::Restore { number: 1, len, literal_len: 0 };
        parts.file().ops[3] = op;
        parts.file().len = 850 + len;
        parts.file().restored[1].raw_len = 900;
        let index = parts.index();
        assert_eq!(index.is_ok(), is_valid, "{len}: {:?}", index.err());
    }
    refused("wrapping of a member", |parts| parts.inflated[1].wrap = Wrap::Png { piece_len: 1, header: 0 });
}

/// The same with frames of zstd in place of deflated streams.
fn zstd_parts() -> Parts {
    let mut parts = parts();
    parts.inflated[0].wrap = Wrap::Zstd;
    parts.file().restored[0].wrap = Wrap::Zstd;
    parts
}

#[test]
fn frames_of_zstd_are_a_feature_of_their_own() {
    let index = zstd_parts().index().unwrap();
    let zstd = Features { restores: true, joined: false, zstd: true };
    assert_eq!(index.features(), zstd);
    let (facts, digests) = index.encode();
    assert_eq!(Index::decode_with(&facts, &digests, zstd), Ok(index));
    let unused = Err(DecodeError::Field("feature that is not used"));
    assert_eq!(Index::decode_with(&facts, &digests, Features { zstd: false, ..zstd }), unused);
    let (facts, digests) = parts().index().unwrap().encode();
    assert_eq!(Index::decode_with(&facts, &digests, zstd), unused);
    // Of an old member alone, too.
    let mut parts = parts();
    parts.inflated[1].wrap = Wrap::Zstd;
    assert_eq!(parts.index().unwrap().features(), zstd);
    let header = Header { restores: true, zstd: true, ..header() };
    assert_eq!(header.features(), zstd);
    assert_eq!(Header::decode(&header.encode()), Ok(header));
}

#[test]
fn frames_of_zstd_hold_more_than_deflated_streams_and_not_everything() {
    let refused = |why: &'static str, spoil: &dyn Fn(&mut Parts)| {
        let mut parts = zstd_parts();
        spoil(&mut parts);
        assert_eq!(parts.index().map(drop), if why.is_empty() { Ok(()) } else { Err(DecodeError::Field(why)) });
    };
    // 40 bytes of the file, and 50.
    refused("", &|parts| parts.inflated[0].raw_len = 40 * 32768);
    refused("length of an old member", &|parts| parts.inflated[0].raw_len = 40 * 32768 + 1);
    refused("length of a restored member", &|parts| parts.file().restored[0].raw_len = 50 * 32768 + 1);
    refused("length of an old member", &|parts| {
        (parts.inflated[0].raw_len, parts.inflated[0].stored_len) = ((32 << 20) + 1, 800);
    });
}

#[test]
fn golden_files_are_what_is_written_today() {
    let (facts, digests) = parts().index().unwrap().encode();
    let header = Header { restores: true, ..header() }.encode().to_vec();
    for (name, bytes) in
        [("patch_restoring_header", header), ("patch_restoring_facts", facts), ("patch_restoring_digests", digests)]
    {
        let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.v2"));
        if std::env::var_os("UNTORN_BLESS").is_some() {
            fs::write(&golden, &bytes).unwrap();
        }
        assert!(fs::read(&golden).unwrap() == bytes, "{name}: the bytes have changed");
    }
}
