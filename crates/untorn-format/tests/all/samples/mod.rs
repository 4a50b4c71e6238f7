//! One small value of each document that uses every kind of field.

use untorn_format::{
    Hash, TreePath, index,
    journal::{
        After, Before, Blob, Object, Plan, Progress, Range, Record, SlotState, Source, StagedBase, StagedFile, Step, Target,
        Undo, UndoEntry, UndoKept,
    },
    manifest::{Entry, Kind, Manifest},
    release::{
        BridgeObject, Channel, Following, HalfWay, IndexObject, Installed, ManifestDelta, ManifestObject, Pack, PatchObject,
        Pointer, Preface, PublicKey, Ratchet, Release, Role, Root, Signed, Steps,
    },
    verified,
};

/// Reads a document and writes it again.
pub(crate) type Reencode = fn(&[u8]) -> Result<Vec<u8>, untorn_format::DecodeError>;

/// Every sample: name, bytes, and how to read it and write it again.
pub(crate) fn all() -> [(&'static str, Vec<u8>, Reencode); 17] {
    [
        ("record", record().encode().to_vec(), |bytes| Ok(Record::decode(bytes)?.encode().to_vec())),
        ("plan", plan().encode(), |bytes| Ok(Plan::decode(bytes)?.encode())),
        ("undo", undo().encode(), |bytes| Ok(Undo::decode(bytes)?.encode())),
        ("progress", progress().encode().unwrap(), |bytes| Ok(Progress::decode(bytes)?.encode().unwrap_or_default())),
        ("manifest", manifest().encode(), |bytes| Ok(Manifest::decode(bytes)?.encode())),
        ("root", root().encode(), |bytes| Ok(Root::decode(bytes)?.encode())),
        ("release", release().encode(), |bytes| Ok(Release::decode(bytes)?.encode())),
        ("release_bridged", bridged_release().encode(), |bytes| Ok(Release::decode(bytes)?.encode())),
        ("channel", channel().encode(), |bytes| Ok(Channel::decode(bytes)?.encode())),
        ("signed", signed().encode(), |bytes| Ok(Signed::decode(bytes)?.encode())),
        ("preface", preface().encode(), |bytes| Ok(Preface::decode(bytes)?.encode())),
        ("installed", installed().encode(), |bytes| Ok(Installed::decode(bytes)?.encode())),
        ("halfway", half_way().encode(), |bytes| Ok(HalfWay::decode(bytes)?.ok_or(untorn_format::DecodeError::Magic)?.encode())),
        ("index", index().encode(), |bytes| Ok(index::Head::decode(bytes)?.encode())),
        ("verified", verified().encode(), |bytes| Ok(verified::Verified::decode(bytes)?.encode())),
        ("page", page().encode(), |bytes| Ok(index::Page::decode(bytes)?.encode())),
        ("bridge", bridge().encode(), |bytes| Ok(index::Bridge::decode(bytes)?.encode())),
    ]
}

/// `bytes` with a checksum that fits.
pub(crate) fn reseal(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 32;
    let checksum = Hash::of(&bytes[..end]);
    bytes[end..].copy_from_slice(&checksum.0);
    bytes
}

pub(crate) fn path(path: &str) -> TreePath {
    TreePath::new(path).unwrap()
}

pub(crate) fn record() -> Record {
    Record {
        seq: 7,
        state: SlotState::Committed,
        tree_id: *b"sixteen bytes id",
        home: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10,
        txid: 5,
        plan_len: 1234,
        plan_hash: Hash::of(b"plan"),
        from: Hash::of(b"old head"),
        to: Hash::of(b"new head"),
        undo: 4,
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        tree_id: *b"sixteen bytes id",
        txid: 5,
        from: Hash::of(b"old head"),
        to: Hash::of(b"new head"),
        new_head: true,
        undo: UndoKept::Nothing,
        redo: Blob { len: 100, hash: Hash::of(b"redo") },
        objects: vec![
            Object::File(Blob { len: 9, hash: Hash::of(b"new bytes") }),
            Object::Link { len: 4096 },
            Object::Clone { len: 1 << 32, hash: Hash::of(b"pieces"), written: vec![(0, 512), (1 << 20, 6)] },
        ],
        steps: vec![
            Step::RemoveFile { path: path("old/a.txt") },
            Step::RemoveFile { path: path("old/deep/b.txt") },
            Step::RemoveDir { path: path("old/deep") },
            Step::RemoveDir { path: path("old") },
            Step::MakeDir { path: path("new"), permissions: 0 },
            Step::MakeDir { path: path("new/größe"), permissions: 0o755 },
            Step::Put { path: path("new/file"), object: 0 },
            Step::Put { path: path("new/moved"), object: 1 },
            Step::Put { path: path("new/patched"), object: 2 },
            Step::Symlink { path: path("new/link"), target: "../data/x".to_owned() },
            Step::Patch {
                target: Target::Path(path("data/x")),
                create: false,
                executable: false,
                len: 1 << 40,
                ranges: vec![
                    Range { at: 0, len: 10, redo_at: 0 },
                    Range { at: 10, len: 1, redo_at: 90 },
                    Range { at: (1 << 40) - 5, len: 5, redo_at: 95 },
                ],
            },
            Step::Patch { target: Target::Path(path("data/y")), create: true, executable: false, len: 0, ranges: vec![] },
            Step::Patch { target: Target::Path(path("data/z")), create: true, executable: true, len: 0, ranges: vec![] },
            Step::Patch {
                target: Target::Object(1),
                create: false,
                executable: false,
                len: 4097,
                ranges: vec![Range { at: 4096, len: 1, redo_at: 10 }],
            },
            Step::SetExecutable { target: Target::Path(path("bin/game")), executable: true },
            Step::SetExecutable { target: Target::Object(1), executable: false },
        ],
    }
}

pub(crate) fn undo() -> Undo {
    let file = |len, written: Vec<(u64, u64)>| After::File { len, executable: false, written, hash: Hash::of(b"written") };
    Undo {
        tree_id: *b"sixteen bytes id",
        txid: 5,
        from: Hash::NONE,
        to: Hash::of(b"new head"),
        data: Blob { len: 64, hash: Hash::of(b"undo data") },
        kept: vec![Blob { len: 3, hash: Hash::of(b"old") }],
        entries: vec![
            UndoEntry {
                path: path("a"),
                before: Before::File {
                    source: Source::Current(path("b")),
                    len: 4096,
                    executable: true,
                    ranges: vec![Range { at: 8, len: 64, redo_at: 0 }],
                },
                after: After::Absent,
            },
            UndoEntry { path: path("b"), before: Before::Absent, after: file(5000, vec![(8, 64), (72, 1), (4999, 1)]) },
            UndoEntry {
                path: path("c"),
                before: Before::File { source: Source::Kept(0), len: 3, executable: false, ranges: vec![] },
                after: After::Symlink { target: "a".to_owned() },
            },
            UndoEntry { path: path("d"), before: Before::Symlink { target: "/etc/motd".to_owned() }, after: After::Dir },
            UndoEntry { path: path("e"), before: Before::Dir { permissions: 0o700 }, after: After::Absent },
        ],
    }
}

pub(crate) fn manifest() -> Manifest {
    let file = |bytes: &[u8], executable| Kind::File { len: bytes.len() as u64, hash: Hash::of(bytes), executable };
    Manifest::new(vec![
        Entry { path: path("readme.txt"), kind: file(b"hello", false) },
        Entry { path: path("bin/game"), kind: file(b"\x7fELF", true) },
        Entry { path: path("bin"), kind: Kind::Dir },
        Entry { path: path("bin/latest"), kind: Kind::Symlink { target: "../größe.pak".to_owned() } },
        Entry { path: path("größe.pak"), kind: file(b"", false) },
    ])
    .unwrap()
}

fn role(epoch: u64, threshold: u32, keys: &[u8]) -> Role {
    Role { epoch, threshold, keys: keys.iter().map(|key| PublicKey { id: [*key; 8], key: [*key; 32] }).collect() }
}

pub(crate) fn root() -> Root {
    Root {
        product: "game".to_owned(),
        version: 3,
        min_build: 900,
        root: role(0, 2, &[1, 2, 3]),
        release: role(1, 1, &[4]),
        channel: role(7, 1, &[5, 6]),
    }
}

pub(crate) fn release() -> Release {
    let patch = |from: &[u8], to: &[u8]| PatchObject {
        from: Hash::of(from),
        to: Hash::of(to),
        hash: Hash::of(b"patch"),
        len: 1 << 33,
        header_hash: Hash::of(b"header"),
        memory: 64 << 20,
    };
    let mut patches = vec![patch(b"1", b"2"), patch(b"2", b"3")];
    patches.sort_by_key(|patch| patch.from);
    Release {
        product: "game".to_owned(),
        platform: "linux-x86_64".to_owned(),
        build: 1042,
        label: "1.4.2 „Größe“".to_owned(),
        created: 1_790_000_000,
        manifest: ManifestObject { hash: Hash::of(b"manifest"), len: 4096, stored: Hash::of(b"stored"), stored_len: 512 },
        manifest_deltas: vec![ManifestDelta { from: Hash::of(b"2"), stored: Hash::of(b"delta"), stored_len: 64 }],
        index: IndexObject { hash: Hash::of(b"index"), len: 9000, head_hash: Hash::of(b"index head"), head_len: 800 },
        packs: vec![
            Pack { number: 0, hash: Hash::of(b"pack 0"), len: 64 << 20 },
            Pack { number: 5, hash: Hash::of(b"pack 5"), len: 1 },
        ],
        patches,
        bridges: Vec::new(),
    }
}

/// As it is since releases list bridges.
pub(crate) fn bridged_release() -> Release {
    let bridge = |from: &[u8]| BridgeObject { from: Hash::of(from), hash: Hash::of(b"bridge"), len: 1 << 20 };
    let mut bridges = vec![bridge(b"1"), bridge(b"2")];
    bridges.sort_by_key(|bridge| bridge.from);
    Release { bridges, ..release() }
}

pub(crate) fn channel() -> Channel {
    let pointer = |platform: &str| Pointer { platform: platform.to_owned(), release: release().id(), build: 1042 };
    Channel {
        product: "game".to_owned(),
        name: "stable".to_owned(),
        epoch: 7,
        seq: 12,
        prev: Hash::of(b"channel 11"),
        platforms: vec![pointer("linux-x86_64"), pointer("windows-x86_64")],
        floor: 1000,
        issued: 1_790_000_100,
        expires: 1_800_000_000,
        rollout_permille: 50,
        salt: *b"sixteen of salt!",
    }
}

pub(crate) fn signed() -> Signed {
    Signed {
        signatures: "untrusted comment: none\nRUQ=\ntrusted comment: none\nAA==\n".to_owned(),
        document: b"any bytes".to_vec(),
    }
}

pub(crate) fn preface() -> Preface {
    Preface { first_root: 2, roots: vec![signed(), signed()], release: Signed { document: b"a release".to_vec(), ..signed() } }
}

pub(crate) fn installed() -> Installed {
    let ratchet =
        |channel: &str| Ratchet { channel: channel.to_owned(), epoch: 7, seq: 12, document: Hash::of(channel.as_bytes()) };
    Installed {
        manifest: manifest(),
        following: Some(Following {
            product: "game".to_owned(),
            platform: "linux-x86_64".to_owned(),
            root: signed(),
            release: Some(Signed { document: b"a release".to_vec(), ..signed() }),
            ratchets: vec![ratchet("beta"), ratchet("stable")],
            floor: 1000,
            time: 1_790_000_100,
            rollout_id: *b"sixteen by chanc",
            left: Hash::of(b"1043"),
            channel: "stable".to_owned(),
            sources: vec!["https://updates.example/game".to_owned(), "/media/größe".to_owned()],
        }),
    }
}

pub(crate) fn half_way() -> HalfWay {
    HalfWay {
        steps: Steps { done: 12, count: 70, from: Hash::of(b"old"), to: installed().manifest.hash() },
        patch: Hash::of(b"patch"),
        step_len: 64 << 20,
        schedule: Hash::of(b"what each step does"),
        in_place: true,
        parts: vec![Hash::of(b"one"), Hash::of(b"two")],
        installed: installed(),
    }
}

pub(crate) fn index() -> index::Head {
    let page = |name: &[u8], len| index::PageRef { len, hash: Hash::of(name) };
    let span = |chunks, page| index::Span { len: u64::from(chunks) << 16, chunks, digest: Hash::of(b"chunks"), page };
    index::Head {
        manifest: Hash::of(b"manifest"),
        placed: true,
        pages: vec![page(b"page 0", 1000), page(b"page 1", 64 << 10), page(b"page 2", 7)],
        spans: vec![span(256, 0), span(512, 1), span(256, 0)],
        groups: vec![index::Group { files: 300, page: 2 }],
    }
}

pub(crate) fn page() -> index::Page {
    let frame = |pack, at, len| index::Frame { pack, at, stored_len: 50_000, len, hash: Hash::of(b"stored") };
    let chunk = |len, frame, at| (index::Chunk { len, hash: Hash::of(b"chunk") }, index::Place { frame, at });
    index::Page {
        frames: vec![frame(3, 50_000, 100_000), frame(3, 0, 128 << 10)],
        items: index::Items::Chunks(vec![chunk(40_000, 0, 60_000), chunk(128 << 10, 1, 0), chunk(60_000, 0, 0)]),
    }
}

pub(crate) fn progress() -> Progress {
    let ranges = || vec![Range { at: 0, len: 10, redo_at: 4096 }, Range { at: 4000, len: 90, redo_at: 8192 }];
    let file = |at, is_whole, len, base| StagedFile { path: path(at), is_whole, made: len, len, base };
    Progress {
        tree_id: *b"sixteen bytes id",
        key: Hash::of(b"patch"),
        to: Hash::of(b"new build"),
        number: 3,
        done: 500,
        total: 1000,
        redo: Blob { len: 12_288, hash: Hash::of(b"redo") },
        entries: vec![
            file("a", true, 4090, StagedBase::Nothing { ranges: ranges() }),
            file(
                "data/größe",
                true,
                5000,
                StagedBase::Tree { base_len: 4500, old_len: 6000, id: 7 << 64, changed: -2, ranges: ranges() },
            ),
            file("z", false, 70_000, StagedBase::Object { number: 2, hash: Hash::of(b"so far") }),
        ],
    }
}

pub(crate) fn bridge() -> index::Bridge {
    let frame = |pack, at, len| index::Frame { pack, at, stored_len: 50_000, len, hash: Hash::of(b"stored") };
    let mark = |len| index::Mark { len, check: *b"8 bytes." };
    index::Bridge {
        manifest: Hash::of(b"manifest"),
        frames: vec![
            index::BridgeFrame {
                frame: frame(3, 0, 140_000),
                bases: vec![mark(7), mark(128 << 10)],
                chunks: vec![mark(40_000), mark(100_000)],
            },
            index::BridgeFrame { frame: frame(3, 50_000, 1), bases: vec![], chunks: vec![mark(1)] },
            index::BridgeFrame { frame: frame(4, 9, 128 << 10), bases: vec![mark(1)], chunks: vec![mark(128 << 10)] },
        ],
    }
}

pub(crate) fn verified() -> verified::Verified {
    let stamp = |id| {
        let times = verified::Times { id, changed: -1, written: 1 << 64 };
        verified::Stamp::of(&path("data/größe"), 7, &Hash::of(b"content"), &times)
    };
    verified::Verified::new(vec![stamp(1), stamp(0), stamp(1)])
}
