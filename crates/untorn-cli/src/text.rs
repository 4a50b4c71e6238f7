//! How numbers and names are written for people.

use std::{path::Path, time::Duration};

use untorn::{Hash, escape};
pub(crate) use untorn_studio::size;

/// A time in seconds.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Enough of a hash to tell builds apart.
pub(crate) fn short(hash: Hash) -> String {
    hash.to_string().chars().take(12).collect()
}

/// A path from outside, made safe for a terminal.
pub(crate) fn path(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}

/// A count with its noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let ending = match number {
        1 => "",
        _ if noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{number} {noun}{ending}")
}

/// A bar as long as `part` is of `whole`, `len` letters at most: what is not nothing is seen.
pub(crate) fn bar(part: u64, whole: u64, len: usize) -> String {
    // Eighths of a letter.
    let whole = u128::from(whole.max(1));
    let eighths = (u128::from(part) * len as u128 * 8 / whole).min(len as u128 * 8).max(u128::from(part > 0));
    let eighths = usize::try_from(eighths).unwrap_or(0);
    let last = ["", "\u{258f}", "\u{258e}", "\u{258d}", "\u{258c}", "\u{258b}", "\u{258a}", "\u{2589}"][eighths % 8];
    "\u{2588}".repeat(eighths / 8) + last
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_is_as_long_as_its_part() {
        assert_eq!(bar(0, 100, 10), "");
        assert_eq!(bar(1, u64::MAX, 10), "\u{258f}");
        assert_eq!(bar(50, 100, 10), "\u{2588}".repeat(5));
        assert_eq!(bar(u64::MAX, u64::MAX, 10), "\u{2588}".repeat(10));
        assert_eq!(bar(7, 0, 10).chars().count(), 10);
    }
}
