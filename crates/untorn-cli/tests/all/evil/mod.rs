//! A studio whose keys and whose host somebody else has, too: documents, manifests and patches that say what they should not, signed by whichever key.

use std::{fs, path::PathBuf, sync::LazyLock};

use untorn_format::{
    Hash,
    release::{Channel, Pointer, Release, Role, Root, Signed},
};
use untorn_keys::SecretKey;
use untorn_store::layout::{ChannelName, Name};
use untorn_trust::Document;

use crate::util::{Game, keys, out, text};

/// Keys, by number.
static KEYS: LazyLock<Vec<SecretKey>> = LazyLock::new(|| (0..7).map(|_| SecretKey::generate(None).unwrap()).collect());

/// Who signs what; key 5 and 6 are nobody's yet.
pub(crate) const ROOT: [usize; 2] = [0, 1];
pub(crate) const RELEASE: [usize; 1] = [3];
pub(crate) const CHANNEL: [usize; 1] = [4];

pub(crate) fn key(number: usize) -> &'static SecretKey {
    &KEYS[number]
}

/// A store with two builds, and a tree that is the first one and follows the store.
pub(crate) struct Studio {
    pub(crate) game: Game,
    second: String,
    builds: Vec<Release>,
    heard: Channel,
}

impl Studio {
    pub(crate) fn new() -> Self {
        Self::with("new", |_| {})
    }

    /// With this directory as the second build, once it was filled.
    pub(crate) fn with(second: &str, fill: impl FnOnce(&Game)) -> Self {
        let game = Game::new();
        fill(&game);
        let (hobby, root) = keys(&game);
        let publish = ["--key", &hobby, "--root", &root, "--level", "1", "--patch-from", "1"];
        out(&game.untorn([&["publish", "old", "store"][..], &publish].concat()), 0);
        out(&game.untorn([&["publish", second, "store"][..], &publish].concat()), 0);
        let heard = channel(&Hash::NONE, 1);
        let mut studio = Self { game, second: second.to_owned(), builds: Vec::new(), heard };
        studio.builds = studio.releases();
        studio.sign_anew();
        studio
    }

    fn releases(&self) -> Vec<Release> {
        let files = fs::read_dir(self.game.path("store/release")).unwrap().map(|entry| entry.unwrap().path());
        let documents = files.filter(|path| path.extension().is_none()).map(|path| fs::read(path).unwrap());
        let mut releases: Vec<_> = documents.map(|bytes| Release::decode(&bytes).unwrap()).collect();
        releases.sort_by_key(|release| release.build);
        releases
    }

    /// All that was published by one key, by the keys of their roles; and a tree that believes them.
    fn sign_anew(&mut self) {
        let root = self.put_root(&root(), &ROOT);
        self.game.write("evil.root", &root.encode());
        self.builds.iter().for_each(|release| assert_eq!(self.put_release(release, &RELEASE), release.id()));
        self.heard.platforms = vec![pointer(&self.builds[0])];
        self.put_channel(&self.heard, &CHANNEL);
        out(&self.game.untorn(["install", "store", "tree", "--trust", "evil.root"]), 0);
        self.point(|_| {});
    }

    /// The release of this build.
    pub(crate) fn build(&self, number: usize) -> Release {
        self.builds[number - 1].clone()
    }

    pub(crate) fn store(&self, name: &Name) -> PathBuf {
        self.game.path(&format!("store/{name}"))
    }

    fn put(&self, name: &Name, bytes: &[u8]) {
        self.game.write(&format!("store/{name}"), bytes);
    }

    pub(crate) fn put_root(&self, root: &Root, keys: &[usize]) -> Signed {
        let signed = signed(&Document::Root(root.clone()), keys);
        self.put(&Name::Root(root.version), &signed.document);
        self.put(&Name::RootSignatures(root.version), signed.signatures.as_bytes());
        signed
    }

