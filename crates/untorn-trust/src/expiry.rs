//! Whether a channel's word is old.

use untorn_format::release::Channel;

use crate::TrustError;

/// What to do when a channel's word is old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpiryPolicy {
    /// Say so, and go on: clocks of players are often wrong, and a game that cannot be updated helps nobody.
    #[default]
    Warn,
    /// Refuse.
    Enforce,
    /// Do not look.
    Off,
}

/// When it is: what the system says, in seconds since 1970, and what to make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The clock of the system; 0 where there is none.
    pub clock: u64,
    /// What to do when a channel's word is old.
    pub policy: ExpiryPolicy,
}

impl Moment {
    /// Since when a channel's word has been old, in seconds since 1970, if it is and that is to be said. It is at least as late as the latest time anybody signed.
    pub(crate) fn expired(self, channel: &Channel, signed_time: u64) -> Result<Option<u64>, TrustError> {
        let now = self.clock.max(signed_time);
        let is_old = channel.expires != 0 && now > channel.expires;
        match self.policy {
            ExpiryPolicy::Enforce if is_old => {
                Err(TrustError::Expired { channel: channel.name.clone(), expires: channel.expires, now })
            }
            ExpiryPolicy::Warn if is_old => Ok(Some(channel.expires)),
            _ => Ok(None),
        }
    }
}
