//! What is added to the addresses that no copy explains, by address.

/// How many of them stand in one block, at most.
const BLOCK_LEN: usize = 128;

/// The nearest one below an address is looked up for every address that nothing else explains: so they stand in blocks, sorted, which two short searches find. Adding one moves no
/// more than a block and the list of blocks.
#[derive(Default)]
pub(super) struct Neighbours {
    /// The first address of each block; the first block counts from 0 on.
    firsts: Vec<u64>,
    blocks: Vec<Block>,
    len: usize,
}

#[derive(Default)]
struct Block {
    addresses: Vec<u64>,
    shifts: Vec<u64>,
}

impl Neighbours {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// What is added to the address, or to the nearest one below it.
    pub(super) fn at_or_below(&self, address: u64) -> Option<u64> {
        let block = self.blocks.get(self.block_of(address))?;
        let behind = block.addresses.partition_point(|other| *other <= address);
        // No block but the first begins behind what is looked for.
        block.shifts.get(behind.checked_sub(1)?).copied()
    }

    /// Sets what is added to an address.
    pub(super) fn insert(&mut self, address: u64, shift: u64) {
        if self.blocks.is_empty() {
            self.firsts.push(0);
            self.blocks.push(Block::default());
        }
        let number = self.block_of(address);
        let Some(block) = self.blocks.get_mut(number) else { return };
        match block.addresses.binary_search(&address) {
            Ok(found) => block.shifts[found] = shift,
            Err(place) => {
                block.addresses.insert(place, address);
                block.shifts.insert(place, shift);
                self.len += 1;
                if block.addresses.len() > BLOCK_LEN {
                    let addresses = block.addresses.split_off(BLOCK_LEN / 2);
                    let shifts = block.shifts.split_off(BLOCK_LEN / 2);
                    self.firsts.insert(number + 1, addresses[0]);
                    self.blocks.insert(number + 1, Block { addresses, shifts });
                }
            }
        }
    }

    fn block_of(&self, address: u64) -> usize {
        self.firsts.partition_point(|first| *first <= address).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_nearest_below_is_found_whatever_the_order() {
        let (mut neighbours, mut wanted) = (Neighbours::default(), BTreeMap::new());
        let mut random = 1_u64;
        for number in 0..5000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let address = match number % 4 {
                0 => number,
                1 => u64::MAX - number,
                2 => random >> 50,
                _ => random,
            };
            neighbours.insert(address, number);
            wanted.insert(address, number);
            for asked in [address, address.wrapping_sub(1), random >> 49, 0, u64::MAX] {
                let below = wanted.range(..=asked).next_back().map(|(_, shift)| *shift);
                assert_eq!(neighbours.at_or_below(asked), below, "{asked}");
            }
        }
        assert_eq!(neighbours.len(), wanted.len());
    }
}
