//! What documents say, in one line for people.

use untorn_format::{
    DecodeError, Hash,
    release::{Channel, Release, Root},
};

use crate::RoleName;

/// A document of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Document {
    /// A root.
    Root(Root),
    /// A release.
    Release(Release),
    /// A channel.
    Channel(Channel),
}

impl Document {
    /// Reads a document of any kind. Whether anybody signed it is another question.
    ///
    /// # Errors
    /// [`DecodeError::Magic`] when it is of none; any other for a damaged one.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let not_this_kind = |error: &DecodeError| matches!(error, DecodeError::Magic);
        match Root::decode(bytes).map(Self::Root) {
            Err(error) if not_this_kind(&error) => {}
            other => return other,
        }
        match Release::decode(bytes).map(Self::Release) {
            Err(error) if not_this_kind(&error) => Channel::decode(bytes).map(Self::Channel),
            other => other,
        }
    }

    /// Who must sign it.
    #[must_use]
    pub const fn role(&self) -> RoleName {
        match self {
            Self::Root(_) => RoleName::Root,
            Self::Release(_) => RoleName::Release,
            Self::Channel(_) => RoleName::Channel,
        }
    }

    /// Of which product it is.
    #[must_use]
    pub fn product(&self) -> &str {
        match self {
            Self::Root(root) => &root.product,
            Self::Release(release) => &release.product,
            Self::Channel(channel) => &channel.product,
        }
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Root(root) => root.encode(),
            Self::Release(release) => release.encode(),
            Self::Channel(channel) => channel.encode(),
        }
    }
}

/// What a document says, in one line: the trusted comment of its signatures. Decisions are made by the document, never by this line.
#[must_use]
pub fn facts(document: &Document) -> String {
    let id = Hash::of(&document.encode());
    match document {
        Document::Root(root) => format!("untorn root product={} version={} id={id}", root.product, root.version),
        Document::Release(release) => {
            format!("untorn release product={} platform={} build={} id={id}", release.product, release.platform, release.build)
        }
        Document::Channel(channel) => {
            let (product, name, epoch, seq) = (&channel.product, &channel.name, channel.epoch, channel.seq);
            format!("untorn channel product={product} name={name} epoch={epoch} seq={seq} id={id}")
        }
    }
}
