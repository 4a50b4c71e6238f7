//! Adapting an old file: copies whose addresses are moved along, and differences for what remains.
//!
//! When a program is built again, most of its code is what it was, but what a few changed functions shifted is addressed anew everywhere. The copies
//! themselves say what went where: so where an old byte sequence looks like an address, the new one is *predicted* from what was copied to where,
//! or from how the same address changed before. Whether the prediction is right costs a small part of a bit. What else differs is a sparse
//! stream of differences. Related: Percival, "Naive differences of executable code" (2003), for copies with differences; the Courgette and
//! Zucchini patchers of Chromium for moving addresses along, which take both files apart; here the reader only looks where the
//! [`Layout`] says that addresses are.
//!
//! Maker and reader run the same [`Walker`] over the same old bytes; one codes with an [`Encoder`], the other with a [`Decoder`].

mod coder;
mod layout;
mod map;
mod model;
mod neighbours;
mod program;
mod walk;

pub(crate) use coder::{Coder, Decoder, Encoder};
pub(crate) use layout::{Base, Field, Kind, LAST_BYTES, Layout, Region, Segment, address_of, code_kind, has_address, offset_of};
pub(crate) use map::Map;
pub(crate) use model::{Numbers, Prob, Signed, Symbols};
pub(crate) use program::{Lengths, Program, Stretch};
pub(crate) use walk::{LEAD_LEN, OVERHANG_LEN, Place, Walker};
