//! U2, U3, U15: what a tree remembers only rises.

use crate::util::{channel, hear, key, pinned, release, sign_release, trust, trust_with, update};
use untorn_format::Hash;
use untorn_keys::Successor;
use untorn_trust::{Downgrade, RootChain, Trust, TrustError};

#[test]
fn u2_an_older_channel_document_is_refused() {
    let mut trust = trust_with(7, 12);
    let before = trust.clone();
    for seq in [1, 11] {
        let old = channel(seq, Hash::of(b"before"), &release(9));
        let error = hear(&mut trust, &old).unwrap_err();
        assert_eq!(error, TrustError::Rollback { channel: "stable".to_owned(), heard: (0, 12), found: (0, seq) });
        assert_eq!(error.code(), "UNT-TRUST-ROLLBACK");
        assert_eq!(trust, before, "an error changes nothing");
    }
    // The same one again is no news, and no error.
    assert!(hear(&mut trust, &channel(12, Hash::of(b"before"), &release(7))).unwrap().is_installed);
}

#[test]
fn u2_what_was_heard_is_remembered_even_where_the_offer_is_not_taken() {
    let mut trust = trust_with(7, 12);
    hear(&mut trust, &channel(20, Hash::of(b"before"), &release(8))).unwrap();
    let mut trust = Trust::resume(trust.following()).unwrap();
    assert_eq!(hear(&mut trust, &channel(19, Hash::of(b"before"), &release(8))).unwrap_err().code(), "UNT-TRUST-ROLLBACK");
}

#[test]
fn u2_an_older_release_in_a_file_is_refused_unless_it_is_asked_for_and_above_the_floor() {
    let mut trust = trust_with(7, 12);
    for build in [6, 7] {
        let mut old = release(build);
        old.label = "another one".to_owned();
        let error = trust.accept_file(&sign_release(&old), Downgrade::Refuse).unwrap_err();
        assert_eq!(error, TrustError::Older { installed: 7, found: build });
        assert!(trust.accept_file(&sign_release(&old), Downgrade::Allow).is_ok());
    }
    assert!(trust.accept_file(&sign_release(&release(7)), Downgrade::Refuse).is_ok(), "what is installed already");
    let mut raised = channel(13, hash_of(&trust), &release(8));
    raised.floor = 7;
    update(&mut trust, &raised, &release(8)).unwrap();
    let error = trust.accept_file(&sign_release(&release(6)), Downgrade::Allow).unwrap_err();
    assert_eq!(error, TrustError::Floor { floor: 7, build: Some(6) });
    assert!(trust.accept_file(&sign_release(&release(7)), Downgrade::Allow).is_ok());
}

/// The document of the channel that was heard last.
fn hash_of(trust: &Trust) -> Hash {
    trust.following().ratchets[0].document
}

#[test]
fn u2_a_channel_without_a_release_to_show_for_it_raises_no_floor() {
    // Who has the key of a channel says build 2^64 - 1, and a floor to match. There is no such release, so nothing stays of it.
    let mut trust = trust_with(7, 12);
    let mut evil = channel(13, hash_of(&trust), &release(8));
    (evil.platforms[0].build, evil.floor) = (u64::MAX, u64::MAX);
    let offer = hear(&mut trust, &evil).unwrap();
    assert_eq!(trust.accept(&sign_release(&release(8)), &offer).unwrap_err().code(), "UNT-TRUST-RELEASE");
    assert_eq!(trust.following().floor, 0);
    assert!(trust.accept_file(&sign_release(&release(8)), Downgrade::Refuse).is_ok());
}

#[test]
fn u3_a_number_that_ran_ahead_ends_with_the_epoch_it_belongs_to() {
    let mut trust = trust_with(7, 12);
    let mut evil = channel(u64::MAX, Hash::of(b"before"), &release(7));
    evil.issued = u64::MAX;
    hear(&mut trust, &evil).unwrap();
    // Nothing the studio says in this epoch is heard any more.
    assert_eq!(hear(&mut trust, &channel(14, Hash::of(b"x"), &release(8))).unwrap_err().code(), "UNT-TRUST-ROLLBACK");
    let mut next = Successor::of(&pinned()).unwrap();
    next.revoke(&key(4).public(), Some(&key(5).public())).unwrap();
    let chain = RootChain { first: 2, roots: vec![next.sign(&[key(0), key(1)]).unwrap()] };
    trust.follow_roots(&chain).unwrap();
    assert_eq!(trust.following().time, 0, "the thief's date is gone, too");
    let mut good = channel(14, Hash::of(b"x"), &release(8));
    good.epoch = 1;
    let signed = crate::util::signed(untorn_trust::Document::Channel(good), &[5]);
    let moment = untorn_trust::Moment { clock: crate::util::NOW, policy: untorn_trust::ExpiryPolicy::Enforce };
    assert!(trust.hear("stable", "linux", &signed, moment).is_ok());
    // And the thief is not heard any more, whatever the number.
    let mut late = evil;
    late.epoch = 1;
    assert_eq!(hear(&mut trust, &late).unwrap_err().code(), "UNT-TRUST-SIGNATURE");
}

#[test]
fn u3_an_epoch_of_the_future_is_refused() {
    let mut ahead = channel(1, Hash::NONE, &release(1));
    ahead.epoch = u64::MAX;
    assert_eq!(hear(&mut trust(), &ahead).unwrap_err(), TrustError::Epoch { wanted: 0, found: u64::MAX });
}

#[test]
fn u15_going_back_keeps_what_was_learned() {
    let mut trust = trust_with(7, 12);
    let old = trust.following().clone();
    let mut next = channel(13, hash_of(&trust), &release(8));
    next.floor = 7;
    update(&mut trust, &next, &release(8)).unwrap();
    trust.go_back(Some(&old)).unwrap();
    let now = trust.following();
    assert_eq!((trust.installed().unwrap().build, now.floor, now.ratchets[0].seq), (7, 7, 13));
    assert_eq!(now.left, release(8).id());
    assert!(hear(&mut trust, &next).unwrap().was_left, "an update would lead where the player came from");
    let other = channel(14, hash_of(&trust), &release(9));
    assert!(!hear(&mut trust, &other).unwrap().was_left);
}

#[test]
fn u15_nobody_goes_back_below_the_floor() {
    let mut trust = trust_with(7, 12);
    let old = trust.following().clone();
    let mut next = channel(13, hash_of(&trust), &release(8));
    next.floor = 8;
    update(&mut trust, &next, &release(8)).unwrap();
    let before = trust.clone();
    assert_eq!(trust.go_back(Some(&old)).unwrap_err(), TrustError::Floor { floor: 8, build: Some(7) });
    assert_eq!(trust.go_back(None).unwrap_err(), TrustError::Floor { floor: 8, build: None });
    assert_eq!(trust, before);
}

#[test]
fn u15_a_channel_may_lead_back_with_a_newer_document() {
    let mut trust = trust_with(8, 12);
    let back = channel(13, hash_of(&trust), &release(7));
    update(&mut trust, &back, &release(7)).unwrap();
    assert_eq!(trust.installed().unwrap().build, 7);
}

#[test]
fn a_patch_that_nobody_signed_leaves_a_build_that_is_no_release() {
    let mut trust = trust_with(8, 12);
    trust.install_unsigned();
    assert!(trust.installed().is_none() && trust.following().ratchets[0].seq == 12);
    assert_eq!(Trust::resume(trust.following()).unwrap(), trust);
}
