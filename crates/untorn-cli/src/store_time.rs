//! What time it is, for documents.

use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::failure::Failure;

/// Seconds since 1970: those of SOURCE_DATE_EPOCH, where it is set, so that the same can be made twice.
pub(crate) fn now() -> Result<u64, Failure> {
    match env::var_os("SOURCE_DATE_EPOCH") {
        Some(text) => {
            let seconds = text.to_str().and_then(|text| text.trim().parse().ok());
            seconds.ok_or_else(|| Failure::usage("SOURCE_DATE_EPOCH is no number of seconds since 1970".into()))
        }
        // A clock before 1970 tells nothing.
        None => Ok(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())),
    }
}
