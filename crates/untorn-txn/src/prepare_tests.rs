//! Which way a file takes, and what of its blocks is kept beside what is written.

use untorn_format::TreePath;
use untorn_fs::{FileKind, Permissions};
use untorn_sim::{SimFs, SimOptions, write};

use super::*;
use crate::{extents::Extents, options::WayChoice};

const B: u64 = BLOCK_LEN;

fn path(path: &str) -> TreePath {
    TreePath::new(path).unwrap()
}

/// A file at `a` that had `old_len` bytes (`None`: it is new) and shall have `len`, with pieces written to it.
fn file(old_len: Option<u64>, len: u64, pieces: &[(u64, u64)]) -> FileNode {
    let permissions = Permissions::from_bits(0o644);
    let meta = |len| Metadata { kind: FileKind::File, len, permissions, links: 1, id: None, changed: 0, written: 0 };
    let base = old_len.map_or(Base::Nothing, |old_len| Base::Tree { path: path("a"), meta: meta(old_len) });
    let mut extents = Extents::default();
    let mut redo_at = 0;
    for &(from, to) in pieces {
        extents.insert(from, to - from, redo_at);
        redo_at += to - from + 1;
    }
    FileNode { base, base_len: old_len.unwrap_or(0).min(len), len, extents, ..FileNode::empty() }
}

/// All pieces that are apart and sorted, one or two of them, between these bounds.
fn pieces(bounds: &[u64]) -> Vec<Vec<(u64, u64)>> {
    let single: Vec<(u64, u64)> =
        bounds.iter().flat_map(|&from| bounds.iter().filter(move |&&to| to > from).map(move |&to| (from, to))).collect();
    let pairs = single.iter().flat_map(|a| single.iter().filter(|b| a.1 < b.0).map(|b| vec![*a, *b]));
    std::iter::once(Vec::new()).chain(single.iter().map(|piece| vec![*piece])).chain(pairs).collect()
}

/// Byte for byte: what stands in a block that is written, or in the one where the file is cut or grows, and is in no piece.
#[test]
fn what_shares_a_block_with_what_is_written_is_kept_and_nothing_else() {
    let bounds = [0, 1, B - 1, B, B + 1, 2 * B - 1, 2 * B, 2 * B + 1, 3 * B];
    for pieces in pieces(&bounds) {
        for len in bounds.into_iter().filter(|&len| pieces.iter().all(|piece| piece.1 <= len)) {
            for old_len in std::iter::once(None).chain(bounds.map(Some)) {
                let gaps = uncovered(&file(old_len, len, &pieces));
                let edge = old_len.map(|old_len| old_len.min(len)).filter(|edge| old_len != Some(len) && edge % B != 0);
                for pair in bounds.windows(2) {
                    let (at, block) = (pair[0], pair[0] / B);
                    let is_written = |&(from, to): &(u64, u64)| from <= at && at < to;
                    let is_touched = pieces.iter().any(|&(from, to)| from / B <= block && block <= (to - 1) / B);
                    let is_edge = edge.is_some_and(|edge| edge / B == block);
                    let wanted = at < len && (is_touched || is_edge) && !pieces.iter().any(is_written);
                    let found = gaps.iter().any(is_written);
                    assert_eq!(found, wanted, "{old_len:?} to {len}, {pieces:?}: {at} in {gaps:?}");
                }
            }
        }
    }
}

fn way_on(fs: &SimFs, way: WayChoice, at: &str, file: &FileNode) -> (Way, Why) {
    way_of(fs, &Options { way, ..Options::default() }, &path(at), false, file, &Stage::new(1))
}

fn way(choice: WayChoice, at: &str, file: &FileNode) -> (Way, Why) {
    way_on(&SimFs::new(SimOptions::strict()), choice, at, file)
}

