//! Where a channel stands, and how it moves on.

use untorn_format::{
    DecodeError, Hash,
    release::{CHANNEL_LEN_MAX, Channel, Pointer, SIGNED_LEN_MAX, Signed},
};
use untorn_store::layout::{ChannelName, Name};
use untorn_trust::{Document, Verified};

use crate::{
    Backend, Error, PointerOptions, Result, Signer, Version,
    objects::{get, put_signed},
    roots::Roots,
    signer::sign,
};

/// How many documents are looked at on the way back, at most.
const HISTORY_MAX: usize = 256;

/// A channel, as it was read.
pub(crate) struct Head {
    pub(crate) name: ChannelName,
    /// What it says, and for replacing exactly that; nothing where there is no such channel yet.
    pub(crate) current: Option<(Verified<Channel>, Version)>,
}

/// Checks a name.
pub(crate) fn channel_name(name: &str) -> Result<ChannelName> {
    let valid = ChannelName::new(name).filter(|_| untorn_format::release::is_name(name));
    valid.ok_or_else(|| {
        Error::Choice(format!("{name:?} cannot be the name of a channel: lower-case letters, digits, `.`, `-`, `_`"))
    })
}

/// The number of the document that a channel points to, 0 for none. Nothing is checked.
pub(crate) fn pointed_seq(store: &dyn Backend, name: &ChannelName) -> Result<u64> {
    Ok(raw(store, name)?.map_or(0, |channel| channel.seq))
}

/// What a channel says. Nothing is checked, but that it can be read.
pub(crate) fn raw(store: &dyn Backend, name: &ChannelName) -> Result<Option<Channel>> {
    let object = Name::Channel(name.clone());
    let Some(bytes) = get(store, &object, SIGNED_LEN_MAX)? else { return Ok(None) };
    let channel = Signed::decode(&bytes).and_then(|signed| Channel::decode(&signed.document));
    channel.map(Some).map_err(|_| Error::Damaged { name: object.to_string(), what: "it is no pointer of a channel" })
}

impl Head {
    /// Reads the pointer of a channel. A document that was left without its entry in the log, because whoever wrote it was killed, gets it now.
    pub(crate) fn read(store: &dyn Backend, roots: &Roots, name: &ChannelName) -> Result<Self> {
        let object = Name::Channel(name.clone());
        let Some(found) = store.get(&object.to_string(), SIGNED_LEN_MAX)? else {
            return Ok(Self { name: name.clone(), current: None });
        };
        let broken = |_: DecodeError| Error::Damaged { name: object.to_string(), what: "it is no pointer of a channel" };
        let channel = roots.channel(&object, &Signed::decode(&found.bytes).map_err(broken)?)?;
        if channel.document.name != name.as_str() {
            return Err(Error::Damaged { name: object.to_string(), what: "it is the pointer of another channel" });
        }
        Ok(Self { name: name.clone(), current: Some((channel, found.version)) })
    }

    pub(crate) fn channel(&self) -> Option<&Channel> {
        self.current.as_ref().map(|(channel, _)| &channel.document)
    }

    /// Whether players who know the newest root believe what the channel says.
    pub(crate) fn is_current(&self, roots: &Roots) -> bool {
        self.current.as_ref().is_some_and(|(channel, _)| roots.newest().channel(&channel.signed).is_ok())
    }

    pub(crate) fn seq(&self) -> u64 {
        self.channel().map_or(0, |channel| channel.seq)
    }

    pub(crate) fn pointer(&self, platform: &str) -> Option<&Pointer> {
        self.channel().and_then(|channel| channel.pointer(platform))
    }

    /// What the channel pointed to for a platform, the latest first, each once. The first document is vouched for by its signature, each other one by
    /// its hash in the one after it. Ends where the log does.
    pub(crate) fn history(&self, store: &dyn Backend, platform: &str) -> Result<Vec<Pointer>> {
        let mut found: Vec<Pointer> = Vec::new();
        let mut at = self.channel().cloned();
        for _ in 0..HISTORY_MAX {
            let Some(channel) = at else { break };
            if let Some(pointer) = channel.pointer(platform)
                && !found.iter().any(|other| other.release == pointer.release)
            {
                found.push(pointer.clone());
            }
            at = before(store, &self.name, &channel)?;
        }
        Ok(found)
    }

