//! Which keys may sign what.

use super::names::{read_name, rises};
use crate::{
    DecodeError,
    bytes::{Field, Reader, Writer, count, require},
    document::{CRITICAL, FORMAT, Kind, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

/// The longest root document, in bytes.
pub const ROOT_LEN_MAX: u64 = 16 << 10;

/// The most keys of one role.
pub const KEY_COUNT_MAX: usize = 32;

const KIND: Kind = Kind { magic: *b"untorn:k", format: 1, len_max: ROOT_LEN_MAX };

const HEAD_LEN: usize = 32;
const VERSION: Field<8> = Field::at(16);
const MIN_BUILD: Field<8> = Field::at(24);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN; MAGIC, FORMAT, CRITICAL, VERSION, MIN_BUILD);

const KEY_LEN: usize = 40;

/// Which keys may sign what for one product. Version N + 1 is signed by thresholds of the root roles of both N and N + 1.
///
/// # What every root keeps
/// - The product is a [name](super::is_name); the version is at least 1.
/// - Each [`Role`] has 1 to [`KEY_COUNT_MAX`] keys, sorted, none twice, and a threshold of at least 1 and at most all of them.
///
/// That no key is weak is checked by whoever verifies signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Whose keys these are.
    pub product: String,
    /// Rises by one with every root.
    pub version: u64,
    /// The least build that may be installed: cuts off what a stolen key signed.
    pub min_build: u64,
    /// Who signs roots.
    pub root: Role,
    /// Who signs releases.
    pub release: Role,
    /// Who signs channels.
    pub channel: Role,
}

/// Who may sign one kind of document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Raised when a key was stolen: sequence numbers count within an epoch, so that a thief's number does not outlast the thief.
    pub epoch: u64,
    /// How many different keys must have signed.
    pub threshold: u32,
    /// The keys, sorted by their 32 bytes.
    pub keys: Vec<PublicKey>,
}

/// A public key of Ed25519, and the number minisign knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// A hint for finding the key of a signature; two keys may have the same.
    pub id: [u8; 8],
    /// The key.
    pub key: [u8; 32],
}

impl Root {
    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut head = [0; HEAD_LEN];
        KIND.begin(&mut head);
        VERSION.put(&mut head, self.version.to_le_bytes());
        MIN_BUILD.put(&mut head, self.min_build.to_le_bytes());
        let mut writer = Writer(head.to_vec());
        writer.text(&self.product);
        for role in [&self.root, &self.release, &self.channel] {
            write_role(&mut writer, role);
        }
        seal(writer)
    }

    /// Reads a root.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Root::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let head = &bytes[..HEAD_LEN];
        let root = Self {
            version: VERSION.u64(head),
            min_build: MIN_BUILD.u64(head),
            product: read_name(&mut reader, "product")?,
            root: read_role(&mut reader)?,
            release: read_role(&mut reader)?,
            channel: read_role(&mut reader)?,
        };
        reader.end()?;
        require(root.version > 0, "version of a root")?;
        Ok(root)
    }
}

fn write_role(writer: &mut Writer, role: &Role) {
    writer.u64(role.epoch);
    writer.u32(role.threshold);
    writer.u32(count(role.keys.len()));
    for key in &role.keys {
        writer.bytes(&key.id);
        writer.bytes(&key.key);
    }
}

fn read_role(reader: &mut Reader<'_>) -> Result<Role, DecodeError> {
    let (epoch, threshold, key_count) = (reader.u64()?, reader.u32()?, reader.u32()?);
    let role = Role { epoch, threshold, keys: reader.list(key_count, KEY_LEN, read_key)? };
    require(role.keys.len() <= KEY_COUNT_MAX, "number of keys")?;
    require(rises(&role.keys, |key| key.key), "order of the keys")?;
    require((1..=count(role.keys.len())).contains(&role.threshold), "threshold")?;
    Ok(role)
}

fn read_key(reader: &mut Reader<'_>) -> Result<PublicKey, DecodeError> {
    Ok(PublicKey { id: reader.array()?, key: reader.array()? })
}
