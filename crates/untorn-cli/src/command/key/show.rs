//! `untorn key show`.

use untorn::trust::{TrustedRoot, key_id, key_line, public_key};
use untorn_keys::SecretKey;

use super::{Done, refused, root_text};
use crate::{
    documents,
    keys::{Password, ShowArgs, read_keys},
    outcome::Answer,
    text::path,
};

/// Nothing that is shown is longer.
const FILE_LEN_MAX: u64 = 64 << 10;

pub(super) fn run(args: &ShowArgs) -> Answer {
    let bytes = documents::read(&args.file, FILE_LEN_MAX)?;
    let name = path(&args.file);
    if bytes.starts_with(b"untorn:") {
        let root = TrustedRoot::pin(documents::read_signed(&args.file)?).map_err(refused(&args.file))?;
        let done = Done { action: "show", files: Vec::new(), root: Some(&root), keys: Vec::new(), complete: Some(true) };
        return Ok(done.outcome(format!("{name}: root {}\n{}", root.root().version, root_text(&root))));
    }
    let text = String::from_utf8_lossy(&bytes);
    let key = match SecretKey::is_encrypted(&text) {
        Ok(_) => read_keys(std::slice::from_ref(&args.file), &mut Password::default())?.remove(0).public(),
        Err(_) => public_key(&text).map_err(refused(&args.file))?,
    };
    let done = Done { action: "show", files: Vec::new(), root: None, keys: vec![key], complete: None };
    Ok(done.outcome(format!("{name}: key {}\n  {}\n", key_id(&key.id), key_line(&key))))
}
