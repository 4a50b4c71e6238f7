//! Keys and documents for tests.

use std::sync::LazyLock;

use untorn_format::{
    Hash,
    release::{Channel, IndexObject, ManifestObject, Pointer, Release, Role, Root, Signed},
};
use untorn_keys::SecretKey;
use untorn_trust::{Document, ExpiryPolicy, Moment, Offer, Trust, TrustError, TrustedRoot};

/// Keys, by number.
pub(crate) static KEYS: LazyLock<Vec<SecretKey>> = LazyLock::new(|| (0..6).map(|_| SecretKey::generate(None).unwrap()).collect());

pub(crate) fn key(number: usize) -> &'static SecretKey {
    &KEYS[number]
}

pub(crate) fn role(epoch: u64, threshold: u32, keys: &[usize]) -> Role {
    let mut keys: Vec<_> = keys.iter().map(|number| key(*number).public()).collect();
    keys.sort_by_key(|key| key.key);
    Role { epoch, threshold, keys }
}

pub(crate) fn root() -> Root {
    Root {
        product: "game".to_owned(),
        version: 1,
        min_build: 0,
        root: role(0, 2, &[0, 1, 2]),
        release: role(0, 1, &[3]),
        channel: role(0, 1, &[4]),
    }
}

pub(crate) fn release(build: u64) -> Release {
    Release {
        product: "game".to_owned(),
        platform: "linux".to_owned(),
        build,
        label: format!("1.{build}"),
        created: 1_790_000_000,
        manifest: ManifestObject { hash: Hash::of(&build.to_le_bytes()), len: 100, stored: Hash::NONE, stored_len: 0 },
        manifest_deltas: vec![],
        index: IndexObject::NONE,
        packs: vec![],
        patches: vec![],
        bridges: Vec::new(),
    }
}

pub(crate) fn channel(seq: u64, prev: Hash, release: &Release) -> Channel {
    Channel {
        product: "game".to_owned(),
        name: "stable".to_owned(),
        epoch: 0,
        seq,
        prev,
        platforms: vec![Pointer { platform: "linux".to_owned(), release: release.id(), build: release.build }],
        floor: 0,
        issued: 1_790_000_000_u64.saturating_add(seq),
        expires: 0,
        rollout_permille: 1000,
        salt: [7; 16],
    }
}

pub(crate) fn sign_root(root: &Root, keys: &[usize]) -> Signed {
    signed(Document::Root(root.clone()), keys)
}

pub(crate) fn signed(document: Document, keys: &[usize]) -> Signed {
    let document = document.encode();
    let signatures = keys.iter().map(|number| key(*number).sign_bytes(&document, "signed in a test").unwrap()).collect();
    Signed { signatures, document }
}

pub(crate) fn pinned() -> TrustedRoot {
    TrustedRoot::pin(sign_root(&root(), &[0, 1])).unwrap()
}

/// The keys of [`root`]: who signs what.
pub(crate) const ROOT: [usize; 2] = [0, 1];
pub(crate) const RELEASE: [usize; 1] = [3];
pub(crate) const CHANNEL: [usize; 1] = [4];

pub(crate) fn sign_release(release: &Release) -> Signed {
    signed(Document::Release(release.clone()), &RELEASE)
}

pub(crate) fn sign_channel(channel: &Channel) -> Signed {
    signed(Document::Channel(channel.clone()), &CHANNEL)
}

/// A tree that follows releases and has none yet.
pub(crate) fn trust() -> Trust {
    Trust::begin(pinned(), [1; 16])
}

/// A tree with this build, which it got through the channel.
pub(crate) fn trust_with(build: u64, seq: u64) -> Trust {
    let mut trust = trust();
    update(&mut trust, &channel(seq, Hash::of(b"before"), &release(build)), &release(build)).unwrap();
    trust
}

/// Some time after everything was signed.
pub(crate) const NOW: u64 = 1_790_001_000;

pub(crate) fn hear(trust: &mut Trust, channel: &Channel) -> Result<Offer, TrustError> {
    trust.hear("stable", "linux", &sign_channel(channel), Moment { clock: NOW, policy: ExpiryPolicy::Warn })
}

/// Hears a channel, and installs what it offers.
pub(crate) fn update(trust: &mut Trust, channel: &Channel, release: &Release) -> Result<(), TrustError> {
    let mut next = trust.clone();
    let offer = hear(&mut next, channel)?;
    let release = next.accept(&sign_release(release), &offer)?;
    next.install(&release, Some(&offer));
    *trust = Trust::resume(next.following())?;
    Ok(())
}