#[test]
fn what_is_staged_already_goes_as_it_was_staged() {
    let fs = SimFs::new(SimOptions::strict());
    fs.create_dir(".untorn", None).unwrap();
    write(&fs, "a", b"old").unwrap();
    let mut stage = Stage::new(1);
    stage.make(&fs).unwrap();
    let (new, _) = stage.stream(&fs, false, &mut "new".as_bytes()).unwrap();
    let clone = stage.clone_file(&fs, "a", 3).unwrap().unwrap();
    let link = stage.link(&fs, "a", 3, false).unwrap();
    for (number, wanted) in
        [(new, (Way::Put, Why::Whole)), (clone, (Way::Clone, Why::Cheapest)), (link, (Way::Metadata, Why::NoContent))]
    {
        let file = FileNode::staged(number, 3, false);
        assert_eq!(way_of(&fs, &Options::default(), &path("a"), false, &file, &stage), wanted);
    }
}

#[test]
fn attributes_alone_change_no_content_unless_they_are_those_of_another_name_too() {
    for (links, executable, wanted) in [
        (1, false, (Way::Metadata, Why::NoContent)),
        (1, true, (Way::Metadata, Why::NoContent)),
        (2, false, (Way::Metadata, Why::NoContent)),
        (2, true, (Way::Put, Why::HardLinked)),
    ] {
        let mut file = FileNode { executable, ..file(Some(3), 3, &[]) };
        if let Base::Tree { meta, .. } = &mut file.base {
            meta.links = links;
        }
        assert_eq!(way(WayChoice::Auto, "a", &file), wanted, "{links} names, executable: {executable}");
    }
}

#[test]
fn a_file_that_moves_is_changed_in_place_only_where_it_can_have_two_names() {
    let poor = SimFs::new(SimOptions { hard_links: false, ..SimOptions::strict() });
    let rich = SimFs::new(SimOptions::strict());
    let file = file(Some(100), 100, &[(0, 1)]);
    for (fs, at, wanted) in [
        (&rich, "a", (Way::Patch, Why::Asked)),
        (&rich, "moved", (Way::Patch, Why::Asked)),
        (&poor, "a", (Way::Patch, Why::Asked)),
        (&poor, "moved", (Way::Put, Why::NoInPlace)),
    ] {
        assert_eq!(way_on(fs, WayChoice::Patch, at, &file), wanted, "{at}");
    }
}

#[test]
fn no_more_than_a_mebibyte_of_zeros_goes_through_the_redo_file() {
    const MIB: u64 = 1 << 20;
    for (zeros, wanted) in [(MIB, (Way::Patch, Why::Asked)), (MIB + 1, (Way::Put, Why::Cheapest))] {
        // Cut to five bytes, and grown again.
        let cut = FileNode { base_len: 5, ..file(Some(4 * MIB), zeros + 5, &[]) };
        assert_eq!(way(WayChoice::Patch, "a", &cut), wanted, "{zeros}");
    }
}

/// In place everything is written twice, whole blocks of it; a whole file is written once, and a name made, which costs as much as 64 KiB.
#[test]
fn a_change_costs_what_it_writes_with_what_stands_beside_it() {
    let choice = |len, pieces: &[(u64, u64)]| way(WayChoice::Auto, "a", &file(Some(len), len, pieces)).0;
    // Twice 16 blocks are 16 blocks and 64 KiB; twice 17 are more.
    assert_eq!(choice(16 * B, &[(100, 16 * B - 100)]), Way::Patch);
    assert_eq!(choice(17 * B, &[(100, 17 * B - 100)]), Way::Put);
    // One block far behind in a long file.
    assert_eq!(choice(200 * B, &[(170 * B + 1000, 170 * B + 1400)]), Way::Patch);
    assert_eq!(choice(200 * B, &[(0, 120 * B)]), Way::Put);
    // Zeros are written, too.
    let cut = |len| FileNode { base_len: B, ..file(Some(40 * B), len, &[]) };
    assert_eq!(way(WayChoice::Auto, "a", &cut(17 * B)).0, Way::Patch);
    assert_eq!(way(WayChoice::Auto, "a", &cut(19 * B)).0, Way::Put);
}
