//! What a tree that follows releases has to remember of them.

use super::{
    SIGNED_LEN_MAX, Signed,
    names::{read_name, rises},
};
use crate::{
    DecodeError, Hash,
    bytes::{Field, Reader, Writer, count, require},
    escape::is_unprintable,
    layout::{Row, rows},
};

/// The longest address, in bytes.
pub const SOURCE_LEN_MAX: usize = 2048;

/// The most addresses.
pub const SOURCE_COUNT_MAX: usize = 16;

/// The most channels that are remembered.
pub const RATCHET_COUNT_MAX: usize = 256;

/// The most bytes of it all.
pub(super) const FOLLOWING_LEN_MAX: u64 = 2 * SIGNED_LEN_MAX + (128 << 10);

const HEAD_LEN: usize = 80;
const FLOOR: Field<8> = Field::at(0);
const TIME: Field<8> = Field::at(8);
const ROLLOUT_ID: Field<16> = Field::at(16);
const LEFT: Field<32> = Field::at(32);
const ROOT_LEN: Field<4> = Field::at(64);
const RELEASE_LEN: Field<4> = Field::at(68);
const RATCHET_COUNT: Field<4> = Field::at(72);
const SOURCE_COUNT: Field<4> = Field::at(76);

pub(crate) const ROWS: &[Row] =
    rows!(HEAD_LEN; FLOOR, TIME, ROLLOUT_ID, LEFT, ROOT_LEN, RELEASE_LEN, RATCHET_COUNT, SOURCE_COUNT);

/// A text of one byte, two numbers and a hash.
const RATCHET_LEN_MIN: usize = 51;
/// A text of one byte.
const SOURCE_LEN_MIN: usize = 3;

/// What a tree that follows releases has to remember, so that nobody can lead it back.
///
/// # What it keeps
/// - Product, platform and channels are [names](super::is_name); there may be no channel (an empty text).
/// - Ratchets are sorted by channel, each once; at most [`SOURCE_COUNT_MAX`] sources of at most [`SOURCE_LEN_MAX`] bytes, none empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// The product whose releases this tree follows.
    pub product: String,
    /// The platform it is for; empty as long as there was no release.
    pub platform: String,
    /// The latest root it accepted: what every later one is checked with.
    pub root: Signed,
    /// The release that is installed; none where the build is no release.
    pub release: Option<Signed>,
    /// The newest document it saw of each channel.
    pub ratchets: Vec<Ratchet>,
    /// The least build it may have, by all it ever saw.
    pub floor: u64,
    /// The latest signed time it ever saw, in seconds since 1970.
    pub time: u64,
    /// A random number that decides, with the salt of a channel, whether a rollout means this tree. Never sent to anybody.
    pub rollout_id: [u8; 16],
    /// The release the player went back from, [`Hash::NONE`] if none: no update leads there again unasked.
    pub left: Hash,
    /// The channel it follows; empty if none.
    pub channel: String,
    /// Where it gets releases from.
    pub sources: Vec<String>,
}

/// The newest document a tree saw of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ratchet {
    /// Of which channel.
    pub channel: String,
    /// Its epoch.
    pub epoch: u64,
    /// Its sequence number.
    pub seq: u64,
    /// Hash of the document.
    pub document: Hash,
}

impl Following {
    pub(super) fn write(&self, writer: &mut Writer) {
        let root = self.root.encode();
        let release = self.release.as_ref().map(Signed::encode).unwrap_or_default();
        let mut head = [0; HEAD_LEN];
        FLOOR.put(&mut head, self.floor.to_le_bytes());
        TIME.put(&mut head, self.time.to_le_bytes());
        ROLLOUT_ID.put(&mut head, self.rollout_id);
        LEFT.put(&mut head, self.left.0);
        ROOT_LEN.put(&mut head, count(root.len()).to_le_bytes());
        RELEASE_LEN.put(&mut head, count(release.len()).to_le_bytes());
        RATCHET_COUNT.put(&mut head, count(self.ratchets.len()).to_le_bytes());
        SOURCE_COUNT.put(&mut head, count(self.sources.len()).to_le_bytes());
        writer.bytes(&head);
        for text in [&self.product, &self.platform, &self.channel] {
            writer.text(text);
        }
        writer.bytes(&root);
        writer.bytes(&release);
        self.ratchets.iter().for_each(|ratchet| write_ratchet(writer, ratchet));
        self.sources.iter().for_each(|source| writer.text(source));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let head = reader.take(HEAD_LEN)?;
        let following = Self {
            floor: FLOOR.u64(head),
            time: TIME.u64(head),
            rollout_id: ROLLOUT_ID.get(head),
            left: LEFT.hash(head),
            product: read_name(reader, "product")?,
            platform: read_name_or_none(reader, "platform")?,
            channel: read_name_or_none(reader, "name of a channel")?,
            root: Signed::decode(reader.bytes(ROOT_LEN.u32(head))?)?,
            release: match reader.bytes(RELEASE_LEN.u32(head))? {
                [] => None,
                release => Some(Signed::decode(release)?),
            },
            ratchets: reader.list(RATCHET_COUNT.u32(head), RATCHET_LEN_MIN, read_ratchet)?,
            sources: reader.list(SOURCE_COUNT.u32(head), SOURCE_LEN_MIN, read_source)?,
        };
        require(following.ratchets.len() <= RATCHET_COUNT_MAX, "number of channels")?;
        require(rises(&following.ratchets, |ratchet| ratchet.channel.clone()), "order of the channels")?;
        require(following.sources.len() <= SOURCE_COUNT_MAX, "number of sources")?;
        Ok(following)
    }
}

fn read_name_or_none(reader: &mut Reader<'_>, field: &'static str) -> Result<String, DecodeError> {
    let name = reader.text(field)?;
    require(name.is_empty() || super::is_name(name), field)?;
    Ok(name.to_owned())
}

fn write_ratchet(writer: &mut Writer, ratchet: &Ratchet) {
    writer.text(&ratchet.channel);
    writer.u64(ratchet.epoch);
    writer.u64(ratchet.seq);
    writer.hash(&ratchet.document);
}

fn read_ratchet(reader: &mut Reader<'_>) -> Result<Ratchet, DecodeError> {
    let channel = read_name(reader, "name of a channel")?;
    Ok(Ratchet { channel, epoch: reader.u64()?, seq: reader.u64()?, document: reader.hash()? })
}

fn read_source(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let source = reader.text("source")?;
    let is_right = !source.is_empty() && source.len() <= SOURCE_LEN_MAX && !source.chars().any(is_unprintable);
    require(is_right, "source")?;
    Ok(source.to_owned())
}
