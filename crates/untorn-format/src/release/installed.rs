//! What a tree has: its head document.

use super::{Following, following::FOLLOWING_LEN_MAX};
use crate::{
    DecodeError,
    bytes::{Field, Writer, count},
    document::{CHECKSUM_LEN, CRITICAL, FORMAT, Kind, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
    manifest::{MANIFEST_LEN_MAX, Manifest},
};

/// The longest head document, in bytes.
pub const INSTALLED_LEN_MAX: u64 = MANIFEST_LEN_MAX + FOLLOWING_LEN_MAX + (HEAD_LEN + CHECKSUM_LEN) as u64;

const KIND: Kind = Kind { magic: *b"untorn:i", format: 1, len_max: INSTALLED_LEN_MAX };

const HEAD_LEN: usize = 24;
const MANIFEST_LEN: Field<4> = Field::at(16);
const RESERVED: Field<4> = Field::at(20);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN; MAGIC, FORMAT, CRITICAL, MANIFEST_LEN, RESERVED);

/// What a tree has. The journal names it by the hash of these bytes, which is that of the manifest only where nothing else is remembered.
///
/// A tree that follows no releases has a plain manifest for a head document, as before there were releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// What it consists of.
    pub manifest: Manifest,
    /// What it has to remember of the releases it follows.
    pub following: Option<Following>,
}

impl Installed {
    /// A tree that follows no releases.
    #[must_use]
    pub const fn plain(manifest: Manifest) -> Self {
        Self { manifest, following: None }
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let manifest = self.manifest.encode();
        let Some(following) = &self.following else { return manifest };
        let mut head = [0; HEAD_LEN];
        KIND.begin(&mut head);
        MANIFEST_LEN.put(&mut head, count(manifest.len()).to_le_bytes());
        let mut writer = Writer(head.to_vec());
        writer.bytes(&manifest);
        following.write(&mut writer);
        seal(writer)
    }

    /// Reads a head document of either kind.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Installed::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.first_chunk() != Some(&KIND.magic) {
            return Manifest::decode(bytes).map(Self::plain);
        }
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let head = &bytes[..HEAD_LEN];
        crate::bytes::require(RESERVED.u32(head) == 0, "reserved bytes")?;
        let manifest = Manifest::decode(reader.bytes(MANIFEST_LEN.u32(head))?)?;
        let following = Following::read(&mut reader)?;
        reader.end()?;
        Ok(Self { manifest, following: Some(following) })
    }
}
