//! One build for one platform.

use super::names::{is_label, read_name, rises};
use crate::{
    DecodeError, Hash,
    bytes::{Field, Reader, Writer, count, require},
    document::{CRITICAL, FORMAT, Kind, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
    manifest::MANIFEST_LEN_MAX,
};

/// The longest release document, in bytes.
pub const RELEASE_LEN_MAX: u64 = 1 << 20;

const KIND: Kind = Kind { magic: *b"untorn:R", format: 1, len_max: RELEASE_LEN_MAX };

const HEAD_LEN: usize = 216;
const BUILD: Field<8> = Field::at(16);
const CREATED: Field<8> = Field::at(24);
const MANIFEST_HASH: Field<32> = Field::at(32);
const MANIFEST_LEN: Field<8> = Field::at(64);
const MANIFEST_STORED: Field<32> = Field::at(72);
const MANIFEST_STORED_LEN: Field<8> = Field::at(104);
const INDEX_HASH: Field<32> = Field::at(112);
const INDEX_LEN: Field<8> = Field::at(144);
const INDEX_HEAD_HASH: Field<32> = Field::at(152);
const INDEX_HEAD_LEN: Field<8> = Field::at(184);
const DELTA_COUNT: Field<4> = Field::at(192);
const PACK_COUNT: Field<4> = Field::at(196);
const PATCH_COUNT: Field<4> = Field::at(200);
const BRIDGE_COUNT: Field<4> = Field::at(204);
const RESERVED: Field<8> = Field::at(208);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN;
    MAGIC, FORMAT, CRITICAL, BUILD, CREATED, MANIFEST_HASH, MANIFEST_LEN, MANIFEST_STORED, MANIFEST_STORED_LEN, INDEX_HASH, INDEX_LEN,
    INDEX_HEAD_HASH, INDEX_HEAD_LEN, DELTA_COUNT, PACK_COUNT, PATCH_COUNT, BRIDGE_COUNT, RESERVED);

const DELTA_LEN: usize = 72;
const PACK_LEN: usize = 44;
const PATCH_LEN: usize = 144;
const BRIDGE_LEN: usize = 72;

/// One build for one platform, and every object a store holds for it. The hash of the document names the release.
///
/// # What every release keeps
/// - Product and platform are [names](super::is_name), the label is a [label](super::is_label).
/// - The manifest has 1 byte to [`MANIFEST_LEN_MAX`].
/// - Either there is an index (its hash is not [`Hash::NONE`]) with a head that is not longer than itself, or there is none: then all of it is zero,
///   and there are no packs and no bridges. A release without index exists in patch files only.
/// - Manifest deltas and bridges are sorted by `from`, packs by `number`, patches by (`from`, `to`), none twice. No patch leads to where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Of which product.
    pub product: String,
    /// For which platform.
    pub platform: String,
    /// Its number: what a newer one replaces has a lower one.
    pub build: u64,
    /// What people call it.
    pub label: String,
    /// When it was made, in seconds since 1970.
    pub created: u64,
    /// What it consists of.
    pub manifest: ManifestObject,
    /// The same manifest, made of those of other releases.
    pub manifest_deltas: Vec<ManifestDelta>,
    /// Where its chunks lie.
    pub index: IndexObject,
    /// What its chunks lie in.
    pub packs: Vec<Pack>,
    /// The patches that lie in the store, also those between other builds.
    pub patches: Vec<PatchObject>,
    /// The bridges that lead to it.
    pub bridges: Vec<BridgeObject>,
}

/// A manifest in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestObject {
    /// Hash of the manifest: names the build.
    pub hash: Hash,
    /// Length of the manifest in bytes.
    pub len: u64,
    /// Hash of the object as it is stored, compressed; [`Hash::NONE`] where no store holds it.
    pub stored: Hash,
    /// Length of the object as it is stored.
    pub stored_len: u64,
}

/// A manifest in a store, compressed with an older one as its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestDelta {
    /// Hash of the older manifest.
    pub from: Hash,
    /// Hash of the object as it is stored.
    pub stored: Hash,
    /// Length of the object as it is stored.
    pub stored_len: u64,
}

