//! Who is meant by a rollout.

use untorn_format::{Hash, release::Channel};

/// What the hash is of, so that it is of nothing else.
const DOMAIN: &[u8] = b"untorn rollout 1";

/// Whether a rollout means the tree with this random number.
///
/// The BLAKE3 hash of `untorn rollout 1`, the salt of the channel and the number of the tree gives 64 bits (little-endian, the first eight bytes); as a fraction of 2^64 they
/// must lie below `rollout_permille` / 1,000. So the answer is the same each time, who is meant by 50 is also meant by 100 as long as the salt stays, and another salt
/// means others.
#[must_use]
pub fn is_meant(channel: &Channel, rollout_id: &[u8; 16]) -> bool {
    let hash = Hash::of(&[DOMAIN, &channel.salt, rollout_id].concat());
    let [a, b, c, d, e, f, g, h, ..] = hash.0;
    let number = u128::from(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    (number * 1000) >> 64 < u128::from(channel.rollout_permille)
}
