//! U10, U11: how keys change hands.

use crate::util::{key, pinned, role, root, sign_root};
use untorn_format::release::{Root, Signed};
use untorn_keys::Successor;
use untorn_trust::{RootChain, TrustError, TrustedRoot};

fn next(change: impl FnOnce(&mut Root)) -> Root {
    let mut root = root();
    root.version = 2;
    change(&mut root);
    root
}

#[test]
fn u11_a_root_needs_thresholds_of_both_the_old_and_the_new_one() {
    let moved = next(|root| root.root = role(0, 2, &[2, 3, 5]));
    for (keys, is_enough) in [
        (&[0, 1][..], false),
        (&[3, 5], false),
        (&[0, 3], false),
        (&[2, 3], false),
        (&[0, 2], false),
        (&[0, 2, 3], true),
        (&[0, 1, 3, 5], true),
        (&[2], false),
    ] {
        assert_eq!(pinned().step(&sign_root(&moved, keys)).is_ok(), is_enough, "{keys:?}");
    }
}

#[test]
fn u11_a_root_key_below_the_threshold_changes_nothing() {
    let mine = next(|root| root.root = role(0, 1, &[0]));
    let error = pinned().step(&sign_root(&mine, &[0])).unwrap_err();
    assert!(matches!(error, TrustError::Signature { have: 1, need: 2, .. }), "{error}");
}

#[test]
fn u11_versions_follow_each_other_one_by_one() {
    for version in [1, 3, u64::MAX] {
        let jumped = next(|root| root.version = version);
        let error = pinned().step(&sign_root(&jumped, &[0, 1])).unwrap_err();
        assert_eq!(error, TrustError::Chain { have: 1, found: version });
    }
    let other = next(|root| root.product = "editor".to_owned());
    assert_eq!(pinned().step(&sign_root(&other, &[0, 1])).unwrap_err().code(), "UNT-TRUST-PRODUCT");
}

#[test]
fn u11_a_root_takes_nothing_back() {
    let mut first = root();
    (first.min_build, first.root.epoch, first.release.epoch, first.channel.epoch) = (5, 1, 1, 1);
    let first = TrustedRoot::pin(sign_root(&first, &[0, 1])).unwrap();
    let back: [fn(&mut Root); 4] =
        [|root| root.min_build = 4, |root| root.root.epoch = 0, |root| root.release.epoch = 0, |root| root.channel.epoch = 0];
    for change in back {
        let mut next = first.root().clone();
        next.version = 2;
        change(&mut next);
        assert_eq!(first.step(&sign_root(&next, &[0, 1])).unwrap_err(), TrustError::TakenBack { version: 2 });
    }
}

fn chain(len: u64) -> RootChain {
    let roots = (1..=len).map(|version| sign_root(&next(|root| root.version = version), &[0, 1]));
    RootChain { first: 1, roots: roots.collect() }
}

#[test]
fn u11_a_chain_is_followed_to_its_end_from_wherever_one_is() {
    let chain = chain(5);
    let mut root = pinned();
    root = root.follow(&RootChain { first: 1, roots: chain.roots[..3].to_vec() }).unwrap();
    assert_eq!(root.root().version, 3);
    assert_eq!(root.follow(&chain).unwrap().root().version, 5);
    assert_eq!(root.follow(&RootChain::default()).unwrap(), root);
    // Without the roots in between there is no way.
    let gap = RootChain { first: 5, roots: chain.roots[4..].to_vec() };
    assert_eq!(root.follow(&gap).unwrap_err().code(), "UNT-TRUST-CHAIN");
    // A root that is older than ours is no news.
    assert_eq!(root.follow(&RootChain { first: 1, roots: chain.roots[..2].to_vec() }).unwrap(), root);
    // What the chain says of its numbers decides nothing.
    let renumbered = RootChain { first: 4, roots: chain.roots[4..].to_vec() };
    assert!(root.follow(&renumbered).is_err());
    assert!(root.follow(&RootChain { first: u64::MAX, roots: chain.roots.clone() }).is_err());
}

#[test]
fn u11_a_chain_of_more_than_256_roots_is_refused_unread() {
    let roots = vec![Signed { signatures: String::new(), document: vec![] }; 257];
    assert_eq!(pinned().follow(&RootChain { first: 1, roots }).unwrap_err(), TrustError::ChainLength);
    assert_eq!(pinned().follow(&chain(256)).unwrap().root().version, 256);
}

#[test]
fn u11_two_roots_with_one_version_are_noticed() {
    let other = sign_root(&next(|root| (root.version, root.min_build) = (1, 3)), &[0, 1]);
    let error = pinned().follow(&RootChain { first: 1, roots: vec![other] }).unwrap_err();
    assert_eq!(error, TrustError::Fork { what: "root 1".to_owned() });
}

#[test]
fn u10_a_successor_of_the_studio_can_be_followed() {
    let mut successor = Successor::of(&pinned()).unwrap();
    successor.revoke(&key(3).public(), Some(&key(5).public())).unwrap();
    successor.raise_min_build(44);
    let signed = successor.sign(&[key(1), key(2), key(4)]).unwrap();
    let root = successor.finish(&signed).unwrap();
    assert_eq!((root.root().release.epoch, root.root().channel.epoch, root.root().min_build), (1, 0, 44));
    assert!(successor.finish(&successor.sign(&[key(1)]).unwrap()).is_err(), "one root key is not enough");
}