/// A chunk index in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexObject {
    /// Hash of the index; [`Hash::NONE`] where there is none.
    pub hash: Hash,
    /// Length of the index in bytes.
    pub len: u64,
    /// Hash of its head.
    pub head_hash: Hash,
    /// Length of its head in bytes: what is read first.
    pub head_len: u64,
}

impl IndexObject {
    /// That of a release that no store holds.
    pub const NONE: Self = Self { hash: Hash::NONE, len: 0, head_hash: Hash::NONE, head_len: 0 };

    fn is_one(&self) -> bool {
        !self.hash.is_none() && !self.head_hash.is_none() && (1..=self.len).contains(&self.head_len)
    }
}

/// A file of chunks in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pack {
    /// What the index calls it. A pack keeps its number in all releases.
    pub number: u32,
    /// Hash of the file.
    pub hash: Hash,
    /// Its length in bytes.
    pub len: u64,
}

/// A patch in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchObject {
    /// Hash of the manifest it starts from.
    pub from: Hash,
    /// Hash of the manifest it leads to.
    pub to: Hash,
    /// Hash of the file.
    pub hash: Hash,
    /// Its length in bytes.
    pub len: u64,
    /// Hash of its header, which is checked before anything else of it is used.
    pub header_hash: Hash,
    /// About how much memory it takes to apply, in bytes.
    pub memory: u64,
}

/// A [bridge](crate::index::Bridge) in a store. The frames it lists lie in packs of the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BridgeObject {
    /// Hash of the manifest whose chunks it is made of.
    pub from: Hash,
    /// Hash of the object.
    pub hash: Hash,
    /// Its length in bytes.
    pub len: u64,
}

impl Release {
    /// The hash that names the release: of its bytes.
    #[must_use]
    pub fn id(&self) -> Hash {
        Hash::of(&self.encode())
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer(self.head().to_vec());
        writer.text(&self.product);
        writer.text(&self.platform);
        writer.text(&self.label);
        self.manifest_deltas.iter().for_each(|delta| write_delta(&mut writer, delta));
        self.packs.iter().for_each(|pack| write_pack(&mut writer, pack));
        self.patches.iter().for_each(|patch| write_patch(&mut writer, patch));
        self.bridges.iter().for_each(|bridge| write_bridge(&mut writer, bridge));
        seal(writer)
    }

    fn head(&self) -> [u8; HEAD_LEN] {
        let mut head = [0; HEAD_LEN];
        KIND.begin(&mut head);
        BUILD.put(&mut head, self.build.to_le_bytes());
        CREATED.put(&mut head, self.created.to_le_bytes());
        MANIFEST_HASH.put(&mut head, self.manifest.hash.0);
        MANIFEST_LEN.put(&mut head, self.manifest.len.to_le_bytes());
        MANIFEST_STORED.put(&mut head, self.manifest.stored.0);
        MANIFEST_STORED_LEN.put(&mut head, self.manifest.stored_len.to_le_bytes());
        INDEX_HASH.put(&mut head, self.index.hash.0);
        INDEX_LEN.put(&mut head, self.index.len.to_le_bytes());
        INDEX_HEAD_HASH.put(&mut head, self.index.head_hash.0);
        INDEX_HEAD_LEN.put(&mut head, self.index.head_len.to_le_bytes());
        DELTA_COUNT.put(&mut head, count(self.manifest_deltas.len()).to_le_bytes());
        PACK_COUNT.put(&mut head, count(self.packs.len()).to_le_bytes());
        PATCH_COUNT.put(&mut head, count(self.patches.len()).to_le_bytes());
        BRIDGE_COUNT.put(&mut head, count(self.bridges.len()).to_le_bytes());
        head
    }

