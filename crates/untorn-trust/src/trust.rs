//! What a tree believes and remembers, and what may be installed because of it.

mod ratchet;

use untorn_format::{
    Hash,
    release::{Channel, Following, Pointer, Release, Signed},
};

use crate::{Moment, RoleName, RootChain, TrustError, TrustedRoot, Verified, is_meant};

/// A root that is believed, and what a tree that follows releases has to remember.
///
/// Methods that may refuse change nothing when they do. What [`Trust::following`] gives at the end is to be stored in the same transaction as the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    root: TrustedRoot,
    /// The release that is installed, as `following` holds it.
    installed: Option<Release>,
    following: Following,
}

/// What a channel offers to one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer {
    /// The channel document.
    pub channel: Verified<Channel>,
    /// The release it names for the platform of the tree. Its document is still to be fetched, and to be checked by [`Trust::accept`].
    pub pointer: Pointer,
    /// Whether that is what is installed already.
    pub is_installed: bool,
    /// Whether the rollout means this tree, or what it has is below the floor.
    pub is_meant: bool,
    /// Whether the player went back from this very release.
    pub was_left: bool,
    /// Since when the word of the channel has been old, in seconds since 1970, if it is.
    pub expired: Option<u64>,
}

/// Whether a release from a file may be older than what is installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Downgrade {
    /// No.
    #[default]
    Refuse,
    /// Yes, down to the floor, because the player or the program around asked for it.
    Allow,
}

impl Trust {
    /// A tree begins to follow releases. `rollout_id` should be random.
    #[must_use]
    pub fn begin(root: TrustedRoot, rollout_id: [u8; 16]) -> Self {
        let following = Following {
            product: root.root().product.clone(),
            platform: String::new(),
            root: root.signed().clone(),
            release: None,
            ratchets: Vec::new(),
            floor: root.root().min_build,
            time: 0,
            rollout_id,
            left: Hash::NONE,
            channel: String::new(),
            sources: Vec::new(),
        };
        Self { root, installed: None, following }
    }

    /// A tree goes on with what it remembers.
    ///
    /// # Errors
    /// [`TrustError`] when what it remembers is not what this crate would have stored.
    pub fn resume(following: &Following) -> Result<Self, TrustError> {
        let root = TrustedRoot::pin(following.root.clone())?;
        root.check_product(&following.product)?;
        let installed = following.release.as_ref().map(read_release).transpose()?;
        Ok(Self { root, installed, following: following.clone() })
    }

    /// The root that is believed.
    #[must_use]
    pub const fn root(&self) -> &TrustedRoot {
        &self.root
    }

    /// The release that is installed.
    #[must_use]
    pub const fn installed(&self) -> Option<&Release> {
        self.installed.as_ref()
    }

    /// What is to be stored.
    #[must_use]
    pub const fn following(&self) -> &Following {
        &self.following
    }

    /// Sets which channel the tree follows, and where it gets releases from.
    pub fn set_source(&mut self, channel: String, sources: Vec<String>) {
        (self.following.channel, self.following.sources) = (channel, sources);
    }

    /// Believes the last root of a chain.
    ///
    /// # Errors
    /// As [`TrustedRoot::follow`].
    pub fn follow_roots(&mut self, chain: &RootChain) -> Result<(), TrustError> {
        let root = self.root.follow(chain)?;
        if root.root().channel.epoch > self.root.root().channel.epoch {
            // Whoever had the key of the old epoch may have dated documents as he liked.
            self.following.time = 0;
        }
        self.following.floor = self.following.floor.max(root.root().min_build);
        self.following.root = root.signed().clone();
        self.root = root;
        Ok(())
    }

    /// What a channel offers. That it was heard is remembered, whether or not the offer is taken.
    ///
    /// # Errors
    /// [`TrustError`]: signatures, product, epoch, name, platform, anything older than what was heard before, and, where that is to be enforced, expiry.
    pub fn hear(&mut self, name: &str, platform: &str, signed: &Signed, moment: Moment) -> Result<Offer, TrustError> {
        let channel = self.root.channel(signed)?;
        let said = &channel.document;
        if said.name != name {
            return Err(TrustError::Channel { wanted: name.to_owned(), found: said.name.clone() });
        }
        let pointer = self.pointer(said, platform)?;
        let ratchets = ratchet::turned(&self.following.ratchets, &channel)?;
        let expired = moment.expired(said, self.following.time)?;
        let offer = self.offer(&channel, pointer, expired);
        self.following.ratchets = ratchets;
        self.following.time = self.following.time.max(said.issued);
        if offer.is_installed {
            self.raise_floor(&offer);
        }
        Ok(offer)
    }

    fn pointer(&self, channel: &Channel, platform: &str) -> Result<Pointer, TrustError> {
        self.check_platform(platform)?;
        let none = || TrustError::NotOffered { channel: channel.name.clone(), platform: platform.to_owned() };
        channel.pointer(platform).cloned().ok_or_else(none)
    }

