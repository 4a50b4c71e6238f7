//! One small index that uses every kind of field.

use untorn_format::{
    Hash, TreePath,
    patch::{
        After, Before, Change, Changes, Check, FilePatch, Frame, FrameKind, Header, Hint, Index, Op, Reference, Replaced,
        SourceFile, Sums,
    },
};

pub(crate) fn path(path: &str) -> TreePath {
    TreePath::new(path).unwrap()
}

pub(crate) fn file(len: u64) -> Before {
    Before::File { len, replaced: Replaced::Whole(Hint([0x11; 2])) }
}

/// A file of which some bytes are kept.
pub(crate) fn kept(len: u64) -> Before {
    Before::File { len, replaced: Replaced::Parts(Check([0x12; 16])) }
}

pub(crate) fn made(len: u64, ops: Vec<Op>) -> After {
    let program = if ops.iter().any(|op| matches!(op, Op::Adapt { .. })) { b"program".to_vec() } else { Vec::new() };
    let mut file = FilePatch { len, hash: None, executable: false, ops, program, restored: Vec::new(), written: None };
    file.hash = (!file.is_literal()).then_some(Hash([0x22; 32]));
    file.written = file.keeps().then_some(Check([0x33; 16]));
    After::File(file)
}

pub(crate) fn change(at: &str, before: Before, after: After) -> Change {
    Change { path: path(at), before, after }
}

/// What an index is made of.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) changes: Vec<Change>,
    pub(crate) sources: Vec<SourceFile>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) sums: Sums,
}

impl Parts {
    pub(crate) fn index(self) -> Result<Index, untorn_format::DecodeError> {
        Index::new(Changes::new(self.changes)?, self.sources, self.frames, self.sums)
    }
}

pub(crate) fn parts() -> Parts {
    let ops = vec![
        Op::Keep { len: 10 },
        Op::Literal { len: 300 },
        Op::Copy { source: 0, at: 700, len: 40 },
        Op::Copy { source: 2, at: 5, len: 6 },
        Op::Copy { source: 1, at: 0, len: 1 },
        Op::Literal { len: 1 },
    ];
    let mut tool = made(3, vec![Op::Literal { len: 3 }]);
    if let After::File(file) = &mut tool {
        file.executable = true;
    }
    let changes = vec![
        change("a", kept(1000), made(358, ops)),
        change("b", file(20), After::Dir),
        change("c", Before::Dir, After::Absent),
        change("d", Before::Symlink { target: "a".into() }, After::Symlink { target: "b".into() }),
        change("e", Before::Absent, After::Moved { from: path("f"), executable: true }),
        change("f", file(7), After::Absent),
        change("tool", Before::Absent, tool),
        change("tools", file(9), made(40, vec![Op::Copy { source: 0, at: 0, len: 40 }])),
        change("zlib", file(50), made(60, vec![Op::Adapt { source: 3, len: 60, literal_len: 0 }])),
    ];
    let sources =
        [("a", 1000), ("b", 20), ("kept", 11), ("zlib", 50)].map(|(at, len)| SourceFile { path: path(at), len }).to_vec();
    let references = vec![
        Reference { source: 0, at: 10, len: 100 },
        Reference { source: 0, at: 120, len: 5 },
        Reference { source: 2, at: 0, len: 11 },
    ];
    let raw = Hash([0x66; 32]);
    let frames = vec![
        Frame {
            kind: FrameKind::Lzma,
            len: 302,
            stored_len: 90,
            stored_hash: Hash([0x44; 32]),
            hash: Hash([0x55; 32]),
            references,
        },
        Frame { kind: FrameKind::Raw, len: 2, stored_len: 2, stored_hash: raw, hash: raw, references: Vec::new() },
    ];
    Parts { changes, sources, frames, sums: Sums { before: Hash([0x77; 32]), after: Hash([0x88; 32]) } }
}

pub(crate) fn header() -> Header {
    Header {
        restores: false,
        joined: false,
        zstd: false,
        from: Hash::of(b"old"),
        to: Hash::of(b"new"),
        facts_stored_len: 100,
        facts_len: 200,
        digests_len: 300,
        frames_len: 92,
        index_hash: Hash::of(b"index"),
    }
}
