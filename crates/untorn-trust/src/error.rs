//! Why something is not believed.

use std::{error::Error, fmt};

use untorn_format::{DecodeError, Hash};

use crate::{CHAIN_LEN_MAX, RoleName, key_text::key_id};

/// Why something is not believed. Nothing was changed by finding out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustError {
    /// The signatures cannot be read.
    Envelope,
    /// A signature of a kind that is not accepted.
    Algorithm {
        /// Whether it is one of the old kind, over the document itself.
        is_legacy: bool,
    },
    /// Text that is no public key.
    KeyText,
    /// A key for which anybody can sign.
    WeakKey {
        /// As minisign prints it.
        key: String,
    },
    /// Too few of the right keys signed, or what they signed was something else.
    Signature {
        /// Whose keys are the right ones.
        role: RoleName,
        /// How many of them signed.
        have: u32,
        /// How many it takes.
        need: u32,
        /// The numbers of the keys that are said to have signed.
        keys: Vec<[u8; 8]>,
    },
    /// A document cannot be read.
    Document {
        /// Which role signs such documents.
        role: RoleName,
        /// Why.
        source: DecodeError,
    },
    /// Neither root nor release nor channel.
    Unknown {
        /// Why.
        source: DecodeError,
    },
    /// Of another product.
    Product {
        /// The right one.
        wanted: String,
        /// The one that was found.
        found: String,
    },
    /// For another platform.
    Platform {
        /// The right one.
        wanted: String,
        /// The one that was found.
        found: String,
    },
    /// Another channel than the one that was asked for.
    Channel {
        /// The right one.
        wanted: String,
        /// The one that was found.
        found: String,
    },
    /// The channel has nothing for this platform.
    NotOffered {
        /// The channel.
        channel: String,
        /// The platform.
        platform: String,
    },
    /// A root that does not follow the one that is believed.
    Chain {
        /// The version that is believed.
        have: u64,
        /// The version that was found.
        found: u64,
    },
    /// More roots than are followed at once.
    ChainLength,
    /// A root takes back what an earlier one said: an epoch, or the least build.
    TakenBack {
        /// Its version.
        version: u64,
    },
    /// Two different documents with one number: somebody tells different players different things.
    Fork {
        /// Which.
        what: String,
    },
    /// A channel of another epoch than the root names: of a key that was revoked, or of nobody who may.
    Epoch {
        /// That of the root.
        wanted: u64,
        /// The one that was found.
        found: u64,
    },
    /// Older than what was heard of this channel before.
    Rollback {
        /// The channel.
        channel: String,
        /// Epoch and number that were heard.
        heard: (u64, u64),
        /// Epoch and number that were found.
        found: (u64, u64),
    },
    /// Older than what is installed.
    Older {
        /// The build that is installed.
        installed: u64,
        /// The one that was found.
        found: u64,
    },
    /// Below the least build that may be installed.
    Floor {
        /// The least build.
        floor: u64,
        /// The one that was found; none where nobody knows.
        build: Option<u64>,
    },
    /// The word of a channel is old.
    Expired {
        /// The channel.
        channel: String,
        /// Until when it was good, in seconds since 1970.
        expires: u64,
        /// What time it is, as far as is known.
        now: u64,
    },
    /// Another release than the channel names.
    OtherRelease {
        /// The one it names.
        wanted: Hash,
        /// The one that was found.
        found: Hash,
    },
    /// More channels than are remembered.
    TooManyChannels,
}