    fn offer(&self, channel: &Verified<Channel>, pointer: Pointer, expired: Option<u64>) -> Offer {
        let said = &channel.document;
        let below_floor = self.installed.as_ref().is_some_and(|installed| installed.build < said.floor.max(self.following.floor));
        Offer {
            is_installed: self.is_installed(pointer.release),
            is_meant: below_floor || is_meant(said, &self.following.rollout_id),
            was_left: pointer.release == self.following.left,
            channel: channel.clone(),
            pointer,
            expired,
        }
    }

    fn is_installed(&self, release: Hash) -> bool {
        self.following.release.as_ref().is_some_and(|installed| installed.id() == release)
    }

    /// The release that an offer names.
    ///
    /// # Errors
    /// [`TrustError`]: signatures, product, platform, another release or build than the channel names, or one below the floor.
    pub fn accept(&self, signed: &Signed, offer: &Offer) -> Result<Verified<Release>, TrustError> {
        let release = self.root.release(signed)?;
        let (said, wanted) = (&release.document, &offer.pointer);
        if release.id != wanted.release || said.build != wanted.build {
            return Err(TrustError::OtherRelease { wanted: wanted.release, found: release.id });
        }
        if said.platform != wanted.platform {
            return Err(TrustError::Platform { wanted: wanted.platform.clone(), found: said.platform.clone() });
        }
        self.check_floor(said.build, offer.channel.document.floor)?;
        Ok(release)
    }

    /// A release that came in a file, with no channel that names it: signed, for this platform, and newer than what is installed.
    ///
    /// Whether there is a newer one still cannot be known, and no expiry is looked at.
    ///
    /// # Errors
    /// [`TrustError`]: signatures, product, platform, older than what is installed, or below the floor.
    pub fn accept_file(&self, signed: &Signed, downgrade: Downgrade) -> Result<Verified<Release>, TrustError> {
        let release = self.root.release(signed)?;
        self.check_platform(&release.document.platform)?;
        self.check_floor(release.document.build, 0)?;
        let is_older = |installed: &Release| release.document.build <= installed.build && !self.is_installed(release.id);
        match &self.installed {
            Some(installed) if downgrade == Downgrade::Refuse && is_older(installed) => {
                Err(TrustError::Older { installed: installed.build, found: release.document.build })
            }
            _ => Ok(release),
        }
    }

    /// Remembers that a release is installed: one that [`Trust::accept`] gave for that offer, or [`Trust::accept_file`].
    pub fn install(&mut self, release: &Verified<Release>, offer: Option<&Offer>) {
        self.following.platform.clone_from(&release.document.platform);
        self.following.release = Some(release.signed.clone());
        self.following.left = Hash::NONE;
        self.installed = Some(release.document.clone());
        if let Some(offer) = offer {
            self.raise_floor(offer);
        }
    }

    /// Remembers that what is installed is no release: somebody applied a patch that nobody signed.
    pub fn install_unsigned(&mut self) {
        self.following.release = None;
        self.installed = None;
    }

    /// Goes back to what a tree had before, keeping all that was learned since. `previous` is what it remembered then; none if it followed no releases.
    ///
    /// # Errors
    /// [`TrustError::Floor`]: what was installed then is below the floor by now, or nobody knows its build and there is a floor; [`TrustError::Document`].
    pub fn go_back(&mut self, previous: Option<&Following>) -> Result<(), TrustError> {
        let signed = previous.and_then(|previous| previous.release.clone());
        let release = signed.as_ref().map(read_release).transpose()?;
        match &release {
            Some(release) => {
                self.root.check_product(&release.product)?;
                self.check_floor(release.build, 0)?;
            }
            None if self.following.floor > 0 => {
                return Err(TrustError::Floor { floor: self.following.floor, build: None });
            }
            None => {}
        }
        self.following.left = self.following.release.as_ref().map_or(Hash::NONE, Signed::id);
        (self.following.release, self.installed) = (signed, release);
        Ok(())
    }

    /// A floor is believed only with a release that was signed and is not below it: who has but the key of a channel cannot raise it beyond that.
    fn raise_floor(&mut self, offer: &Offer) {
        self.following.floor = self.following.floor.max(offer.channel.document.floor);
    }

    fn check_floor(&self, build: u64, floor: u64) -> Result<(), TrustError> {
        let floor = floor.max(self.following.floor);
        if build < floor { Err(TrustError::Floor { floor, build: Some(build) }) } else { Ok(()) }
    }

    fn check_platform(&self, platform: &str) -> Result<(), TrustError> {
        let wanted = &self.following.platform;
        if wanted.is_empty() || wanted == platform {
            return Ok(());
        }
        Err(TrustError::Platform { wanted: wanted.clone(), found: platform.to_owned() })
    }
}

/// One that was verified before it was stored.
fn read_release(signed: &Signed) -> Result<Release, TrustError> {
    Release::decode(&signed.document).map_err(|source| TrustError::Document { role: RoleName::Release, source })
}
