//! What players shall have now.

use super::names::{read_name, rises};
use crate::{
    DecodeError, Hash,
    bytes::{Field, Reader, Writer, count, require},
    document::{CRITICAL, FORMAT, Kind, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

/// The longest channel document, in bytes. With its signatures it has at most 64 KiB.
pub const CHANNEL_LEN_MAX: u64 = 40 << 10;

const KIND: Kind = Kind { magic: *b"untorn:c", format: 1, len_max: CHANNEL_LEN_MAX };

const HEAD_LEN: usize = 112;
const EPOCH: Field<8> = Field::at(16);
const SEQ: Field<8> = Field::at(24);
const PREV: Field<32> = Field::at(32);
const FLOOR: Field<8> = Field::at(64);
const ISSUED: Field<8> = Field::at(72);
const EXPIRES: Field<8> = Field::at(80);
const SALT: Field<16> = Field::at(88);
const ROLLOUT_PERMILLE: Field<4> = Field::at(104);
const POINTER_COUNT: Field<4> = Field::at(108);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN;
    MAGIC, FORMAT, CRITICAL, EPOCH, SEQ, PREV, FLOOR, ISSUED, EXPIRES, SALT, ROLLOUT_PERMILLE, POINTER_COUNT);

/// Two texts of one byte, a hash and a number.
const POINTER_LEN_MIN: usize = 43;

/// Which release of each platform players shall have. The document with the highest (`epoch`, `seq`) holds.
///
/// # What every channel keeps
/// - Product, channel and platforms are [names](super::is_name); platforms are sorted, each once, and there is at least one.
/// - `seq` is at least 1; the first document of all (`seq` 1) may have no predecessor, every other one has.
/// - It does not expire before it was issued; at most 1,000 of 1,000 players are meant.
/// - No build it names is below its floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Of which product.
    pub product: String,
    /// Its name.
    pub name: String,
    /// The epoch of the channel role in the root that was current.
    pub epoch: u64,
    /// Rises by one with every document.
    pub seq: u64,
    /// Hash of the document before, [`Hash::NONE`] for the first.
    pub prev: Hash,
    /// What players shall have.
    pub platforms: Vec<Pointer>,
    /// The least build that players of this channel may have.
    pub floor: u64,
    /// When it was signed, in seconds since 1970.
    pub issued: u64,
    /// From when on its word is old, in seconds since 1970; 0 for never.
    pub expires: u64,
    /// How many players of 1,000 are meant; the others stay with what they have.
    pub rollout_permille: u16,
    /// Decides, with a number of the player, who is meant.
    pub salt: [u8; 16],
}

/// The release of one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// For which platform.
    pub platform: String,
    /// Hash of the release document.
    pub release: Hash,
    /// Its build.
    pub build: u64,
}

impl Channel {
    /// What players of a platform shall have.
    #[must_use]
    pub fn pointer(&self, platform: &str) -> Option<&Pointer> {
        self.platforms.iter().find(|pointer| pointer.platform == platform)
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut head = [0; HEAD_LEN];
        KIND.begin(&mut head);
        EPOCH.put(&mut head, self.epoch.to_le_bytes());
        SEQ.put(&mut head, self.seq.to_le_bytes());
        PREV.put(&mut head, self.prev.0);
        FLOOR.put(&mut head, self.floor.to_le_bytes());
        ISSUED.put(&mut head, self.issued.to_le_bytes());
        EXPIRES.put(&mut head, self.expires.to_le_bytes());
        SALT.put(&mut head, self.salt);
        ROLLOUT_PERMILLE.put(&mut head, u32::from(self.rollout_permille).to_le_bytes());
        POINTER_COUNT.put(&mut head, count(self.platforms.len()).to_le_bytes());
        let mut writer = Writer(head.to_vec());
        writer.text(&self.product);
        writer.text(&self.name);
        for pointer in &self.platforms {
            writer.text(&pointer.platform);
            writer.hash(&pointer.release);
            writer.u64(pointer.build);
        }
        seal(writer)
    }

    /// Reads a channel.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Channel::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let head = &bytes[..HEAD_LEN];
        let channel = Self {
            epoch: EPOCH.u64(head),
            seq: SEQ.u64(head),
            prev: PREV.hash(head),
            floor: FLOOR.u64(head),
            issued: ISSUED.u64(head),
            expires: EXPIRES.u64(head),
            salt: SALT.get(head),
            rollout_permille: permille(ROLLOUT_PERMILLE.u32(head))?,
            product: read_name(&mut reader, "product")?,
            name: read_name(&mut reader, "name of a channel")?,
            platforms: reader.list(POINTER_COUNT.u32(head), POINTER_LEN_MIN, read_pointer)?,
        };
        reader.end()?;
        channel.check()?;
        Ok(channel)
    }

    fn check(&self) -> Result<(), DecodeError> {
        require(self.seq > 0, "sequence number")?;
        require(self.seq == 1 || !self.prev.is_none(), "hash of the document before")?;
        require(self.expires == 0 || self.expires >= self.issued, "time of expiry")?;
        require(!self.platforms.is_empty(), "number of platforms")?;
        require(rises(&self.platforms, |pointer| pointer.platform.clone()), "order of the platforms")?;
        require(self.platforms.iter().all(|pointer| pointer.build >= self.floor), "build below the floor")
    }
}

fn permille(number: u32) -> Result<u16, DecodeError> {
    require(number <= 1000, "share of the players")?;
    u16::try_from(number).map_err(|_| DecodeError::Field("share of the players"))
}

fn read_pointer(reader: &mut Reader<'_>) -> Result<Pointer, DecodeError> {
    let platform = read_name(reader, "platform")?;
    Ok(Pointer { platform, release: reader.hash()?, build: reader.u64()? })
}
