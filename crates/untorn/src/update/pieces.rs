//! Where the bytes of each chunk of the new build come from.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use untorn_format::{
    Hash,
    index::CHUNK_LEN_MAX,
    manifest::{Kind, Manifest},
};
use untorn_store::{Bridge, BridgeFrame, Chunk, Frame, Index, Located, Mark, Page, layout::Name};

use super::local::Local;
use crate::{Result, releases::Supply};

/// A chunk of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) chunk: Chunk,
    /// Where in the file it begins, in bytes.
    pub(super) at: u64,
    pub(super) from: From,
}

/// Where its bytes are.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    /// In the tree.
    Tree,
    /// In a frame of the index: which one, and where in it.
    Frame(Frame, u32),
    /// In a frame of the bridge, by its number.
    Bridge(usize, u32),
    /// Nobody knows yet.
    Unknown,
}

/// The chunks of every file that changes, by its place in the manifest.
pub(super) struct Pieces {
    pub(super) files: BTreeMap<usize, Vec<Piece>>,
    /// The bridge that is used, if any.
    pub(super) bridge: Option<Bridge>,
}

impl Pieces {
    /// Finds out for the files at these places of the manifest. Those parts of the index that are needed are fetched, and kept; so is the bridge from `installed`, or from another build where it
    /// seems to help, but not `without` one.
    pub(super) fn find(
        supply: &mut Supply<'_>,
        manifest: &Manifest,
        files: &[usize],
        local: &Local,
        installed: Hash,
        without: bool,
    ) -> Result<Self> {
        let mut pieces = Self { files: BTreeMap::new(), bridge: None };
        let is_long =
            |number: &usize| matches!(manifest.entries()[*number].kind, Kind::File { len, .. } if len > u64::from(CHUNK_LEN_MAX));
        let (long, short): (Vec<usize>, Vec<usize>) = files.iter().partition(|number| is_long(number));
        for number in short {
            // Its hash and length stand in the manifest: no page of the index is needed to know its chunk.
            let Kind::File { len, hash, .. } = manifest.entries()[number].kind else { continue };
            let chunk = Chunk { len: u32::try_from(len).unwrap_or(u32::MAX), hash };
            let piece = Piece { chunk, at: 0, from: From::Unknown };
            pieces.files.insert(number, Some(piece).filter(|piece| piece.chunk.len > 0).into_iter().collect());
        }
        pieces.locate(supply, manifest, &long)?;
        for piece in pieces.files.values_mut().flatten().filter(|piece| local.contains(&piece.chunk)) {
            piece.from = From::Tree;
        }
        if !without {
            pieces.cross(supply, local, installed)?;
        }
        let is_unknown = |piece: &Piece| matches!(piece.from, From::Unknown);
        let rest: Vec<usize> =
            pieces.files.iter().filter(|(_, list)| list.iter().any(is_unknown)).map(|(number, _)| *number).collect();
        pieces.locate(supply, manifest, &rest)?;
        Ok(pieces)
    }

    /// Reads in the index where the chunks of these files lie.
    fn locate(&mut self, supply: &mut Supply<'_>, manifest: &Manifest, files: &[usize]) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let index = supply.index(manifest)?;
        let mut numbers: Vec<u32> = files.iter().flat_map(|number| index.pages_of(*number)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let pages = supply.pages(&index, &numbers)?;
        for number in files {
            let found = located(&index, &pages, *number);
            let found = found.map_err(|source| supply.contradiction(&Name::Index(Hash::NONE), source))?;
            let piece = |at: &Located| Piece { chunk: at.chunk, at: at.at, from: From::Frame(at.frame, at.frame_at) };
            self.files.insert(*number, found.iter().map(piece).collect());
        }
        Ok(())
    }

    /// Takes over a bridge what comes cheaper that way.
    fn cross(&mut self, supply: &mut Supply<'_>, local: &Local, installed: Hash) -> Result<()> {
        let is_missing = |piece: &&Piece| !matches!(piece.from, From::Tree);
        let wanted: HashSet<Mark> =
            self.files.values().flatten().filter(is_missing).map(|piece| Mark::of(&piece.chunk)).collect();
        let wanted_len = wanted.iter().map(|mark| u64::from(mark.len)).sum();
        if wanted.is_empty() || local.is_empty() {
            return Ok(());
        }
        let Some(bridge) = supply.bridge(installed, wanted_len)? else { return Ok(()) };
        let places = places(&bridge, &wanted, local);
        for piece in self.files.values_mut().flatten().filter(|piece| !matches!(piece.from, From::Tree)) {
            if let Some((frame, at)) = places.get(&Mark::of(&piece.chunk)) {
                piece.from = From::Bridge(*frame, *at);
            }
        }
        self.bridge = Some(bridge);
        Ok(())
    }

    /// Every frame that must be there.
    pub(super) fn frames(&self) -> BTreeSet<Frame> {
        let mut frames = BTreeSet::new();
        frames.extend(self.used());
        frames
    }

    /// When each of them is needed first, by the hash of its stored bytes.
    pub(super) fn order(&self) -> HashMap<Hash, usize> {
        let mut order = HashMap::new();
        for (number, frame) in self.used().enumerate() {
            order.entry(frame.hash).or_insert(number);
        }
        order
    }

    fn used(&self) -> impl Iterator<Item = Frame> {
        self.files.values().flatten().filter_map(|piece| match piece.from {
            From::Frame(frame, _) => Some(frame),
            From::Bridge(number, _) => self.bridge_frame(number).map(|frame| frame.frame),
            From::Tree | From::Unknown => None,
        })
    }

    pub(super) fn bridge_frame(&self, number: usize) -> Option<&BridgeFrame> {
        self.bridge.as_ref()?.frames.get(number)
    }
}

fn located(index: &Index, pages: &BTreeMap<u32, Page>, number: usize) -> Result<Vec<Located>, untorn_store::Error> {
    index.chunks_of(number, |page| pages.get(&page).ok_or(untorn_store::Error::PageDamaged))
}

/// Where in the frames of the bridge that can be used each chunk that is wanted comes out.
fn places(bridge: &Bridge, wanted: &HashSet<Mark>, local: &Local) -> HashMap<Mark, (usize, u32)> {
    let mut places = HashMap::new();
    for (number, frame) in bridge.frames.iter().enumerate() {
        let is_new = |mark: &&Mark| wanted.contains(mark) && !places.contains_key(*mark);
        let gain = frame.chunks.iter().filter(is_new).map(|mark| u64::from(mark.len)).sum::<u64>();
        if !is_worth(frame, gain) || !frame.bases.iter().all(|mark| local.find(mark).is_some()) {
            continue;
        }
        let mut at = 0;
        for mark in &frame.chunks {
            if wanted.contains(mark) {
                places.entry(*mark).or_insert((number, at));
            }
            // A frame's chunks are together as long as the frame.
            at += mark.len;
        }
    }
    places
}

/// Whether fetching a frame is worth it for so many bytes of chunks. Of those most are used, or the frame is so short that chunks would hardly compress better.
fn is_worth(frame: &BridgeFrame, gain: u64) -> bool {
    gain > 0 && (gain * 2 >= u64::from(frame.frame.len) || u64::from(frame.frame.stored_len) * 2 <= gain)
}
