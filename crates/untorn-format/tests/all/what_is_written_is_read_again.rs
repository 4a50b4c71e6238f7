//! Round trips of arbitrary values, and arbitrary bytes for all decoders.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*, sample::Index};
use untorn_format::{
    Hash, TreePath, check_set, escape, fold_key,
    journal::{
        After, Before, Blob, MAX_PLAN_LEN, Object, Plan, Range, Record, SlotState, Source, Step, Target, Undo, UndoEntry,
        UndoKept,
    },
    manifest::{Entry, Kind, Manifest},
};

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash)
}

fn blob() -> impl Strategy<Value = Blob> {
    (any::<u64>(), hash()).prop_map(|(len, hash)| Blob { len, hash })
}

fn path() -> impl Strategy<Value = TreePath> {
    "[a-cö日._-]{1,6}(/[a-c 0é]{1,4}){0,4}".prop_filter_map("not a path", |path| TreePath::new(&path).ok())
}

fn paths() -> impl Strategy<Value = BTreeSet<TreePath>> {
    prop::collection::btree_set(path(), 0..8)
}

/// Sorted ranges within `len`, their bytes within a redo file of `redo` bytes.
fn ranges(len: u64, redo: u64) -> impl Strategy<Value = Vec<Range>> {
    vec((any::<u64>(), any::<u64>()), 0..5).prop_map(move |picks| {
        let mut edges: Vec<u64> = picks.iter().map(|(edge, _)| edge % (len + 1)).collect();
        edges.sort_unstable();
        edges.dedup();
        let pieces = edges.windows(2).zip(&picks).filter(|(edge, _)| edge[1] - edge[0] <= redo);
        pieces
            .map(|(edge, (_, pick))| Range {
                at: edge[0],
                len: edge[1] - edge[0],
                redo_at: pick % (redo - (edge[1] - edge[0]) + 1),
            })
            .collect()
    })
}

fn record() -> impl Strategy<Value = Record> {
    let plan = prop_oneof![Just((0, Hash::NONE)), (1..=MAX_PLAN_LEN, hash())];
    (any::<[u64; 3]>(), any::<bool>(), any::<[u8; 16]>(), any::<u128>(), plan, hash(), hash()).prop_map(
        |([seq, txid, undo], given_up, tree_id, home, (plan_len, plan_hash), from, to)| {
            let state = match (plan_len, given_up) {
                (_, true) => SlotState::Aborted,
                (0, false) => SlotState::Idle,
                (_, false) => SlotState::Committed,
            };
            Record { seq, state, tree_id, home, txid, plan_len, plan_hash, from, to, undo }
        },
    )
}

fn patch(target: Target, len: u64, redo: u64) -> impl Strategy<Value = Step> {
    (any::<bool>(), any::<bool>(), ranges(len, redo)).prop_map(move |(create, executable, ranges)| {
        let create = create && matches!(target, Target::Path(_));
        Step::Patch { target: target.clone(), create, executable: create && executable, len, ranges }
    })
}

/// Links are objects 0 to 3, files come after them.
fn plan() -> impl Strategy<Value = Plan> {
    let sets = prop::array::uniform6(paths());
    (sets, any::<u64>(), 0..=1_u64 << 62, vec(blob(), 4), vec((any::<bool>(), any::<Index>()), 4), hash(), hash()).prop_flat_map(
        |([removed, dirs, made, put, patched, flagged], txid, redo_len, blobs, picks, from, to)| {
            let objects: Vec<Object> =
                (0..4).map(|len| Object::Link { len }).chain(blobs.iter().copied().map(Object::File)).collect();
            let mut steps: Vec<Step> = removed.iter().cloned().map(|path| Step::RemoveFile { path }).collect();
            steps.extend(dirs.iter().rev().cloned().map(|path| Step::RemoveDir { path }));
            steps.extend(made.iter().cloned().map(|path| Step::MakeDir { path, permissions: 0o755 }));
            steps.extend(put.iter().cloned().zip((0..8).rev()).map(|(path, object)| Step::Put { path, object }));
            steps.extend(removed.iter().cloned().map(|path| Step::Symlink { path, target: "plain".to_owned() }));
            let targets = patched.iter().cloned().map(Target::Path).chain((0..4).map(Target::Object));
            let patches: Vec<_> = targets.map(|target| patch(target, txid % (1 << 62), redo_len)).collect();
            let flags: Vec<Step> = flagged
                .into_iter()
                .map(Target::Path)
                .chain((0..8).map(Target::Object))
                .map(|target| Step::SetExecutable { target, executable: picks[0].0 })
                .collect();
            patches.prop_map(move |patches| Plan {
                tree_id: [7; 16],
                txid,
                from,
                to,
                new_head: picks[1].0,
                undo: [UndoKept::Nothing, UndoKept::Own, UndoKept::Earlier][picks[2].1.index(3)],
                redo: Blob { len: redo_len, hash: from },
                objects: objects.clone(),
                steps: [&steps[..], &patches[..], &flags[..]].concat(),
            })
        },
    )
}

fn before(data_len: u64) -> impl Strategy<Value = Before> {
    let source = prop_oneof![(0..3_u32).prop_map(Source::Kept), path().prop_map(Source::Current)];
    let file = (source, 0..=u64::MAX - 1, any::<bool>()).prop_flat_map(move |(source, len, executable)| {
        ranges(len, data_len).prop_map(move |ranges| Before::File { source: source.clone(), len, executable, ranges })
    });
    let link = "[^\0]{1,40}".prop_map(|target| Before::Symlink { target });
    prop_oneof![Just(Before::Absent), (0..=0o7777_u32).prop_map(|permissions| Before::Dir { permissions }), link, file]
}

