//! What earlier releases have sent already.

use std::collections::{BTreeMap, HashMap};

use untorn_format::release::{Pack, Pointer, Release};
use untorn_store::{
    Published,
    layout::{ChannelName, Name},
};

use crate::{
    Backend, Error, Result,
    channel::Head,
    release::{index_bytes, manifest, read},
    roots::Roots,
};

/// What a new release can build on.
pub(crate) struct Base {
    /// The chunks that need not be sent again.
    pub(crate) published: Published,
    /// The packs these lie in.
    pub(crate) packs: BTreeMap<u32, Pack>,
    /// The number of the next pack.
    pub(crate) first_pack: u32,
    /// The number of the next build.
    pub(crate) next_build: u64,
    /// What the channel had for the platform, the latest first.
    pub(crate) history: Vec<Old>,
}

/// A release from before.
pub(crate) struct Old {
    pub(crate) pointer: Pointer,
    pub(crate) release: Release,
}

/// How many releases of other channels and platforms are looked at.
const OTHERS_MAX: usize = 32;

impl Base {
    /// Reads what the channel `head` has for the platform, the last `depth` releases, at least one; and what players of all other channels and platforms
    /// have now. All of it was signed once. Always in the same order: what is chosen of two packs with the same chunk does not depend on chance.
    pub(crate) fn read(store: &dyn Backend, roots: &Roots, head: &Head, platform: &str, depth: usize) -> Result<Self> {
        let there: HashMap<String, u64> = store.list("pack/")?.into_iter().map(|listed| (listed.name, listed.len)).collect();
        let all = head.history(store, platform)?;
        let mut base = Self {
            published: Published::nothing(),
            packs: BTreeMap::new(),
            first_pack: 1,
            next_build: all.iter().map(|pointer| pointer.build.saturating_add(1)).max().unwrap_or(1),
            history: Vec::new(),
        };
        for pointer in all.into_iter().take(depth.max(1)) {
            match read(store, roots, pointer.release) {
                Ok(release) => {
                    base.add(store, &release, &there)?;
                    base.history.push(Old { pointer, release });
                }
                // What players have now must be there; older ones may have been collected.
                Err(error) if base.history.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        for (other, pointer) in others(store, roots, head, platform)?.into_iter().take(OTHERS_MAX) {
            if other == platform {
                base.next_build = base.next_build.max(pointer.build.saturating_add(1));
            }
            // Of another channel only what is whole is of use; that it is not is not this publication's trouble.
            if let Ok(release) = read(store, roots, pointer.release) {
                base.add(store, &release, &there)?;
            }
        }
        Ok(base)
    }

    fn add(&mut self, store: &dyn Backend, release: &Release, there: &HashMap<String, u64>) -> Result<()> {
        for pack in &release.packs {
            self.first_pack = self.first_pack.max(pack.number.saturating_add(1));
            // Two who published at once may have chosen one number for two packs: the one that was met first keeps it.
            if there.get(&Name::Pack(pack.hash).to_string()) == Some(&pack.len) {
                self.packs.entry(pack.number).or_insert(*pack);
            }
        }
        let usable: BTreeMap<u32, &Pack> = release.packs.iter().map(|pack| (pack.number, pack)).collect();
        let is_there = |number: u32| usable.get(&number).is_some_and(|pack| self.packs.get(&number) == Some(*pack));
        let (manifest, index) = (manifest(store, release)?, index_bytes(store, release)?);
        let added = self.published.add(&index, release.index.head_len, &manifest, is_there);
        added.map_err(|source| Error::Chunks { name: Name::Index(release.index.hash).to_string(), source })
    }
}

/// What other channels, and this one for other platforms, point to now, in the order of their names.
fn others(store: &dyn Backend, roots: &Roots, head: &Head, platform: &str) -> Result<Vec<(String, Pointer)>> {
    let mut found = Vec::new();
    for listed in store.list("channel/")? {
        let Some(Name::Channel(name)) = Name::parse(&listed.name) else { continue };
        found.extend(
            pointers(store, roots, head, &name)?.into_iter().filter(|pointer| name != head.name || pointer.platform != platform),
        );
    }
    Ok(found.into_iter().map(|pointer| (pointer.platform.clone(), pointer)).collect())
}

fn pointers(store: &dyn Backend, roots: &Roots, head: &Head, name: &ChannelName) -> Result<Vec<Pointer>> {
    if *name == head.name {
        return Ok(head.channel().map(|channel| channel.platforms.clone()).unwrap_or_default());
    }
    match Head::read(store, roots, name) {
        Ok(other) => Ok(other.channel().map(|channel| channel.platforms.clone()).unwrap_or_default()),
        Err(error @ Error::Backend(_)) => Err(error),
        // A channel that nobody believes is no reason not to publish to another one.
        Err(_) => Ok(Vec::new()),
    }
}
