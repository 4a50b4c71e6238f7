//! What was heard of channels, which only rises.

use untorn_format::release::{Channel, RATCHET_COUNT_MAX, Ratchet};

use crate::{TrustError, Verified};

/// The ratchets once this document was heard.
pub(super) fn turned(ratchets: &[Ratchet], channel: &Verified<Channel>) -> Result<Vec<Ratchet>, TrustError> {
    let said = &channel.document;
    let new = Ratchet { channel: said.name.clone(), epoch: said.epoch, seq: said.seq, document: channel.id };
    let mut turned = ratchets.to_vec();
    match turned.binary_search_by(|old| old.channel.cmp(&said.name)) {
        Ok(at) => {
            check(&turned[at], channel)?;
            turned[at] = new;
        }
        Err(_) if turned.len() >= RATCHET_COUNT_MAX => return Err(TrustError::TooManyChannels),
        Err(at) => turned.insert(at, new),
    }
    Ok(turned)
}

/// That a document may follow what was heard before.
fn check(old: &Ratchet, channel: &Verified<Channel>) -> Result<(), TrustError> {
    let said = &channel.document;
    let (heard, now) = ((old.epoch, old.seq), (said.epoch, said.seq));
    if now < heard {
        return Err(TrustError::Rollback { channel: old.channel.clone(), heard, found: now });
    }
    let is_same = now == heard;
    let is_next = said.epoch == old.epoch && Some(said.seq) == old.seq.checked_add(1);
    if (is_same && channel.id != old.document) || (is_next && said.prev != old.document) {
        return Err(TrustError::Fork { what: format!("document {} of channel {}", said.seq, said.name) });
    }
    Ok(())
}
