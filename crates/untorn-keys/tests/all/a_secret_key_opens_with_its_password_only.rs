//! Secret keys in files, and what is refused of them.

use untorn_format::release::Signed;
use untorn_keys::{KeyError, SecretKey, add_signature, first_root};
use untorn_trust::{Signature, TrustedRoot};

#[test]
fn the_password_decides() {
    let (key, text) = SecretKey::generate_with_text(Some("correct horse")).unwrap();
    assert!(SecretKey::is_encrypted(&text).unwrap());
    assert_eq!(SecretKey::read(&text, Some("correct horse")).unwrap().public(), key.public());
    assert!(matches!(SecretKey::read(&text, Some("wrong horse")), Err(KeyError::Password)));
    assert!(matches!(SecretKey::read(&text, Some("")), Err(KeyError::Password)));
    assert!(matches!(SecretKey::read(&text, None), Err(KeyError::NeedsPassword)));
}

#[test]
fn a_key_without_a_password_needs_none() {
    let (key, text) = SecretKey::generate_with_text(None).unwrap();
    assert!(!SecretKey::is_encrypted(&text).unwrap());
    assert_eq!(SecretKey::read(&text, None).unwrap().public(), key.public());
    assert_eq!(SecretKey::read(&text, Some("not needed")).unwrap().public(), key.public());
}

#[test]
fn a_damaged_key_is_refused_and_never_signs() {
    for password in [None, Some("pw")] {
        let (key, text) = SecretKey::generate_with_text(password).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        // Each letter of the second line that is not filling; only some of them where opening takes long.
        for at in (0..lines[1].len() - 2).step_by(if password.is_some() { 40 } else { 1 }) {
            let mut second = lines[1].as_bytes().to_vec();
            second[at] = if second[at] == b'A' { b'B' } else { b'A' };
            let changed = format!("{}\n{}\n", lines[0], String::from_utf8(second).unwrap());
            // A key that is not encrypted has a salt all the same, which means nothing.
            let read = SecretKey::read(&changed, password);
            assert!(read.is_err() || (password.is_none() && read.is_ok_and(|read| read.public() == key.public())), "letter {at}");
        }
        for wrong in ["", "one line", &lines[0].repeat(3), &text[..text.len() / 2]] {
            assert!(SecretKey::read(wrong, password).is_err(), "{wrong:?}");
        }
    }
}

#[test]
fn nothing_secret_is_printed() {
    let (key, text) = SecretKey::generate_with_text(Some("correct horse")).unwrap();
    let error = SecretKey::read(&text, Some("wrong horse")).unwrap_err();
    for shown in [format!("{key:?}"), format!("{error:?} {error}"), key.public_text()] {
        assert!(!shown.contains("horse") && !shown.contains(&text.lines().nth(1).unwrap()[8..]), "{shown}");
    }
    assert!(format!("{key:?}").len() < 40);
}

#[test]
fn signing_again_replaces_ones_own_signature_and_keeps_those_of_others() {
    let (one, other) = (SecretKey::generate(None).unwrap(), SecretKey::generate(None).unwrap());
    let mut root = first_root("game", one.public());
    root.root.keys.push(other.public());
    root.root.keys.sort_by_key(|key| key.key);
    root.root.threshold = 2;
    let mut signed = Signed { signatures: String::new(), document: root.encode() };
    for key in [&one, &other, &one] {
        add_signature(&mut signed, key).unwrap();
    }
    let ids: Vec<_> = Signature::read_all(&signed.signatures).unwrap().iter().map(Signature::key_id).collect();
    assert_eq!(ids, [other.public().id, one.public().id]);
    assert!(TrustedRoot::pin(signed).is_ok());
}

#[test]
fn what_is_no_document_is_not_signed_as_one() {
    let key = SecretKey::generate(None).unwrap();
    let mut signed = Signed { signatures: String::new(), document: b"a letter".to_vec() };
    assert!(matches!(add_signature(&mut signed, &key), Err(KeyError::Trust(_))));
    assert!(signed.signatures.is_empty());
}
