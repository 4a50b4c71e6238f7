//! Documents that were made to harm: whatever their bytes say, no decoder panics, and what is read is written again as it was.

use untorn_format::{
    DecodeError, Hash,
    index::{Bridge, Head, Page},
    journal::Progress,
    release::{Channel, Installed, Preface, Release, Root, Signed},
    verified::Verified,
};
use untorn_trust::{Signature, public_key};

use super::{mutate::changed, rng::Rng};

/// Reads a document and writes it again.
type Reencode = fn(&[u8]) -> Result<Vec<u8>, DecodeError>;

/// The golden files, which use every kind of field.
const GOLDEN: [(&[u8], Reencode); 12] = [
    (include_bytes!("../../../crates/untorn-format/tests/golden/root.v1"), |bytes| Ok(Root::decode(bytes)?.encode())),
    (include_bytes!("../../../crates/untorn-format/tests/golden/release.v1"), |bytes| Ok(Release::decode(bytes)?.encode())),
    (include_bytes!("../../../crates/untorn-format/tests/golden/channel.v1"), |bytes| Ok(Channel::decode(bytes)?.encode())),
    (include_bytes!("../../../crates/untorn-format/tests/golden/signed.v1"), |bytes| Ok(Signed::decode(bytes)?.encode())),
    (include_bytes!("../../../crates/untorn-format/tests/golden/installed.v1"), |bytes| Ok(Installed::decode(bytes)?.encode())),
    (include_bytes!("../../../crates/untorn-format/tests/golden/preface.v1"), |bytes| Ok(Preface::decode(bytes)?.encode())),
    (include_bytes!("../../../crates/untorn-format/tests/golden/index.v1"), |bytes| Ok(Head::decode(bytes)?.encode())),
    (include_bytes!("../../../crates/untorn-format/tests/golden/page.v1"), |bytes| Ok(Page::decode(bytes)?.encode())),
    (include_bytes!("../../../crates/untorn-format/tests/golden/progress.v1"), |bytes| {
        Ok(Progress::decode(bytes)?.encode().unwrap_or_default())
    }),
    (include_bytes!("../../../crates/untorn-format/tests/golden/bridge.v1"), |bytes| Ok(Bridge::decode(bytes)?.encode())),
    (include_bytes!("../../../crates/untorn-format/tests/golden/release_bridged.v1"), |bytes| {
        Ok(Release::decode(bytes)?.encode())
    }),
    (include_bytes!("../../../crates/untorn-format/tests/golden/verified.v1"), |bytes| Ok(Verified::decode(bytes)?.encode())),
];

/// Signatures of two keys.
const SIGNATURES: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
";
const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

/// One case. Says whether what came out was read.
pub(super) fn case(rng: &mut Rng) -> bool {
    match rng.below(GOLDEN.len() + 2) {
        0 => try_signatures(rng),
        1 => public_key(&text(KEY, rng)).is_ok(),
        number => try_document(GOLDEN[number - 2], rng),
    }
}

fn try_document((golden, reencode): (&[u8], Reencode), rng: &mut Rng) -> bool {
    let mut bytes = changed(golden, rng);
    // One in eight keeps the wrong checksum.
    if let (true, Some(end)) = (rng.below(8) > 0, bytes.len().checked_sub(32)) {
        let checksum = Hash::of(bytes.get(..end).unwrap_or_default());
        bytes.truncate(end);
        bytes.extend_from_slice(&checksum.0);
    }
    let read = reencode(&bytes);
    assert!(read.as_ref().map_or(true, |again| *again == bytes), "a document has two spellings");
    read.is_ok()
}

fn try_signatures(rng: &mut Rng) -> bool {
    let Ok(signatures) = Signature::read_all(&text(SIGNATURES, rng)) else { return false };
    let Ok(key) = public_key(KEY) else { return false };
    // Whatever is made of a signature, it is a yes or a no.
    signatures.iter().filter(|signature| signature.is_of(&key, b"test")).count() > 0
}

fn text(golden: &str, rng: &mut Rng) -> String {
    String::from_utf8_lossy(&changed(golden.as_bytes(), rng)).into_owned()
}
