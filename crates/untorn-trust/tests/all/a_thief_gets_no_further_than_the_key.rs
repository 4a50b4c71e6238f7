//! The runbooks of SECURITY.md, from the thief's side and from the studio's: U9, U10, U11 and the loss of keys.

use crate::util::{channel, hear, key, pinned, release, sign_channel, sign_release, signed, trust_with, update};
use untorn_format::{Hash, release::Signed};
use untorn_keys::Successor;
use untorn_trust::{Document, Downgrade, RootChain, Trust, TrustedRoot};

/// What the tree heard last of the channel.
fn heard(trust: &Trust) -> Hash {
    trust.following().ratchets[0].document
}

#[test]
fn u1_u2_a_stolen_host_can_hold_back_and_break_but_not_change() {
    let mut trust = trust_with(7, 12);
    // It has everything that was ever published, and no key.
    let (old, now) = (channel(11, Hash::of(b"10"), &release(6)), channel(12, Hash::of(b"before"), &release(7)));
    assert_eq!(hear(&mut trust, &old).unwrap_err().code(), "UNT-TRUST-ROLLBACK", "it cannot lead back");
    let mut forged = sign_channel(&now);
    forged.document[40] ^= 1;
    let moment = untorn_trust::Moment { clock: crate::util::NOW, policy: untorn_trust::ExpiryPolicy::Warn };
    assert!(trust.hear("stable", "linux", &forged, moment).is_err(), "it cannot change a word");
    let offer = hear(&mut trust, &now).unwrap();
    assert!(trust.accept(&sign_release(&release(6)), &offer).is_err(), "it cannot mix");
    // It can hold back what is new. That shows once the word of the channel is old.
    let mut short = channel(13, heard(&trust), &release(7));
    short.expires = crate::util::NOW - 1;
    assert_eq!(hear(&mut trust, &short).unwrap().expired, Some(crate::util::NOW - 1));
}

#[test]
fn u9_a_stolen_channel_key_chooses_among_releases_that_the_studio_signed_and_is_revoked_by_a_root() {
    let mut trust = trust_with(7, 12);
    // The thief signs channels. He can name a release that exists, also an older one above the floor ...
    let lead_back = channel(13, heard(&trust), &release(6));
    let mut victim = trust.clone();
    update(&mut victim, &lead_back, &release(6)).unwrap();
    // ... but none of his own, ...
    let evil = signed(Document::Release(release(99)), &[4]);
    let offer = hear(&mut trust, &channel(14, Hash::of(b"x"), &release(99))).unwrap();
    assert_eq!(trust.accept(&evil, &offer).unwrap_err().code(), "UNT-TRUST-SIGNATURE");
    // ... and none below the floor.
    let mut raised = trust_with(7, 12);
    let mut floor = channel(13, heard(&raised), &release(7));
    floor.floor = 7;
    update(&mut raised, &floor, &release(7)).unwrap();
    let below = channel(14, heard(&raised), &release(6));
    assert_eq!(update(&mut raised, &below, &release(6)).unwrap_err().code(), "UNT-TRUST-FLOOR");
    // The runbook: revoke the key, publish the root, sign the channel anew. All victims come back.
    let mut successor = Successor::of(&pinned()).unwrap();
    successor.revoke(&key(4).public(), Some(&key(5).public())).unwrap();
    let root = successor.sign(&[key(0), key(1)]).unwrap();
    successor.finish(&root).unwrap();
    for mut player in [trust, victim, raised] {
        player.follow_roots(&RootChain { first: 2, roots: vec![root.clone()] }).unwrap();
        let mut good = channel(13, Hash::of(b"x"), &release(8));
        good.epoch = 1;
        let moment = untorn_trust::Moment { clock: crate::util::NOW, policy: untorn_trust::ExpiryPolicy::Warn };
        let offer = player.hear("stable", "linux", &signed(Document::Channel(good.clone()), &[5]), moment).unwrap();
        assert!(player.accept(&sign_release(&release(8)), &offer).is_ok());
        assert!(player.hear("stable", "linux", &sign_channel(&good), moment).is_err(), "the thief is not heard any more");
    }
}

