//! The key under which names are compared that some system takes for the same.

use unicode_normalization::UnicodeNormalization;

use crate::ignorable::is_ignorable;

/// The key K of rule N9: two names that any supported file system takes for the same have the same key (and some others too: the key errs on
/// that side). Ignorable code points are taken out, then NFKD, lower case, upper case, NFKD.
///
/// Lower case before upper case, because only both together join `ß`, `ẞ` and `ss`, and the Greek sigmas. Never stored: keys of two Unicode
/// versions may differ.
#[must_use]
pub fn fold_key(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_uppercase();
    }
    let visible = name.chars().filter(|character| !is_ignorable(*character));
    visible.nfkd().collect::<String>().to_lowercase().to_uppercase().nfkd().collect()
}

#[cfg(test)]
mod tests {
    use super::fold_key;

    #[test]
    fn names_that_some_system_takes_for_the_same_have_one_key() {
        let same = [
            ("a", "A"),
            ("ß", "ss"),
            ("ß", "SS"),
            ("ẞ", "ß"),
            ("ﬁn", "FIN"),
            ("\u{212A}", "k"),
            ("ſ", "S"),
            ("\u{212B}", "å"),
            ("\u{2126}", "ω"),
            ("é", "e\u{301}"),
            ("Σας", "σασ"),
            ("한", "\u{1112}\u{1161}\u{11ab}"),
            ("ｆｕｌｌ", "FULL"),
            ("a\u{200d}b", "AB"),
            ("x\u{fe0f}", "x"),
            ("①", "1"),
            ("ǆ", "Ǆ"),
            ("i\u{307}", "İ"),
        ];
        for (left, right) in same {
            assert_eq!(fold_key(left), fold_key(right), "{left} {right}");
        }
    }

    #[test]
    fn different_names_keep_different_keys() {
        for (left, right) in [("a", "b"), ("a-b", "a_b"), ("é", "e"), ("0", "O"), ("日", "月")] {
            assert_ne!(fold_key(left), fold_key(right));
        }
    }
}
