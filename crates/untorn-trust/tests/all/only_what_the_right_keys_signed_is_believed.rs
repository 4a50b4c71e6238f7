//! U1, U8, U12, U13: who may say what, and how often one has to be asked.

use crate::util::{
    CHANNEL, RELEASE, ROOT, channel, hear, key, pinned, release, role, root, sign_release, sign_root, signed, trust, trust_with,
};
use untorn_format::{Hash, release::Signed};
use untorn_keys::sign;
use untorn_trust::{Document, Downgrade, RoleName, Signature, TrustError, TrustedRoot};

fn too_few(error: &TrustError, have: u32) -> bool {
    matches!(error, TrustError::Signature { have: found, .. } if *found == have)
}

#[test]
fn u1_what_no_right_key_signed_is_refused_before_it_is_read() {
    let rubbish = Signed { document: b"no document at all".to_vec(), ..sign_release(&release(1)) };
    let error = pinned().release(&rubbish).unwrap_err();
    assert!(too_few(&error, 0), "{error}: the signatures come first");
    assert_eq!(error.code(), "UNT-TRUST-SIGNATURE");
    let no_signature = Signed { signatures: String::new(), ..sign_release(&release(1)) };
    assert_eq!(pinned().release(&no_signature).unwrap_err(), TrustError::Envelope);
}

#[test]
fn u1_every_bit_of_a_signed_document_is_covered() {
    let signed = sign_release(&release(1));
    for at in 0..signed.document.len() {
        let mut changed = signed.clone();
        changed.document[at] ^= 1;
        assert!(too_few(&pinned().release(&changed).unwrap_err(), 0), "byte {at}");
    }
}

#[test]
fn u1_what_is_signed_and_damaged_all_the_same_is_refused() {
    let bytes = b"not a release";
    let signatures = key(3).sign_bytes(bytes, "no release").unwrap();
    let error = pinned().release(&Signed { signatures, document: bytes.to_vec() }).unwrap_err();
    assert_eq!(error.code(), "UNT-TRUST-DOCUMENT");
}

#[test]
fn u1_each_key_signs_only_what_its_role_signs() {
    for wrong in [&ROOT[..], &CHANNEL, &[5]] {
        let release = signed(Document::Release(release(1)), wrong);
        assert!(too_few(&pinned().release(&release).unwrap_err(), 0), "{wrong:?}");
    }
    for wrong in [&ROOT[..], &RELEASE, &[5]] {
        let channel = signed(Document::Channel(channel(1, Hash::NONE, &release(1))), wrong);
        assert!(too_few(&pinned().channel(&channel).unwrap_err(), 0), "{wrong:?}");
    }
}

#[test]
fn u8_a_document_of_another_product_platform_or_channel_is_refused() {
    let mut other = release(2);
    other.product = "editor".to_owned();
    assert_eq!(trust().accept_file(&sign_release(&other), Downgrade::Refuse).unwrap_err().code(), "UNT-TRUST-PRODUCT");
    let mut other = release(2);
    other.platform = "windows".to_owned();
    assert_eq!(trust_with(1, 1).accept_file(&sign_release(&other), Downgrade::Refuse).unwrap_err().code(), "UNT-TRUST-PLATFORM");
    let mut other = channel(2, Hash::NONE, &release(2));
    other.prev = Hash::of(b"something");
    other.name = "beta".to_owned();
    assert_eq!(hear(&mut trust(), &other).unwrap_err().code(), "UNT-TRUST-CHANNEL");
    other.product = "editor".to_owned();
    assert_eq!(hear(&mut trust(), &other).unwrap_err().code(), "UNT-TRUST-PRODUCT");
    let mut other = channel(1, Hash::NONE, &release(2));
    other.platforms[0].platform = "windows".to_owned();
    assert!(matches!(hear(&mut trust(), &other).unwrap_err(), TrustError::NotOffered { .. }));
}

#[test]
fn u8_one_kind_of_document_is_never_taken_for_another() {
    // The same key in all roles: what it signed as a release is still no channel.
    let mut all = root();
    (all.root, all.release, all.channel) = (role(0, 1, &[0]), role(0, 1, &[0]), role(0, 1, &[0]));
    let pinned = TrustedRoot::pin(sign_root(&all, &[0])).unwrap();
    let release = sign(&Document::Release(release(1)), &[key(0)]).unwrap();
    assert_eq!(pinned.channel(&release).unwrap_err().code(), "UNT-TRUST-DOCUMENT");
    assert_eq!(pinned.step(&release).unwrap_err().code(), "UNT-TRUST-DOCUMENT");
    assert!(pinned.release(&release).is_ok());
}

