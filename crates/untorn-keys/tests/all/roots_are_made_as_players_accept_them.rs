//! Hobby mode, splitting, rotating and revoking: each root that comes out can be followed, and what could not be is not given out.

use untorn_keys::{KeyError, RoleChange, SecretKey, Successor, first_root, sign};
use untorn_trust::{Document, RoleName, TrustedRoot};

fn keys<const N: usize>() -> [SecretKey; N] {
    std::array::from_fn(|_| SecretKey::generate(None).unwrap())
}

/// One key that may sign everything.
fn hobby(key: &SecretKey) -> TrustedRoot {
    TrustedRoot::pin(sign(&Document::Root(first_root("game", key.public())), &[key]).unwrap()).unwrap()
}

/// Two of three for roots, one for releases, one for channels.
fn split(hobby: &TrustedRoot, old: &SecretKey, new: &[SecretKey; 5]) -> TrustedRoot {
    let public = |keys: &[SecretKey]| keys.iter().map(SecretKey::public).collect();
    let mut successor = Successor::of(hobby).unwrap();
    successor.set_role(RoleChange { role: RoleName::Root, keys: public(&new[..3]), threshold: 2 });
    successor.set_role(RoleChange { role: RoleName::Release, keys: public(&new[3..4]), threshold: 1 });
    successor.set_role(RoleChange { role: RoleName::Channel, keys: public(&new[4..]), threshold: 1 });
    successor.finish(&successor.sign(&[old, &new[0], &new[2]]).unwrap()).unwrap()
}

#[test]
fn one_key_becomes_five_and_players_follow() {
    let ([old], new) = (keys(), keys());
    let root = split(&hobby(&old), &old, &new);
    assert_eq!((root.root().version, root.root().root.threshold, root.root().root.keys.len()), (2, 2, 3));
    assert_eq!(RoleName::ALL.map(|role| role.of(root.root()).epoch), [0; 3], "nothing was stolen");
}

#[test]
fn a_key_that_may_not_sign_roots_does_not_sign_them() {
    let ([old, stranger], new) = (keys(), keys());
    let root = split(&hobby(&old), &old, &new);
    let successor = Successor::of(&root).unwrap();
    let signed = successor.sign(&[&new[0], &new[1], &new[3], &stranger]).unwrap();
    assert_eq!(untorn_trust::Signature::read_all(&signed.signatures).unwrap().len(), 2);
    assert!(successor.finish(&signed).is_ok());
}

#[test]
fn rotating_keeps_epochs_and_revoking_raises_those_of_the_roles_the_key_stood_in() {
    let ([old, fresh], new) = (keys(), keys());
    let root = split(&hobby(&old), &old, &new);
    let mut rotated = Successor::of(&root).unwrap();
    rotated.replace(&new[4].public(), &fresh.public()).unwrap();
    let mut revoked = Successor::of(&root).unwrap();
    revoked.revoke(&new[4].public(), Some(&fresh.public())).unwrap();
    for (successor, epochs) in [(rotated, [0, 0, 0]), (revoked, [0, 0, 1])] {
        let root = successor.finish(&successor.sign(&[&new[0], &new[1]]).unwrap()).unwrap();
        assert_eq!(RoleName::ALL.map(|role| role.of(root.root()).epoch), epochs);
        assert_eq!(root.root().channel.keys, [fresh.public()]);
    }
    // In hobby mode one key stands in all roles.
    let mut all = Successor::of(&hobby(&old)).unwrap();
    all.revoke(&old.public(), Some(&fresh.public())).unwrap();
    let root = all.finish(&all.sign(&[&old, &fresh]).unwrap()).unwrap();
    assert_eq!(RoleName::ALL.map(|role| role.of(root.root()).epoch), [1; 3]);
}

#[test]
fn a_role_is_not_left_without_keys() {
    let ([old, stranger], new) = (keys(), keys());
    let root = split(&hobby(&old), &old, &new);
    let mut successor = Successor::of(&root).unwrap();
    let before = successor.root().clone();
    assert!(matches!(successor.revoke(&new[3].public(), None), Err(KeyError::TooFewKeys { role: RoleName::Release })));
    assert!(matches!(successor.revoke(&stranger.public(), None), Err(KeyError::NotInRoot { .. })));
    assert_eq!(*successor.root(), before, "an error changes nothing");
    // Two of three: one may go.
    assert!(successor.revoke(&new[0].public(), None).is_ok());
    assert!(successor.revoke(&new[1].public(), None).is_err());
}

#[test]
fn a_root_that_nobody_could_believe_is_not_signed() {
    let [old] = keys();
    let mut successor = Successor::of(&hobby(&old)).unwrap();
    successor.set_role(RoleChange { role: RoleName::Release, keys: vec![old.public()], threshold: 2 });
    assert!(matches!(successor.sign(&[&old]), Err(KeyError::Trust(_))));
    let weak = untorn_format::release::PublicKey { id: [0; 8], key: [0; 32] };
    successor.set_role(RoleChange { role: RoleName::Release, keys: vec![weak], threshold: 1 });
    assert_eq!(successor.sign(&[&old]).unwrap_err().code(), "UNT-TRUST-WEAK-KEY");
}

#[test]
fn signatures_may_be_added_one_by_one() {
    let ([old], new) = (keys(), keys());
    let root = split(&hobby(&old), &old, &new);
    let successor = Successor::of(&root).unwrap();
    let mut signed = successor.sign(&[&new[0]]).unwrap();
    assert!(successor.finish(&signed).is_err());
    untorn_keys::add_signature(&mut signed, &new[1]).unwrap();
    assert!(successor.finish(&signed).is_ok());
}
