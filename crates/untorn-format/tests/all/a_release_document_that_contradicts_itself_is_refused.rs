//! P10: of roots, releases, channels and what a tree keeps, each rule is broken by one value that keeps all others.

use untorn_format::{
    DecodeError, Hash,
    release::{Channel, Following, IndexObject, Installed, KEY_COUNT_MAX, LABEL_LEN_MAX, Preface, PublicKey, Release, Root},
};

fn refused<T: std::fmt::Debug>(read: Result<T, DecodeError>, field: &str) {
    assert_eq!(read.unwrap_err(), DecodeError::Field(Box::leak(field.to_owned().into_boxed_str())));
}

fn root(change: impl FnOnce(&mut Root)) -> Result<Root, DecodeError> {
    let mut root = crate::samples::root();
    change(&mut root);
    Root::decode(&root.encode())
}

#[test]
fn roots() {
    refused(root(|root| root.version = 0), "version of a root");
    for product in ["", "Game", "a/b", "nul"] {
        refused(root(|root| root.product = product.to_owned()), "product");
    }
    refused(root(|root| root.root.threshold = 0), "threshold");
    refused(root(|root| root.root.threshold = 4), "threshold");
    refused(root(|root| root.channel.keys.clear()), "threshold");
    refused(root(|root| root.root.keys.reverse()), "order of the keys");
    refused(root(|root| root.root.keys[1] = root.root.keys[0]), "order of the keys");
    let many = |root: &mut Root| {
        root.release.keys =
            (0..=KEY_COUNT_MAX).map(|key| PublicKey { id: [0; 8], key: [u8::try_from(key).unwrap(); 32] }).collect();
    };
    refused(root(many), "number of keys");
}

fn release(change: impl FnOnce(&mut Release)) -> Result<Release, DecodeError> {
    let mut release = crate::samples::release();
    change(&mut release);
    Release::decode(&release.encode())
}

#[test]
fn releases() {
    refused(release(|release| release.platform = "Mac".to_owned()), "platform");
    refused(release(|release| release.label = "a\x1b[2Jb".to_owned()), "label");
    refused(release(|release| release.label = "x".repeat(LABEL_LEN_MAX + 1)), "label");
    refused(release(|release| release.manifest.len = 0), "length of the manifest");
    refused(release(|release| release.manifest.len = (64 << 20) + 1), "length of the manifest");
    refused(release(|release| release.manifest.stored = Hash::NONE), "stored manifest");
    refused(release(|release| release.index.head_len = release.index.len + 1), "index");
    refused(release(|release| release.index.head_len = 0), "index");
    refused(release(|release| release.index.hash = Hash::NONE), "index");
    refused(release(|release| release.index = IndexObject::NONE), "packs without an index");
    let bridged = |release: &mut Release| release.bridges = crate::samples::bridged_release().bridges;
    refused(
        release(|release| {
            bridged(release);
            release.bridges.reverse();
        }),
        "order of the bridges",
    );
    refused(
        release(|release| {
            bridged(release);
            release.bridges.truncate(1);
            release.bridges[0].from = release.manifest.hash;
        }),
        "bridge to where it starts",
    );
    refused(
        release(|release| {
            bridged(release);
            (release.packs, release.index) = (Vec::new(), IndexObject::NONE);
        }),
        "bridges without an index",
    );
    refused(release(|release| release.packs.reverse()), "order of the packs");
    refused(release(|release| release.packs[1].number = 0), "order of the packs");
    refused(release(|release| release.patches.reverse()), "order of the patches");
    refused(release(|release| release.patches[0].to = release.patches[0].from), "patch to where it starts");
    refused(release(|release| release.manifest_deltas.push(release.manifest_deltas[0])), "order of the manifest deltas");
    let bare = |release: &mut Release| {
        (release.index, release.manifest.stored, release.manifest.stored_len) = (IndexObject::NONE, Hash::NONE, 0);
        release.packs.clear();
    };
    assert!(release(bare).is_ok(), "a release of which only patches exist");
}

fn channel(change: impl FnOnce(&mut Channel)) -> Result<Channel, DecodeError> {
    let mut channel = crate::samples::channel();
    change(&mut channel);
    Channel::decode(&channel.encode())
}

#[test]
fn channels() {
    refused(channel(|channel| channel.seq = 0), "sequence number");
    refused(channel(|channel| channel.prev = Hash::NONE), "hash of the document before");
    assert!(channel(|channel| (channel.seq, channel.prev) = (1, Hash::NONE)).is_ok());
    refused(channel(|channel| channel.expires = channel.issued - 1), "time of expiry");
    refused(channel(|channel| channel.platforms.clear()), "number of platforms");
    refused(channel(|channel| channel.platforms.reverse()), "order of the platforms");
    refused(channel(|channel| channel.floor = 1043), "build below the floor");
    refused(channel(|channel| channel.rollout_permille = 1001), "share of the players");
    refused(channel(|channel| channel.name = "../log".to_owned()), "name of a channel");
}

fn following(change: impl FnOnce(&mut Following)) -> Result<Installed, DecodeError> {
    let mut installed = crate::samples::installed();
    change(installed.following.as_mut().unwrap());
    Installed::decode(&installed.encode())
}

#[test]
fn what_a_tree_keeps() {
    refused(following(|following| following.product.clear()), "product");
    refused(following(|following| following.channel = "a b".to_owned()), "name of a channel");
    refused(following(|following| following.ratchets.reverse()), "order of the channels");
    refused(following(|following| following.sources[0].clear()), "source");
    refused(following(|following| following.sources[0].push('\n')), "source");
    refused(following(|following| following.sources = vec!["x".to_owned(); 17]), "number of sources");
    let none = |following: &mut Following| {
        following.platform.clear();
        following.channel.clear();
        following.release = None;
        following.sources.clear();
        following.ratchets.clear();
    };
    assert!(following(none).is_ok());
}

#[test]
fn prefaces() {
    let mut preface = crate::samples::preface();
    preface.first_root = 0;
    refused(Preface::decode(&preface.encode()), "version of the first root");
    let mut preface = crate::samples::preface();
    preface.roots = vec![preface.roots[0].clone(); 257];
    refused(Preface::decode(&preface.encode()), "number of roots");
    let whole = crate::samples::preface().encode();
    let head = *whole.first_chunk().unwrap();
    assert_eq!(Preface::len(&head), Ok(whole.len()));
    for len in [0_u32, 71, u32::MAX] {
        let mut wrong = head;
        wrong[16..20].copy_from_slice(&len.to_le_bytes());
        assert_eq!(Preface::len(&wrong), Err(DecodeError::Length), "{len}");
    }
    assert_eq!(Preface::len(&[0; 40]), Err(DecodeError::Magic));
}