    /// Moves the channel on: signs the next document and puts it in the place of the one that was read, and then into the log.
    ///
    /// After this returns `Ok`, players see it; whether it is in the log already, or whoever comes next puts it there, makes no difference to them. After
    /// [`Error::Raced`], they see what somebody else made of it.
    pub(crate) fn advance(
        &self,
        store: &dyn Backend,
        roots: &Roots,
        signer: &dyn Signer,
        next: &Channel,
    ) -> Result<Verified<Channel>> {
        let name = Name::Channel(self.name.clone());
        let signatures = sign(signer, &Document::Channel(next.clone()), roots)?;
        let signed = Signed { signatures, document: next.encode() };
        let channel = roots.newest().channel(&signed).map_err(|source| Error::Trust { name: name.to_string(), source })?;
        self.write_log(store)?;
        // As late as can be: from here on players believe the keys of the newest root only, and what the channel says now may be signed by others.
        roots.publish(store)?;
        let version = self.current.as_ref().map(|(_, version)| version);
        let moved = store.put_if(&name.to_string(), version, &signed.encode());
        moved.map_err(|error| Error::of_pointer(error, self.name.as_str()))?;
        // An error would say that nothing has changed.
        drop(log(store, &self.name, &channel));
        Ok(channel)
    }

    /// Whoever wrote the current document may have been killed before it was in the log.
    pub(crate) fn write_log(&self, store: &dyn Backend) -> Result<()> {
        self.current.as_ref().map_or(Ok(()), |(channel, _)| log(store, &self.name, channel))
    }

    /// The document after the one that was read, with these pointers.
    pub(crate) fn next(
        &self,
        store: &dyn Backend,
        roots: &Roots,
        platforms: Vec<Pointer>,
        options: &PointerOptions,
    ) -> Result<Channel> {
        let (root, old) = (roots.newest().root(), self.channel());
        let floor = options.floor.unwrap_or(0).max(old.map_or(0, |old| old.floor));
        let lowest =
            platforms.iter().filter(|pointer| pointer.build < floor.max(root.min_build)).min_by_key(|pointer| pointer.build);
        if let Some(pointer) = lowest {
            return Err(Error::Choice(format!("build {} is below the least build that players may have", pointer.build)));
        }
        let (seq, prev) = self.next_number(store, root.channel.epoch)?;
        let rollout_permille = options.rollout_permille.min(1000);
        Ok(Channel {
            product: root.product.clone(),
            name: self.name.to_string(),
            epoch: root.channel.epoch,
            seq,
            prev,
            salt: salt(&platforms),
            platforms,
            floor,
            issued: options.now,
            expires: if options.valid_for == 0 { 0 } else { options.now.saturating_add(options.valid_for) },
            rollout_permille,
        })
    }
}

impl Head {
    /// The number of the next document, and the hash of the one before.
    fn next_number(&self, store: &dyn Backend, epoch: u64) -> Result<(u64, Hash)> {
        let Some((current, _)) = &self.current else { return Ok((1, Hash::NONE)) };
        if current.document.epoch < epoch {
            return self.first_of_epoch(store, current.id);
        }
        let seq = current.document.seq.checked_add(1);
        let seq = seq.ok_or_else(|| {
            Error::Choice("the number of the channel cannot rise: begin a new epoch of the channel's keys".into())
        })?;
        Ok((seq, current.id))
    }

    /// A thief of the old key may have used any number: the first one that is free is taken, after those that follow each other.
    fn first_of_epoch(&self, store: &dyn Backend, current: Hash) -> Result<(u64, Hash)> {
        let mut last = (1, current);
        while let Some(bytes) = get(store, &Name::Log(self.name.clone(), last.0), CHANNEL_LEN_MAX)? {
            last = (last.0 + 1, Hash::of(&bytes));
        }
        Ok(last)
    }
}

/// Decides, with a number of the player, who is meant: the same players while a release is rolled out further, others for another release.
fn salt(platforms: &[Pointer]) -> [u8; 16] {
    let releases: Vec<u8> = platforms.iter().flat_map(|pointer| pointer.release.0).collect();
    let mut salt = [0; 16];
    salt.copy_from_slice(&Hash::of(&releases).0[..16]);
    salt
}

fn log(store: &dyn Backend, name: &ChannelName, channel: &Verified<Channel>) -> Result<()> {
    let seq = channel.document.seq;
    put_signed(store, &Name::Log(name.clone(), seq), &Name::LogSignatures(name.clone(), seq), &channel.signed)
}

/// The document that `channel` names as the one before it; `None` where the log does not have it.
pub(crate) fn before(store: &dyn Backend, name: &ChannelName, channel: &Channel) -> Result<Option<Channel>> {
    let Some(seq) = channel.seq.checked_sub(1).filter(|seq| *seq > 0) else { return Ok(None) };
    let bytes = get(store, &Name::Log(name.clone(), seq), CHANNEL_LEN_MAX)?;
    Ok(bytes.filter(|bytes| Hash::of(bytes) == channel.prev).and_then(|bytes| Channel::decode(&bytes).ok()))
}