impl TrustError {
    /// A code that never changes its meaning.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Envelope => "UNT-TRUST-ENVELOPE",
            Self::Algorithm { .. } => "UNT-TRUST-ALGORITHM",
            Self::KeyText => "UNT-TRUST-KEY",
            Self::WeakKey { .. } => "UNT-TRUST-WEAK-KEY",
            Self::Signature { .. } => "UNT-TRUST-SIGNATURE",
            Self::Document { .. } | Self::Unknown { .. } => "UNT-TRUST-DOCUMENT",
            Self::Product { .. } => "UNT-TRUST-PRODUCT",
            Self::Platform { .. } => "UNT-TRUST-PLATFORM",
            Self::Channel { .. } | Self::NotOffered { .. } | Self::TooManyChannels => "UNT-TRUST-CHANNEL",
            Self::Chain { .. } | Self::ChainLength | Self::TakenBack { .. } => "UNT-TRUST-CHAIN",
            Self::Fork { .. } => "UNT-TRUST-FORK",
            Self::Epoch { .. } => "UNT-TRUST-EPOCH",
            Self::Rollback { .. } => "UNT-TRUST-ROLLBACK",
            Self::Older { .. } => "UNT-TRUST-OLDER",
            Self::Floor { .. } => "UNT-TRUST-FLOOR",
            Self::Expired { .. } => "UNT-TRUST-EXPIRED",
            Self::OtherRelease { .. } => "UNT-TRUST-RELEASE",
        }
    }

    /// What to do next, in one sentence.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Envelope | Self::Document { .. } | Self::Unknown { .. } => "get it again, from another place if it stays so",
            Self::Algorithm { .. } => "ask whoever made it to sign with a newer minisign, or with untorn",
            Self::KeyText => "check that this is the public key",
            Self::WeakKey { .. } => "make a new key",
            Self::Signature { .. } => "get it from whoever makes this product; if that is where it came from, ask them",
            Self::Product { .. } | Self::Platform { .. } => "get the one for this product and platform",
            Self::Channel { .. } | Self::NotOffered { .. } => "name another channel",
            Self::TooManyChannels => "follow fewer channels",
            Self::Chain { .. } | Self::ChainLength => "get all roots in between, or newer ones",
            Self::TakenBack { .. } | Self::Fork { .. } => {
                "tell whoever makes this product: a key of theirs may be in wrong hands"
            }
            Self::Epoch { .. } => "try again later, or get the newer root",
            Self::Rollback { .. } => "try again later, or from another place: this one is behind",
            Self::Older { .. } => "get a newer one, or allow the downgrade",
            Self::Floor { .. } => "get a newer one",
            Self::Expired { .. } => "check the clock; if it is right, try another place",
            Self::OtherRelease { .. } => "try again, or from another place",
        }
    }
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope => f.write_str("the signatures cannot be read: each has four lines, as minisign writes them"),
            Self::Algorithm { is_legacy: true } => f.write_str("a signature is of the old kind, over the document itself"),
            Self::Algorithm { is_legacy: false } => f.write_str("a signature is of an unknown kind"),
            Self::KeyText => f.write_str("this is no public key of minisign"),
            Self::WeakKey { key } => write!(f, "anybody can sign for the key {key}"),
            Self::Signature { role, have, need, keys } => signature(f, *role, *have, *need, keys),
            Self::Document { role, source } => write!(f, "the {role} document cannot be read: {source}"),
            Self::Unknown { source } => write!(f, "neither root nor release nor channel: {source}"),
            Self::Product { wanted, found } => write!(f, "it is of the product {found}, not of {wanted}"),
            Self::Platform { wanted, found } => write!(f, "it is for the platform {found}, not for {wanted}"),
            Self::Channel { wanted, found } => write!(f, "it is the channel {found}, not {wanted}"),
            Self::NotOffered { channel, platform } => write!(f, "the channel {channel} has nothing for the platform {platform}"),
            Self::Chain { have, found } => write!(f, "root {found} does not follow root {have}, which is believed"),
            Self::ChainLength => write!(f, "more than {CHAIN_LEN_MAX} roots at once"),
            Self::TakenBack { version } => {
                write!(f, "root {version} takes back an epoch or the least build of the root before it")
            }
            Self::Fork { what } => write!(f, "there are two different versions of {what}"),
            Self::Epoch { wanted, found } => write!(f, "the channel is of epoch {found}, the root says {wanted}"),
            Self::Rollback { channel, heard, found } => {
                write!(f, "the channel {channel} is at {}.{}, and was at {}.{} before", found.0, found.1, heard.0, heard.1)
            }
            Self::Older { installed, found } => {
                write!(f, "build {found} is not newer than build {installed}, which is installed")
            }
            Self::Floor { floor, build: Some(build) } => {
                write!(f, "build {build} is below {floor}, the least that may be installed")
            }
            Self::Floor { floor, build: None } => {
                write!(f, "nobody knows which build that is, and builds below {floor} may not be installed")
            }
            Self::Expired { channel, expires, now } => {
                write!(f, "the word of the channel {channel} was good until {expires}, and now it is {now} (seconds since 1970)")
            }
            Self::OtherRelease { wanted, found } => write!(f, "it is the release {found}, and the channel names {wanted}"),
            Self::TooManyChannels => f.write_str("this tree has heard of too many channels"),
        }
    }
}

fn signature(f: &mut fmt::Formatter<'_>, role: RoleName, have: u32, need: u32, keys: &[[u8; 8]]) -> fmt::Result {
    write!(f, "signed by {have} of the keys for a {role}, and it takes {need}; it came with signatures of ")?;
    for (at, id) in keys.iter().enumerate() {
        write!(f, "{}{}", if at == 0 { "" } else { ", " }, key_id(id))?;
    }
    Ok(())
}

impl Error for TrustError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if let Self::Document { source, .. } | Self::Unknown { source } = self { Some(source) } else { None }
    }
}