    pub(crate) fn put_release(&self, release: &Release, keys: &[usize]) -> Hash {
        let signed = signed(&Document::Release(release.clone()), keys);
        self.put(&Name::Release(release.id()), &signed.document);
        self.put(&Name::ReleaseSignatures(release.id()), signed.signatures.as_bytes());
        release.id()
    }

    pub(crate) fn put_channel(&self, channel: &Channel, keys: &[usize]) {
        self.put_pointer(&signed(&Document::Channel(channel.clone()), keys));
    }

    pub(crate) fn put_pointer(&self, signed: &Signed) {
        self.put(&Name::Channel(ChannelName::new("stable").unwrap()), &signed.encode());
    }

    /// What the channel says next: that there is build 2.
    pub(crate) fn next(&self) -> Channel {
        let mut next = channel(&Hash::of(&self.heard.encode()), self.heard.seq + 1);
        next.platforms = vec![pointer(&self.builds[1])];
        next
    }

    /// Signs it, changed, with the right key.
    pub(crate) fn point(&self, change: impl FnOnce(&mut Channel)) {
        let mut next = self.next();
        change(&mut next);
        self.put_channel(&next, &CHANNEL);
    }

    /// Signs a release that is the one of build 2, changed, with the right keys, and points to it.
    pub(crate) fn release(&self, change: impl FnOnce(&mut Release)) {
        let mut release = self.build(2);
        change(&mut release);
        self.put_release(&release, &RELEASE);
        self.point(|channel| channel.platforms = vec![pointer(&release)]);
    }

    /// Lets build 2 have these bytes for a manifest.
    pub(crate) fn release_of(&self, manifest: &[u8]) {
        let stored = zstd::bulk::compress(manifest, 3).unwrap();
        self.release(|release| {
            release.manifest.hash = Hash::of(manifest);
            (release.manifest.len, release.manifest.stored_len) = (manifest.len() as u64, stored.len() as u64);
            release.manifest.stored = Hash::of(&stored);
            (release.manifest_deltas, release.patches, release.bridges) = (Vec::new(), Vec::new(), Vec::new());
            self.put(&Name::Manifest(release.manifest.hash), &stored);
        });
    }

    /// Updates, which must be refused with this exit code and one of these codes, and the tree as it was.
    pub(crate) fn refused(&self, args: &[&str], exit: i32, codes: &[&str]) -> String {
        let output = self.game.untorn([&["update", "tree", "--patience", "1"][..], args].concat());
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{message}");
        assert!(codes.iter().any(|code| message.contains(&format!("[{code}]"))), "{codes:?}: {message}");
        assert!(message.contains("unchanged") || message.contains("nothing was changed"), "{message}");
        assert_eq!(self.game.content("tree"), self.game.content("old"));
        message
    }

    /// Nothing of what was tried is in the way of the real thing.
    pub(crate) fn recovers(&self) {
        self.point(|_| {});
        out(&self.game.untorn(["update", "tree"]), 0);
        assert_eq!(self.game.content("tree"), self.game.content(&self.second));
        out(&self.game.untorn(["verify", "tree"]), 0);
    }
}

pub(crate) fn signed(document: &Document, keys: &[usize]) -> Signed {
    let document = document.encode();
    let signatures = keys.iter().map(|number| key(*number).sign_bytes(&document, "signed in a test").unwrap()).collect();
    Signed { signatures, document }
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
        release: role(0, 1, &RELEASE),
        channel: role(0, 1, &CHANNEL),
    }
}

pub(crate) fn pointer(release: &Release) -> Pointer {
    Pointer { platform: release.platform.clone(), release: release.id(), build: release.build }
}

fn channel(prev: &Hash, seq: u64) -> Channel {
    Channel {
        product: "game".to_owned(),
        name: "stable".to_owned(),
        epoch: 0,
        seq,
        prev: *prev,
        platforms: Vec::new(),
        floor: 0,
        issued: 1_790_000_000_u64.saturating_add(seq.min(1000)),
        expires: 0,
        rollout_permille: 1000,
        salt: [7; 16],
    }
}
