//! What a signed document says, and who signed it.

use std::{fs::File, io::Read, path::Path};

use serde_json::{Value, json};
use untorn::{
    Error,
    release::{Channel, Signed},
    trust::{Document, Signature, TrustError, facts, key_id},
};

use crate::{
    args::InspectArgs,
    command::{key::root_value, signed},
    documents,
    failure::Failure,
    outcome::{Answer, Outcome},
    text::path,
};

/// The magics of documents that can be signed, alone and with their signatures.
const MAGICS: [&[u8; 8]; 4] = [b"untorn:k", b"untorn:R", b"untorn:c", b"untorn:s"];

/// Whether a file is a document. Standard input is a patch.
pub(super) fn is_document(file: &Path) -> Result<bool, Failure> {
    if file == Path::new("-") {
        return Ok(false);
    }
    let mut start = Vec::new();
    let mut read = || File::open(file)?.take(8).read_to_end(&mut start);
    match read() {
        Ok(_) => Ok(MAGICS.iter().any(|magic| start == **magic)),
        // Who reads patches says so, too, and better.
        Err(_) => Ok(false),
    }
}

pub(super) fn run(args: &InspectArgs) -> Answer {
    let file = &args.patch;
    let signed = documents::read_signed(file)?;
    let refused = |source: TrustError| Failure::from(Error::Trust { what: path(file), source });
    let document = Document::decode(&signed.document).map_err(|source| refused(TrustError::Unknown { source }))?;
    let signatures =
        if signed.signatures.is_empty() { Vec::new() } else { Signature::read_all(&signed.signatures).map_err(refused)? };
    if let Some(out) = &args.extract {
        documents::replace(out, &signed.document)?;
        documents::replace(&documents::signatures_of(out), signed.signatures.as_bytes())?;
    }
    let mut text = format!("{}: {}\n", path(file), facts(&document));
    for signature in &signatures {
        let comment = untorn::escape(signature.comment().as_bytes());
        text += &format!("  signature of {}: {comment}\n", key_id(&signature.key_id()));
    }
    if signatures.is_empty() {
        text += "  no signature\n";
    }
    text += "  whether that is to be trusted is not checked here\n";
    let json = json!({
        "kind": document.role().word(),
        "product": document.product(),
        "id": signed.id().to_string(),
        "facts": facts(&document),
        "keys": keys(&signed),
        "root": if let Document::Root(root) = &document { Some(root_value(root, signed.id())) } else { None },
        "release": if let Document::Release(release) = &document { Some(signed::release_json(release)) } else { None },
        "channel": if let Document::Channel(channel) = &document { Some(channel_json(channel)) } else { None },
    });
    Ok(Outcome::new(text, json))
}

/// The numbers of the keys that are said to have signed.
pub(super) fn keys(signed: &Signed) -> Vec<String> {
    let signatures = Signature::read_all(&signed.signatures).unwrap_or_default();
    signatures.iter().map(|signature| key_id(&signature.key_id())).collect()
}

fn channel_json(channel: &Channel) -> Value {
    let pointer = |pointer: &untorn::release::Pointer| json!({ "platform": pointer.platform, "release": pointer.release.to_string(), "build": pointer.build });
    json!({
        "name": channel.name,
        "epoch": channel.epoch,
        "seq": channel.seq,
        "prev": (!channel.prev.is_none()).then(|| channel.prev.to_string()),
        "floor": channel.floor,
        "issued": channel.issued,
        "expires": (channel.expires != 0).then_some(channel.expires),
        "rollout_permille": channel.rollout_permille,
        "platforms": channel.platforms.iter().map(pointer).collect::<Vec<_>>(),
    })
}