#[test]
fn u10_a_stolen_release_key_makes_releases_that_nobody_is_offered_and_min_build_cuts_them_off() {
    let mut trust = trust_with(7, 12);
    // The thief signs a release. Without the key of a channel nobody is offered it; who gets it as a file takes it.
    let evil = signed(Document::Release(release(99)), &[3]);
    let next = channel(13, heard(&trust), &release(8));
    let offer = hear(&mut trust, &next).unwrap();
    assert_eq!(trust.accept(&evil, &offer).unwrap_err().code(), "UNT-TRUST-RELEASE");
    let mut victim = trust.clone();
    let taken = victim.accept_file(&evil, Downgrade::Refuse).unwrap();
    victim.install(&taken, None);
    // The runbook: revoke the key, forbid everything up to the evil build, sign the current build anew under a higher number.
    let mut successor = Successor::of(&pinned()).unwrap();
    successor.revoke(&key(3).public(), Some(&key(5).public())).unwrap();
    successor.raise_min_build(100);
    let chain = RootChain { first: 2, roots: vec![successor.sign(&[key(1), key(2)]).unwrap()] };
    for mut player in [trust, victim] {
        player.follow_roots(&chain).unwrap();
        assert_eq!(player.accept_file(&evil, Downgrade::Allow).unwrap_err().code(), "UNT-TRUST-SIGNATURE");
        let again = signed(Document::Release(release(99)), &[5]);
        assert_eq!(player.accept_file(&again, Downgrade::Allow).unwrap_err().code(), "UNT-TRUST-FLOOR");
        let good = signed(Document::Release(release(100)), &[5]);
        assert!(player.accept_file(&good, Downgrade::Refuse).is_ok());
        let offer = hear(&mut player, &channel(15, Hash::of(b"14"), &release(100))).unwrap();
        assert!(player.accept(&good, &offer).is_ok(), "the channel's epoch did not change: only its key decides");
    }
}

#[test]
fn u11_one_stolen_root_key_of_two_that_must_sign_is_exchanged_by_the_others() {
    let mut mine = pinned().root().clone();
    (mine.version, mine.root) = (2, crate::util::role(0, 1, &[0]));
    assert!(pinned().step(&crate::util::sign_root(&mine, &[0])).is_err());
    let mut successor = Successor::of(&pinned()).unwrap();
    successor.revoke(&key(0).public(), Some(&key(5).public())).unwrap();
    let root = successor.finish(&successor.sign(&[key(1), key(2), key(5)]).unwrap()).unwrap();
    assert!(!root.root().root.keys.iter().any(|known| known.key == key(0).public().key));
}

#[test]
fn a_lost_root_key_is_made_up_for_by_the_others_and_all_lost_means_a_new_product_root() {
    let mut successor = Successor::of(&pinned()).unwrap();
    successor.replace(&key(0).public(), &key(5).public()).unwrap();
    assert!(successor.finish(&successor.sign(&[key(1), key(2)]).unwrap()).is_ok());
    // With too few left, whatever is signed is not followed: players must be given another root by hand.
    let mut afresh = pinned().root().clone();
    (afresh.version, afresh.root) = (2, crate::util::role(0, 1, &[5]));
    let afresh = crate::util::sign_root(&afresh, &[2, 5]);
    assert!(pinned().step(&afresh).is_err() && TrustedRoot::pin(afresh).is_ok());
}

#[test]
fn what_a_tree_remembers_is_stored_and_read_again() {
    let trust = trust_with(7, 12);
    let installed = untorn_format::release::Installed {
        manifest: untorn_format::manifest::Manifest::new(vec![]).unwrap(),
        following: Some(trust.following().clone()),
    };
    let again = untorn_format::release::Installed::decode(&installed.encode()).unwrap();
    assert_eq!(Trust::resume(again.following.as_ref().unwrap()).unwrap(), trust);
    let mut broken = trust.following().clone();
    broken.root = Signed { signatures: String::new(), ..broken.root };
    assert!(Trust::resume(&broken).is_err());
}