    /// Reads a release.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Release::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let head = &bytes[..HEAD_LEN];
        require(RESERVED.get(head) == [0; 8], "reserved bytes")?;
        let release = Self {
            build: BUILD.u64(head),
            created: CREATED.u64(head),
            manifest: manifest_of(head),
            index: index_of(head),
            product: read_name(&mut reader, "product")?,
            platform: read_name(&mut reader, "platform")?,
            label: reader.text("label")?.to_owned(),
            manifest_deltas: reader.list(DELTA_COUNT.u32(head), DELTA_LEN, read_delta)?,
            packs: reader.list(PACK_COUNT.u32(head), PACK_LEN, read_pack)?,
            patches: reader.list(PATCH_COUNT.u32(head), PATCH_LEN, read_patch)?,
            bridges: reader.list(BRIDGE_COUNT.u32(head), BRIDGE_LEN, read_bridge)?,
        };
        reader.end()?;
        release.check()?;
        Ok(release)
    }

    fn check(&self) -> Result<(), DecodeError> {
        require(is_label(&self.label), "label")?;
        require((1..=MANIFEST_LEN_MAX).contains(&self.manifest.len), "length of the manifest")?;
        require(self.manifest.stored.is_none() == (self.manifest.stored_len == 0), "stored manifest")?;
        require(self.index.is_one() || self.index == IndexObject::NONE, "index")?;
        require(self.packs.is_empty() || self.index.is_one(), "packs without an index")?;
        require(self.bridges.is_empty() || self.index.is_one(), "bridges without an index")?;
        require(rises(&self.manifest_deltas, |delta| delta.from), "order of the manifest deltas")?;
        require(rises(&self.packs, |pack| pack.number), "order of the packs")?;
        require(rises(&self.bridges, |bridge| bridge.from), "order of the bridges")?;
        require(self.bridges.iter().all(|bridge| bridge.from != self.manifest.hash), "bridge to where it starts")?;
        require(rises(&self.patches, |patch| (patch.from, patch.to)), "order of the patches")?;
        require(self.patches.iter().all(|patch| patch.from != patch.to), "patch to where it starts")
    }
}

fn manifest_of(head: &[u8]) -> ManifestObject {
    ManifestObject {
        hash: MANIFEST_HASH.hash(head),
        len: MANIFEST_LEN.u64(head),
        stored: MANIFEST_STORED.hash(head),
        stored_len: MANIFEST_STORED_LEN.u64(head),
    }
}

fn index_of(head: &[u8]) -> IndexObject {
    IndexObject {
        hash: INDEX_HASH.hash(head),
        len: INDEX_LEN.u64(head),
        head_hash: INDEX_HEAD_HASH.hash(head),
        head_len: INDEX_HEAD_LEN.u64(head),
    }
}

fn write_delta(writer: &mut Writer, delta: &ManifestDelta) {
    writer.hash(&delta.from);
    writer.hash(&delta.stored);
    writer.u64(delta.stored_len);
}

fn read_delta(reader: &mut Reader<'_>) -> Result<ManifestDelta, DecodeError> {
    Ok(ManifestDelta { from: reader.hash()?, stored: reader.hash()?, stored_len: reader.u64()? })
}

fn write_pack(writer: &mut Writer, pack: &Pack) {
    writer.u32(pack.number);
    writer.hash(&pack.hash);
    writer.u64(pack.len);
}

fn read_pack(reader: &mut Reader<'_>) -> Result<Pack, DecodeError> {
    Ok(Pack { number: reader.u32()?, hash: reader.hash()?, len: reader.u64()? })
}

fn write_patch(writer: &mut Writer, patch: &PatchObject) {
    writer.hash(&patch.from);
    writer.hash(&patch.to);
    writer.hash(&patch.hash);
    writer.u64(patch.len);
    writer.hash(&patch.header_hash);
    writer.u64(patch.memory);
}

fn read_patch(reader: &mut Reader<'_>) -> Result<PatchObject, DecodeError> {
    Ok(PatchObject {
        from: reader.hash()?,
        to: reader.hash()?,
        hash: reader.hash()?,
        len: reader.u64()?,
        header_hash: reader.hash()?,
        memory: reader.u64()?,
    })
}

fn write_bridge(writer: &mut Writer, bridge: &BridgeObject) {
    writer.hash(&bridge.from);
    writer.hash(&bridge.hash);
    writer.u64(bridge.len);
}

fn read_bridge(reader: &mut Reader<'_>) -> Result<BridgeObject, DecodeError> {
    Ok(BridgeObject { from: reader.hash()?, hash: reader.hash()?, len: reader.u64()? })
}
