//! U13: for some keys signatures can be made without any secret. minisign and its verifiers take them.

use crate::util::{key, root, sign_root};
use ed25519_dalek::VerifyingKey;
use untorn_format::release::PublicKey;
use untorn_trust::{TrustError, TrustedRoot, check_key, key_line, public_key};

/// Every y of small order in its right spelling, and numbers around the order of the field.
fn suspicious() -> Vec<[u8; 32]> {
    let mut keys = Vec::new();
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05 c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    for hex in order_8.split(' ') {
        keys.push(hex.parse::<untorn_format::Hash>().unwrap().0);
    }
    for low in 0..=4 {
        keys.push(with_ends(low, 0, 0));
    }
    for low in 0xe8..=0xff {
        keys.push(with_ends(low, 0xff, 0x7f));
    }
    let negative = keys.iter().map(|key| {
        let mut key = *key;
        key[31] |= 0x80;
        key
    });
    let negative: Vec<_> = negative.collect();
    keys.extend(negative);
    keys
}

fn with_ends(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    (bytes[0], bytes[31]) = (first, last);
    bytes
}

fn is_refused(key: [u8; 32]) -> bool {
    matches!(check_key(&PublicKey { id: [1; 8], key }), Err(TrustError::WeakKey { .. }))
}

/// Whether y is a number below the order of the field: 2^255 - 19.
fn is_canonical(key: &[u8; 32]) -> bool {
    let mut y = *key;
    y[31] &= 0x7f;
    y.reverse();
    let mut order = [0xff; 32];
    (order[0], order[31]) = (0x7f, 0xed);
    y < order
}

#[test]
fn u13_all_that_another_library_calls_weak_is_refused_and_all_spellings_but_one() {
    let mut weak = 0;
    for key in suspicious() {
        let other = VerifyingKey::from_bytes(&key);
        let is_weak = other.as_ref().is_ok_and(VerifyingKey::is_weak);
        weak += u32::from(is_weak);
        if is_weak || !is_canonical(&key) {
            assert!(is_refused(key), "{key:02x?}");
        } else {
            assert!(!is_refused(key), "{key:02x?} is a key like any other");
        }
    }
    assert!(weak >= 8, "{weak}");
}

#[test]
fn u13_keys_that_were_made_are_accepted() {
    for number in 0..6 {
        let key = key(number).public();
        assert!(check_key(&key).is_ok() && !VerifyingKey::from_bytes(&key.key).unwrap().is_weak());
        assert_eq!(public_key(&key_line(&key)), Ok(key));
    }
}

#[test]
fn u13_weak_keys_enter_no_root_in_any_role() {
    for key in suspicious().into_iter().filter(|key| is_refused(*key)) {
        for role in 0..3 {
            let mut root = root();
            let role = match role {
                0 => &mut root.root,
                1 => &mut root.release,
                _ => &mut root.channel,
            };
            role.keys.push(PublicKey { id: [0; 8], key });
            role.keys.sort_by_key(|key| key.key);
            assert_eq!(TrustedRoot::pin(sign_root(&root, &[0, 1])).unwrap_err().code(), "UNT-TRUST-WEAK-KEY");
            root.version = 2;
            assert_eq!(crate::util::pinned().step(&sign_root(&root, &[0, 1])).unwrap_err().code(), "UNT-TRUST-WEAK-KEY");
        }
        assert_eq!(public_key(&key_line(&PublicKey { id: [0; 8], key })).unwrap_err().code(), "UNT-TRUST-WEAK-KEY");
    }
}

#[test]
fn u13_a_signature_without_a_secret_would_be_accepted_by_the_verifier_below() {
    // Why the list is needed: for the key of order 2, R = the neutral element and S = 0 sign every other message.
    use base64::{Engine, prelude::BASE64_STANDARD};
    let weak = PublicKey { id: [1; 8], key: with_ends(0xec, 0xff, 0x7f) };
    let mut forged = vec![0; 64];
    forged[0] = 1;
    let first = BASE64_STANDARD.encode([b"ED", &[1; 8][..], &forged].concat());
    let is_taken = |message: u32, comment: u32| {
        let text = format!("untrusted comment: x\n{first}\ntrusted comment: {comment}\n{}\n", BASE64_STANDARD.encode(&forged));
        untorn_trust::Signature::read_all(&text).unwrap()[0].is_of(&weak, &message.to_le_bytes())
    };
    assert!((0..40).any(|message| (0..4).any(|comment| is_taken(message, comment))));
}

#[test]
fn text_that_is_no_key_is_refused() {
    let line = key_line(&key(0).public());
    let file = key(0).public_text();
    assert_eq!(public_key(&file), Ok(key(0).public()));
    for wrong in ["", "\n", &line[1..], &format!("{line}A"), &line.replace("RW", "RU"), "untrusted comment: only"] {
        assert_eq!(public_key(wrong), Err(TrustError::KeyText), "{wrong:?}");
    }
}
