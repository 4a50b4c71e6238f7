//! What content costs that is compressed against other content.

use zstd::zstd_safe::{CCtx, CParameter, compress_bound};

/// How many bytes of content are unpacked and compressed for one report, at most.
pub(crate) const BUDGET: u64 = 256 << 20;

/// How hard is tried: little, so that estimates come soon. Patches come out smaller rather than larger.
const LEVEL: i32 = 3;
/// So far back matches are looked for, as a power of two: old and new content of 16 MiB each.
const WINDOW_LOG: u32 = 25;

/// How many bytes `new` takes, compressed against `old`.
pub(crate) fn cost(new: &[u8], old: &[u8]) -> u64 {
    if new.is_empty() {
        return 0;
    }
    let whole = new.len() as u64;
    let mut context = CCtx::create();
    let ready = context
        .set_parameter(CParameter::CompressionLevel(LEVEL))
        .and_then(|_| context.set_parameter(CParameter::WindowLog(WINDOW_LOG)))
        .and_then(|_| context.set_parameter(CParameter::ChecksumFlag(false)))
        .and_then(|_| context.ref_prefix(old));
    let mut out = Vec::with_capacity(compress_bound(new.len()));
    match ready.and_then(|_| context.compress2(&mut out, new)) {
        Ok(len) => (len as u64).min(whole),
        // What cannot be compressed costs all of it.
        Err(_) => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::cost;

    #[test]
    fn what_is_known_costs_little() {
        let mut state = 1_u64;
        let mut noise = || {
            state = (state ^ state << 13) ^ (state ^ state << 13) >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        let old: Vec<u8> = (0..100_000).map(|_| noise()).collect();
        let mut new = old.clone();
        new[50_000] ^= 1;
        assert!(cost(&new, &old) < 200, "{}", cost(&new, &old));
        assert!(cost(&new, &[]) > 90_000);
        assert_eq!(cost(&[], &old), 0);
    }
}
