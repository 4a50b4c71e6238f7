//! U5, U14: nothing is mixed, and nobody is told something else than all others unnoticed.

use crate::util::{channel, hear, release, sign_release, trust, trust_with};
use untorn_format::Hash;
use untorn_trust::TrustError;

#[test]
fn u5_only_the_release_that_the_channel_names_is_accepted() {
    let mut trust = trust();
    let offer = hear(&mut trust, &channel(1, Hash::NONE, &release(2))).unwrap();
    for other in [1, 3] {
        let error = trust.accept(&sign_release(&release(other)), &offer).unwrap_err();
        assert_eq!(error, TrustError::OtherRelease { wanted: release(2).id(), found: release(other).id() });
    }
    let mut relabelled = release(2);
    relabelled.label = "the same build, called otherwise".to_owned();
    assert_eq!(trust.accept(&sign_release(&relabelled), &offer).unwrap_err().code(), "UNT-TRUST-RELEASE");
    assert!(trust.accept(&sign_release(&release(2)), &offer).is_ok());
}

#[test]
fn u5_a_channel_cannot_give_a_release_another_number_or_platform() {
    let mut trust = trust();
    let mut lie = channel(1, Hash::NONE, &release(2));
    lie.platforms[0].build = 5;
    let offer = hear(&mut trust, &lie).unwrap();
    assert_eq!(trust.accept(&sign_release(&release(2)), &offer).unwrap_err().code(), "UNT-TRUST-RELEASE");
    let mut windows = release(2);
    windows.platform = "windows".to_owned();
    let offer = hear(&mut crate::util::trust(), &channel(1, Hash::NONE, &windows)).unwrap();
    assert_eq!(trust.accept(&sign_release(&windows), &offer).unwrap_err().code(), "UNT-TRUST-PLATFORM");
}

#[test]
fn u14_two_documents_with_one_number_are_noticed() {
    let mut trust = trust_with(7, 12);
    let error = hear(&mut trust, &channel(12, Hash::of(b"before"), &release(8))).unwrap_err();
    assert_eq!(error, TrustError::Fork { what: "document 12 of channel stable".to_owned() });
    assert_eq!(error.code(), "UNT-TRUST-FORK");
}

#[test]
fn u14_the_next_document_must_follow_the_one_that_was_heard() {
    let mut trust = trust_with(7, 12);
    assert_eq!(hear(&mut trust, &channel(13, Hash::of(b"another 12"), &release(8))).unwrap_err().code(), "UNT-TRUST-FORK");
    let heard = trust.following().ratchets[0].document;
    assert!(hear(&mut trust, &channel(13, heard, &release(8))).is_ok());
    // Who was away for a while cannot tell from this document alone; the log of the store can.
    assert!(hear(&mut trust, &channel(20, Hash::of(b"19"), &release(8))).is_ok());
}

#[test]
fn a_tree_does_not_remember_more_channels_than_it_can_store() {
    let mut trust = trust();
    for number in 0..=untorn_format::release::RATCHET_COUNT_MAX {
        let mut one = channel(1, Hash::NONE, &release(1));
        one.name = format!("c{number}");
        let moment = untorn_trust::Moment { clock: 0, policy: untorn_trust::ExpiryPolicy::Off };
        let heard = trust.hear(&one.name, "linux", &crate::util::sign_channel(&one), moment);
        assert_eq!(heard.is_ok(), number < untorn_format::release::RATCHET_COUNT_MAX, "{number}");
    }
}
