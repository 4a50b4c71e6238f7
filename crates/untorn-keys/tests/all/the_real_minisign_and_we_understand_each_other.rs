//! U13: every document verifies with `minisign -Vm` of the distribution, and what the program signs is accepted. Without the program, nothing is
//! tested here, and that is said.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use crate::util::{channel, key, release, root, sign_root};
use untorn_format::{
    Hash,
    release::{Release, Signed},
};
use untorn_keys::{SecretKey, add_signature};
use untorn_trust::{Document, TrustedRoot, facts, key_line, public_key};

/// Whether the program is there.
fn has_minisign() -> bool {
    let found = Command::new("minisign").arg("-v").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("SKIPPED: no program `minisign` here; `apt-get install minisign`");
    }
    found
}

/// Runs it in `dir`, with `input` as if typed. Gives what it printed.
fn minisign(dir: &Path, args: &[&str], input: &str) -> Result<String, String> {
    let mut command = Command::new("minisign");
    command.args(args).current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that asks for nothing does not read.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(text) } else { Err(text) }
}

fn documents() -> [Document; 3] {
    [Document::Root(root()), Document::Release(release(7)), Document::Channel(channel(3, Hash::of(b"2"), &release(7)))]
}

#[test]
fn u13_minisign_verifies_each_kind_of_document_and_shows_what_it_says() {
    if !has_minisign() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for document in documents() {
        let signed = untorn_keys::sign(&document, &[key(0)]).unwrap();
        fs::write(dir.path().join("document"), &signed.document).unwrap();
        fs::write(dir.path().join("document.minisig"), &signed.signatures).unwrap();
        let line = key_line(&key(0).public());
        let said = minisign(dir.path(), &["-Vm", "document", "-P", &line], "").unwrap();
        assert!(said.contains(&facts(&document)), "{said}");
        // -H: only the kind of signature that we accept.
        assert!(minisign(dir.path(), &["-VHm", "document", "-P", &line], "").is_ok());
        assert!(minisign(dir.path(), &["-Vm", "document", "-P", &key_line(&key(1).public())], "").is_err());
        fs::write(dir.path().join("document"), [&signed.document[..], b"x"].concat()).unwrap();
        assert!(minisign(dir.path(), &["-Vm", "document", "-P", &line], "").is_err());
    }
}

#[test]
fn u13_of_several_signatures_minisign_verifies_the_first() {
    if !has_minisign() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let signed = sign_root(&root(), &[2, 0, 1]);
    fs::write(dir.path().join("1.root"), &signed.document).unwrap();
    fs::write(dir.path().join("1.root.minisig"), &signed.signatures).unwrap();
    for (number, is_first) in [(2, true), (0, false), (1, false)] {
        let line = key_line(&key(number).public());
        assert_eq!(minisign(dir.path(), &["-Vm", "1.root", "-P", &line], "").is_ok(), is_first, "{number}");
    }
    // Each of them is one of its own, too.
    let lines: Vec<&str> = signed.signatures.lines().collect();
    fs::write(dir.path().join("1.root.minisig"), lines[4..8].join("\n") + "\n").unwrap();
    assert!(minisign(dir.path(), &["-Vm", "1.root", "-P", &key_line(&key(0).public())], "").is_ok());
}

#[test]
fn u13_what_minisign_signs_is_accepted_and_its_old_kind_of_signature_is_not() {
    if !has_minisign() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    minisign(dir.path(), &["-G", "-W", "-p", "their.pub", "-s", "their.key"], "").unwrap();
    let theirs = public_key(&fs::read_to_string(dir.path().join("their.pub")).unwrap()).unwrap();
    let mut with_theirs = root();
    with_theirs.release.keys = vec![theirs];
    let pinned = TrustedRoot::pin(sign_root(&with_theirs, &[0, 1])).unwrap();
    fs::write(dir.path().join("release"), release(7).encode()).unwrap();
    let read = || Signed {
        signatures: fs::read_to_string(dir.path().join("release.minisig")).unwrap(),
        document: fs::read(dir.path().join("release")).unwrap(),
    };
    minisign(dir.path(), &["-S", "-m", "release", "-s", "their.key"], "").unwrap();
    let verified = pinned.release(&read()).unwrap();
    assert_eq!((verified.document, verified.signers), (release(7), vec![theirs]));
    minisign(dir.path(), &["-S", "-l", "-m", "release", "-s", "their.key"], "").unwrap();
    assert_eq!(pinned.release(&read()).unwrap_err().code(), "UNT-TRUST-ALGORITHM");
}

#[test]
fn u13_each_reads_the_secret_keys_of_the_other() {
    if !has_minisign() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // Ours, encrypted, in the hands of minisign.
    let (ours, text) = SecretKey::generate_with_text(Some("correct horse")).unwrap();
    fs::write(dir.path().join("our.key"), text).unwrap();
    fs::write(dir.path().join("release"), release(7).encode()).unwrap();
    minisign(dir.path(), &["-S", "-m", "release", "-s", "our.key"], "correct horse\n").unwrap();
    let signatures = fs::read_to_string(dir.path().join("release.minisig")).unwrap();
    let mut root = root();
    root.release.keys = vec![ours.public()];
    let pinned = TrustedRoot::pin(sign_root(&root, &[0, 1])).unwrap();
    assert!(pinned.release(&Signed { signatures, document: release(7).encode() }).is_ok());
    // Theirs, in our hands: one without a password.
    minisign(dir.path(), &["-G", "-W", "-p", "their.pub", "-s", "their.key"], "").unwrap();
    let theirs = SecretKey::read(&fs::read_to_string(dir.path().join("their.key")).unwrap(), None).unwrap();
    assert_eq!(public_key(&fs::read_to_string(dir.path().join("their.pub")).unwrap()).unwrap(), theirs.public());
    let mut signed = Signed { signatures: String::new(), document: Release::encode(&release(7)) };
    add_signature(&mut signed, &theirs).unwrap();
    fs::write(dir.path().join("release.minisig"), &signed.signatures).unwrap();
    assert!(minisign(dir.path(), &["-Vm", "release", "-p", "their.pub"], "").is_ok());
}
