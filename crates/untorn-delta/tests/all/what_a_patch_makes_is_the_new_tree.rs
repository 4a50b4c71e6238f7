//! The promise: the old tree and the patch give the new tree, whatever changed.

use crate::trees::{Node, Tree, assert_leads_to, assert_leads_to_at, noise, path};
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn files_appear_change_and_go() {
    let old = Tree::default().with("same", noise(1, 5000)).with("changed", noise(2, 5000)).with("gone", noise(3, 5000));
    let changed = [&noise(2, 2000)[..], b"edit", &noise(2, 5000)[2004..]].concat();
    let new = Tree::default().with("same", noise(1, 5000)).with("changed", changed).with("new", noise(4, 5000));
    assert_leads_to(&old, &new);
    assert_leads_to(&new, &old);
    assert_leads_to(&old, &old);
    assert_leads_to(&Tree::default(), &new);
    assert_leads_to(&old, &Tree::default());
}

#[test]
fn files_move_alone_in_crowds_and_into_each_others_places() {
    let old = Tree::default()
        .with("a", noise(1, 900))
        .with("b", noise(2, 900))
        .with("c/same", noise(3, 900))
        .with("d/same", noise(3, 900));
    let new = Tree::default()
        .with("b", noise(1, 900))
        .with("a", noise(2, 900))
        .with("e/same", noise(3, 900))
        .with("f/other", noise(3, 900));
    assert_leads_to(&old, &new);
    assert_leads_to(&new, &old);
    let twice = Tree::default().with("a", noise(1, 900)).with("a2", noise(1, 900)).with("a3", noise(1, 900));
    assert_leads_to(&old, &twice);
    assert_leads_to(&twice, &old);
}

#[test]
fn files_become_directories_and_symlinks_and_back() {
    let file = Tree::default().with("x", noise(1, 3000)).with("y", *b"y");
    let dir = Tree::default().with("x/x", noise(1, 3000)).with("x/z/deep", *b"deep").with_node("empty", Node::Dir);
    let link = Tree::default().with_node("x", Node::Symlink("y".into())).with("y", noise(1, 3000));
    let other_link = Tree::default().with_node("x", Node::Symlink("z".into())).with("z", noise(1, 3001));
    for old in [&file, &dir, &link, &other_link] {
        for new in [&file, &dir, &link, &other_link] {
            assert_leads_to(old, new);
        }
    }
}

#[test]
fn the_executable_bit_changes_with_and_without_the_content() {
    let tree = |bytes: &[u8], executable| Tree::default().with_node("run", Node::File(bytes.to_vec(), executable));
    let moved = |executable| Tree::default().with_node("ran", Node::File(noise(1, 500), executable));
    let trees = [
        tree(&noise(1, 500), false),
        tree(&noise(1, 500), true),
        tree(&noise(2, 500), true),
        tree(b"", true),
        moved(true),
        moved(false),
    ];
    for old in &trees {
        trees.iter().for_each(|new| assert_leads_to(old, new));
    }
}

#[test]
fn files_shrink_grow_shift_and_empty() {
    let whole = noise(7, 300_000);
    let variants = [
        Vec::new(),
        whole.clone(),
        whole[..100_000].to_vec(),
        whole[3..].to_vec(),
        [&whole[..150_000], &noise(8, 70_000), &whole[150_000..]].concat(),
        [&whole[200_000..], &whole[..200_000]].concat(),
        [&whole[..], &whole[..]].concat(),
        vec![0; 300_000],
        vec![0; 200_001],
    ];
    for old in &variants {
        for new in &variants {
            assert_leads_to(&Tree::default().with("pak", old.clone()), &Tree::default().with("pak", new.clone()));
        }
    }
}

#[test]
fn literal_bytes_fill_many_frames() {
    let text: Vec<u8> = (0..900_000_u32).flat_map(|number| format!("line {}\n", number * 7).into_bytes()).collect();
    let old = Tree::default().with("a", noise(1, 5 << 20)).with("text", text.clone());
    let new = Tree::default().with("a", noise(2, 9 << 20)).with("b", text[1_000_000..].to_vec()).with("c", noise(3, 4 << 20));
    assert_leads_to_at(&[1], &old, &new);
    assert_leads_to_at(&[1], &new, &old);
}

/// Content made of few different pieces, so that trees have much in common.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = (0..6_u64, 0..400_usize, 0..400_usize).prop_map(|(seed, start, len)| noise(seed, start + len)[start..].to_vec());
    let edited = (vec(piece, 0..6), any::<u16>(), any::<u8>()).prop_map(|(pieces, at, value)| {
        let mut bytes = pieces.concat();
        if let Some(byte) = bytes.get_mut(usize::from(at) % 2000) {
            *byte = value;
        }
        bytes
    });
    prop_oneof![4 => edited, 1 => (0..6_u64).prop_map(|seed| noise(seed, 1000)), 1 => Just(Vec::new())]
}

pub(crate) fn tree() -> impl Strategy<Value = Tree> {
    let at = prop::sample::select(vec!["a", "a/x", "a/y", "b", "b/c", "b/c/d", "e", "f/a", "f/x", "g"]);
    let node = prop_oneof![
        6 => (content(), any::<bool>()).prop_map(|(bytes, executable)| Node::File(bytes, executable)),
        1 => Just(Node::Dir),
        1 => prop::sample::select(vec!["e", "g"]).prop_map(|target| Node::Symlink(target.into())),
    ];
    vec((at, node), 0..10).prop_map(|nodes| {
        let mut tree = Tree::default();
        nodes.into_iter().for_each(|(at, node)| tree.put(&path(at), node));
        without_dangling_links(tree)
    })
}

/// A manifest refuses symlinks that lead nowhere.
fn without_dangling_links(mut tree: Tree) -> Tree {
    let nodes = tree.nodes.clone();
    tree.nodes.retain(|at, node| match node {
        Node::Symlink(target) => {
            let target = at.parent().map_or_else(|| path(target), |dir| dir.join(target).unwrap());
            nodes.get(&target).is_some_and(|node| !matches!(node, Node::Symlink(_)))
        }
        _ => true,
    });
    tree
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.nodes.iter()).finish()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_becomes_any_other(old in tree(), new in tree()) {
        assert_leads_to(&old, &new);
    }
}
