//! `untorn sign`.

use std::{fs, io::Read, path::Path};

use serde_json::json;
use untorn::{
    Error, patch_facts,
    release::{Preface, Signed},
    sign_patch,
    trust::{Document, Signature, TrustError, facts, key_id},
};
use untorn_keys::add_signature;

use crate::{
    documents,
    failure::Failure,
    keys::{Password, SignArgs, read_keys},
    outcome::{Answer, Outcome},
    text::path,
};

pub(super) fn run(args: &SignArgs) -> Answer {
    let place = Place::of(&args.file)?;
    let mut signed = place.signed(&args.file)?;
    let refused = |source: TrustError| Failure::from(Error::Trust { what: path(&args.file), source });
    let document = Document::decode(&signed.document).map_err(|source| refused(TrustError::Unknown { source }))?;
    for key in read_keys(&args.keys.keys, &mut Password::new(args.keys.password_stdin))? {
        add_signature(&mut signed, &key).map_err(|error| Failure::key(&path(&args.file), &error))?;
    }
    let signatures = Signature::read_all(&signed.signatures).map_err(refused)?;
    place.write(&args.file, signed)?;
    let keys: Vec<_> = signatures.iter().map(|signature| key_id(&signature.key_id())).collect();
    let text = format!("{}: {}\n  signed by {}\n", path(&args.file), facts(&document), keys.join(", "));
    let json = json!({ "file": path(&args.file), "kind": document.role().word(), "facts": facts(&document), "keys": keys });
    Ok(Outcome::new(text, json))
}

/// Where signatures stand.
enum Place {
    /// With their document in one file.
    Within,
    /// Beside it.
    Beside,
    /// Before a patch.
    Patch(Preface),
}

impl Place {
    fn of(file: &Path) -> Result<Self, Failure> {
        let mut start = [0; 8];
        let mut read = || fs::File::open(file)?.take(8).read(&mut start);
        read().map_err(|source| Failure::io("read", file, source))?;
        if Preface::begins(start) {
            let preface = patch_facts(file)?.preface;
            return preface.map(Self::Patch).ok_or_else(|| Error::Unsigned.into());
        }
        Ok(if documents::is_in_one_file(&start) { Self::Within } else { Self::Beside })
    }

    fn signed(&self, file: &Path) -> Result<Signed, Failure> {
        match self {
            Self::Patch(preface) => Ok(preface.release.clone()),
            Self::Within | Self::Beside => documents::read_signed(file),
        }
    }

    fn write(self, file: &Path, signed: Signed) -> Result<(), Failure> {
        match self {
            Self::Within => documents::replace(file, &signed.encode()),
            Self::Beside => documents::replace(&documents::signatures_of(file), signed.signatures.as_bytes()),
            Self::Patch(preface) => Ok(sign_patch(file, &Preface { release: signed, ..preface })?),
        }
    }
}
