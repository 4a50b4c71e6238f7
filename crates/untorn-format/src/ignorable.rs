//! Code points that are not seen.

use std::cmp::Ordering;

/// The ranges of `Default_Ignorable_Code_Point` (Unicode 16, `DerivedCoreProperties.txt`). All of `Bidi_Control`, and all code points that
/// HFS+ skips when it compares names, lie within them.
const IGNORABLE: [(u32, u32); 17] = [
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1_BCA0, 0x1_BCA3),
    (0x1_D173, 0x1_D17A),
    (0xE_0000, 0xE_0FFF),
];

/// Whether a code point is ignorable by default: joiners, variation selectors, direction controls, fillers, tags.
pub(crate) fn is_ignorable(character: char) -> bool {
    let code = u32::from(character);
    let place = |&(first, last): &(u32, u32)| match () {
        () if last < code => Ordering::Less,
        () if first > code => Ordering::Greater,
        () => Ordering::Equal,
    };
    !character.is_ascii() && IGNORABLE.binary_search_by(place).is_ok()
}
