//! Names that Windows gives a meaning of its own, wherever they stand.

/// Whether Windows takes a component for a device, whatever its extension: the part before the first dot, without blanks at its end.
///
/// Expects either plain ASCII or a [`crate::fold_key`], in which superscript digits have become digits (`COM¹` is a device, too).
/// Source: "Naming Files, Paths, and Namespaces" (Microsoft), and the console devices of the Win32 file namespace.
pub(crate) fn is_device(component: &str) -> bool {
    let base_len = component.bytes().position(|byte| byte == b'.').unwrap_or(component.len());
    let base = component[..base_len].trim_end_matches(' ');
    let is_one_of = |names: &[&str]| names.iter().any(|name| base.eq_ignore_ascii_case(name));
    match base.len() {
        3 => is_one_of(&["CON", "PRN", "AUX", "NUL"]),
        4 => is_numbered_port(base.as_bytes()),
        6 => is_one_of(&["CONIN$", "CLOCK$"]),
        7 => is_one_of(&["CONOUT$"]),
        _ => false,
    }
}

fn is_numbered_port(base: &[u8]) -> bool {
    let (name, number) = base.split_at(3);
    (name.eq_ignore_ascii_case(b"COM") || name.eq_ignore_ascii_case(b"LPT")) && number[0].is_ascii_digit()
}

/// Whether a component looks like the short name that FAT and NTFS make up for a longer one: a base of at most 8 characters that ends in `~`
/// and digits, an extension of at most 3.
pub(crate) fn is_short_name(component: &str) -> bool {
    let (base, extension) = component.split_once('.').unwrap_or((component, ""));
    let stem = base.trim_end_matches(|character: char| character.is_ascii_digit());
    let ends_in_number = stem.len() < base.len() && stem.ends_with('~');
    ends_in_number && base.chars().count() <= 8 && extension.chars().count() <= 3 && !extension.contains('.')
}