#[test]
fn u12_one_key_counts_once_however_often_it_signs() {
    let mut twice = sign_root(&root(), &[0]);
    twice.signatures = twice.signatures.repeat(2);
    assert!(too_few(&TrustedRoot::pin(twice).unwrap_err(), 1));
    let mut afresh = sign_root(&root(), &[0]);
    // Another signature of the same key over the same bytes.
    afresh.signatures += &key(0).sign_bytes(&afresh.document, "once more").unwrap();
    assert_eq!(Signature::read_all(&afresh.signatures).unwrap().len(), 2);
    assert!(too_few(&TrustedRoot::pin(afresh).unwrap_err(), 1));
    assert!(TrustedRoot::pin(sign_root(&root(), &[0, 2])).is_ok());
}

#[test]
fn u12_a_root_that_lists_a_key_twice_is_refused() {
    let mut root = root();
    root.root.keys[1] = root.root.keys[0];
    let error = TrustedRoot::pin(sign_root(&root, &ROOT)).unwrap_err();
    assert_eq!(error.code(), "UNT-TRUST-DOCUMENT");
    // The same key under another number is the same key.
    root.root.keys[1].id = [9; 8];
    assert_eq!(TrustedRoot::pin(sign_root(&root, &ROOT)).unwrap_err().code(), "UNT-TRUST-DOCUMENT");
}

#[test]
fn u13_signatures_of_the_old_kind_and_of_unknown_kinds_are_refused() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let signed = sign_release(&release(1));
    let lines: Vec<&str> = signed.signatures.lines().collect();
    for (algorithm, is_legacy) in [(b"Ed", true), (b"ED", false), (b"XX", false), (b"ed", false)] {
        let mut bytes = BASE64_STANDARD.decode(lines[1]).unwrap();
        bytes[..2].copy_from_slice(algorithm);
        let second = BASE64_STANDARD.encode(bytes);
        let text = [lines[0], &second, lines[2], lines[3], ""].join("\n");
        let read = Signature::read_all(&text);
        match algorithm {
            b"ED" => assert!(read.is_ok()),
            _ => assert!(matches!(read, Err(TrustError::Algorithm { is_legacy: found }) if found == is_legacy), "{algorithm:?}"),
        }
        // One that is not accepted is not made up for by one that is.
        let both = signed.signatures.clone() + &text;
        assert_eq!(pinned().release(&Signed { signatures: both, ..signed.clone() }).is_ok(), algorithm == b"ED");
    }
}

#[test]
fn u13_the_number_of_a_key_is_a_hint() {
    // Two keys with one number: each is tried, and none counts for the other.
    let mut clash = root();
    clash.release = role(0, 1, &[3, 5]);
    for key in &mut clash.release.keys {
        key.id = key_of(3).id;
    }
    let pinned = TrustedRoot::pin(sign_root(&clash, &ROOT)).unwrap();
    assert_eq!(pinned.release(&sign_release(&release(1))).unwrap().signers.len(), 1);
    // A right number with a wrong key is nobody's signature.
    let mut wrong = root();
    wrong.release.keys[0] = untorn_format::release::PublicKey { id: key_of(3).id, key: key_of(5).key };
    let pinned = TrustedRoot::pin(sign_root(&wrong, &ROOT)).unwrap();
    assert!(too_few(&pinned.release(&sign_release(&release(1))).unwrap_err(), 0));
}

fn key_of(number: usize) -> untorn_format::release::PublicKey {
    key(number).public()
}

#[test]
fn signatures_are_read_strictly() {
    let text = sign_release(&release(1)).signatures;
    assert!(Signature::read_all(&text.replace('\n', "\r\n")).is_ok(), "as Windows writes lines");
    let lines: Vec<&str> = text.lines().collect();
    let long = text.repeat(200);
    let wrong =
        ["", "\n", &lines[..3].join("\n"), &(text.clone() + "\n"), &text.replace("trusted comment: ", ""), &text[1..], &long];
    for wrong in wrong {
        assert!(Signature::read_all(wrong).is_err(), "{wrong:?}");
    }
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        let signed = Signed { signatures: changed, ..sign_release(&release(1)) };
        // The first line is the only one that says nothing.
        assert!(at <= lines[0].len() || pinned().release(&signed).is_err(), "byte {at}");
    }
    assert_eq!(RoleName::ALL.map(RoleName::word), ["root", "release", "channel"]);
}