fn after() -> impl Strategy<Value = After> {
    let file = (0..=u64::MAX - 1, any::<bool>(), hash()).prop_flat_map(|(len, executable, hash)| {
        let written = ranges(len, len).prop_map(|ranges| ranges.iter().map(|range| (range.at, range.len)).collect());
        written.prop_map(move |written| After::File { len, executable, written, hash })
    });
    prop_oneof![Just(After::Absent), Just(After::Dir), "[^\0]{1,40}".prop_map(|target| After::Symlink { target }), file]
}

fn undo() -> impl Strategy<Value = Undo> {
    (any::<u64>(), 0..=1_u64 << 60, hash(), vec(blob(), 3)).prop_flat_map(|(txid, data_len, hash, kept)| {
        let entries = prop::collection::btree_map(path(), (before(data_len), after()), 0..6);
        entries.prop_map(move |entries| Undo {
            tree_id: [9; 16],
            txid,
            from: hash,
            to: Hash::NONE,
            data: Blob { len: data_len, hash },
            kept: kept.clone(),
            entries: entries.into_iter().map(|(path, (before, after))| UndoEntry { path, before, after }).collect(),
        })
    })
}

/// Whatever of `paths` can stand together, with all directories.
fn manifest() -> impl Strategy<Value = Manifest> {
    (paths(), vec((0..1_u64 << 40, hash(), any::<bool>()), 8)).prop_map(|(paths, files)| {
        let mut kinds: BTreeMap<TreePath, Kind> = BTreeMap::new();
        for (path, (len, hash, executable)) in paths.into_iter().zip(files) {
            let mut grown = kinds.clone();
            grown.extend(path.ancestors().map(|dir| (dir, Kind::Dir)));
            grown.entry(path).or_insert(Kind::File { len, hash, executable });
            if check_set(grown.iter().map(|(path, kind)| (path, *kind == Kind::Dir))).is_ok() {
                kinds = grown;
            }
        }
        Manifest::new(kinds.into_iter().map(|(path, kind)| Entry { path, kind }).collect()).unwrap()
    })
}

proptest! {
    #[test]
    fn records(record in record()) {
        prop_assert_eq!(Record::decode(&record.encode()), Ok(record));
    }

    #[test]
    fn plans(plan in plan()) {
        prop_assert_eq!(Plan::decode(&plan.encode()), Ok(plan));
    }

    #[test]
    fn undo_documents(undo in undo()) {
        prop_assert_eq!(Undo::decode(&undo.encode()), Ok(undo));
    }

    #[test]
    fn manifests(manifest in manifest()) {
        prop_assert_eq!(Manifest::decode(&manifest.encode()), Ok(manifest));
    }

    #[test]
    fn arbitrary_changes_behind_a_right_checksum(changes in vec((any::<Index>(), any::<u8>()), 1..6)) {
        for (name, mut bytes, reencode) in crate::samples::all() {
            for (at, value) in &changes {
                let at = 16 + at.index(bytes.len() - 48);
                bytes[at] = *value;
            }
            let bytes = crate::samples::reseal(bytes);
            if let Ok(again) = reencode(&bytes) {
                prop_assert_eq!(again, bytes, "{} is not canonical", name);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_between_head_and_checksum(body in vec(any::<u8>(), 0..200)) {
        for (_, bytes, reencode) in crate::samples::all() {
            let forged = crate::samples::reseal([&bytes[..16], &body[..], &[0; 32]].concat());
            if let Ok(again) = reencode(&forged) {
                prop_assert_eq!(again, forged);
            }
        }
    }

    #[test]
    fn hashes_as_text(hash in hash()) {
        prop_assert_eq!(hash.to_string().parse(), Ok(hash));
        prop_assert_eq!(hash.to_string().to_uppercase().parse(), Ok(hash));
    }

    #[test]
    fn any_text_is_a_safe_path_or_a_refusal_with_a_code(text in any::<String>(), bytes in vec(any::<u8>(), 0..40)) {
        match TreePath::new(&text) {
            Ok(path) => {
                prop_assert_eq!(path.as_str(), &text);
                prop_assert_eq!(escape(text.as_bytes()), text, "what is accepted is safe to print");
            }
            Err(error) => prop_assert!(error.to_string().contains(error.code()), "{}", error),
        }
        let shown = TreePath::from_bytes(&bytes).map_or_else(|error| error.to_string(), |path| path.to_string());
        prop_assert!(!shown.chars().any(char::is_control));
    }

    #[test]
    fn names_of_one_key_clash_and_no_others(one in "[aAbBßsSéEe\u{301}ﬁfi]{1,4}", other in "[aAbBßsSéEe\u{301}ﬁfi]{1,4}") {
        let paths = [TreePath::new(&one).unwrap(), TreePath::new(&other).unwrap()];
        let clash = check_set(paths.iter().map(|path| (path, false))).is_err();
        prop_assert_eq!(clash, fold_key(&one) == fold_key(&other));
    }
}

#[test]
fn a_text_that_is_no_hash() {
    let digits = Hash::of(b"x").to_string();
    for text in [
        "",
        &digits[1..],
        &format!("{digits}0"),
        &digits.replace(&digits[..1], "g"),
        &format!("+{}", &digits[1..]),
        &"é".repeat(32),
    ] {
        assert!(text.parse::<Hash>().is_err(), "{text}");
    }
}
