//! The cheapest way from one build to another over patches. Pure.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use untorn_format::{Hash, release::PatchObject};

/// The patches that lead from `from` to `to` in the fewest bytes; `None` when no patches lead there. `len` says how many bytes of a patch are still to be fetched.
pub(crate) fn cheapest(
    patches: &[PatchObject],
    from: Hash,
    to: Hash,
    len: impl Fn(&PatchObject) -> u64,
) -> Option<Vec<PatchObject>> {
    let mut best: HashMap<Hash, (u64, Option<usize>)> = HashMap::from([(from, (0, None))]);
    let mut heap = BinaryHeap::from([Reverse((0, from))]);
    while let Some(Reverse((cost, at))) = heap.pop() {
        if at == to {
            break;
        }
        if best.get(&at).is_some_and(|(known, _)| *known < cost) {
            continue;
        }
        for (number, patch) in patches.iter().enumerate().filter(|(_, patch)| patch.from == at) {
            // A patch costs a moment, too: of equal ways the one with fewer wins.
            let next = cost.saturating_add(len(patch)).saturating_add(1);
            if best.get(&patch.to).is_none_or(|(known, _)| next < *known) {
                best.insert(patch.to, (next, Some(number)));
                heap.push(Reverse((next, patch.to)));
            }
        }
    }
    let (mut way, mut at) = (Vec::new(), to);
    while at != from {
        let patch = patches.get(best.get(&at)?.1?)?;
        way.push(*patch);
        at = patch.from;
    }
    way.reverse();
    Some(way)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(number: u8) -> Hash {
        Hash([number; 32])
    }

    fn patch(from: u8, to: u8, len: u64) -> PatchObject {
        PatchObject { from: build(from), to: build(to), hash: Hash::NONE, len, header_hash: Hash::NONE, memory: 0 }
    }

    fn way(patches: &[PatchObject], from: u8, to: u8) -> Option<Vec<(u8, u8)>> {
        let way = cheapest(patches, build(from), build(to), |patch| patch.len)?;
        Some(way.iter().map(|patch| (patch.from.0[0], patch.to.0[0])).collect())
    }

    #[test]
    fn the_fewest_bytes_win_whether_in_one_patch_or_several() {
        let patches = [patch(1, 2, 10), patch(2, 3, 10), patch(3, 4, 10), patch(1, 3, 25), patch(1, 4, 29), patch(4, 1, 1)];
        assert_eq!(way(&patches, 1, 3).unwrap(), [(1, 2), (2, 3)]);
        assert_eq!(way(&patches, 1, 4).unwrap(), [(1, 4)]);
        assert_eq!(way(&patches, 3, 2).unwrap(), [(3, 4), (4, 1), (1, 2)]);
        assert_eq!(way(&patches, 1, 1).unwrap(), []);
        assert_eq!(way(&patches, 1, 9), None);
        assert_eq!(way(&[patch(1, 2, 5), patch(2, 3, 5), patch(1, 3, 10)], 1, 3).unwrap(), [(1, 3)]);
    }

    #[test]
    fn lengths_that_cannot_be_do_no_harm() {
        let patches = [patch(1, 2, u64::MAX), patch(2, 3, u64::MAX), patch(2, 1, 0)];
        assert!(way(&patches, 1, 3).is_some_and(|way| way.len() == 2) || way(&patches, 1, 3).is_none());
    }
}
