//! One place that objects come from.

use std::{io::Write, ops::Range};

use crate::Result;

/// One place that objects come from. An engine may bring its own.
///
/// Calls may come from several threads at once. A call that fails may have written a part of the object into the sink, never more than was asked for, and never anything that
/// is known not to belong to it.
pub trait Transport: Send + Sync {
    /// What names this place in messages, without credentials.
    fn base(&self) -> &str;

    /// Writes all of the object `name` into `sink`, and says how long it was. Longer ones than `limit` are an error, before more than `limit` bytes are written.
    ///
    /// # Errors
    /// [`Fault::Missing`](crate::Fault::Missing) when there is no such object; [`Fault::Length`](crate::Fault::Length); whatever kept it from coming.
    fn get(&self, name: &str, limit: u64, sink: &mut dyn Write) -> Result<u64>;

    /// Writes exactly the bytes `range` of the object `name` into `sink`, and says how long the whole object is, where that is known.
    ///
    /// # Errors
    /// As [`Transport::get`]; [`Fault::Range`](crate::Fault::Range) when something else came, or the object ends before the range does;
    /// [`Fault::NoRange`](crate::Fault::NoRange) where ranges are not served and the whole was not wanted instead.
    fn get_range(&self, name: &str, range: Range<u64>, sink: &mut dyn Write) -> Result<Option<u64>>;

    /// How long the object `name` is, where that can be found out without fetching it.
    ///
    /// # Errors
    /// As [`Transport::get`].
    fn len(&self, name: &str) -> Result<Option<u64>>;

    /// Whether parts of objects can be had for the price of these parts; `None` until something was asked for.
    fn serves_ranges(&self) -> Option<bool>;

    /// Makes whatever is under way fail soon, and everything from now on. Nothing need happen where calls return soon anyway.
    fn cancel(&self) {}
}
