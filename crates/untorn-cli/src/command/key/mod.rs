//! `untorn key`.

mod exchange;
mod files;
mod new;
mod show;
mod split;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use untorn::{
    Error, Hash,
    release::{PublicKey, Root, Signed},
    trust::{RoleName, RootChain, TrustError, TrustedRoot, key_id, key_line},
};
use untorn_keys::{SecretKey, Successor};

use crate::{
    documents,
    failure::Failure,
    keys::{KeyAction, KeyCommand},
    outcome::{Answer, Outcome},
    text::path,
};

pub(super) fn run(command: &KeyCommand) -> Answer {
    match &command.action {
        KeyAction::New(args) => new::run(args),
        KeyAction::Split(args) => split::run(args),
        KeyAction::Rotate(args) => exchange::run(args, false),
        KeyAction::Revoke(args) => exchange::run(args, true),
        KeyAction::Show(args) => show::run(args),
    }
}

/// What a command about keys came to.
struct Done<'a> {
    action: &'static str,
    files: Vec<PathBuf>,
    root: Option<&'a TrustedRoot>,
    keys: Vec<PublicKey>,
    /// Whether players would accept the root; none where there is none.
    complete: Option<bool>,
}

impl Done<'_> {
    fn outcome(&self, text: String) -> Outcome {
        let json = json!({
            "action": self.action,
            "files": self.files.iter().map(|file| path(file)).collect::<Vec<_>>(),
            "root": self.root.map(root_json),
            "keys": self.keys.iter().map(key_json).collect::<Vec<_>>(),
            "complete": self.complete,
        });
        Outcome::new(text, json)
    }
}

/// The roots that players know, believed as players do.
fn read_roots(files: &[PathBuf]) -> Result<(RootChain, TrustedRoot), Failure> {
    let roots = files.iter().map(|file| documents::read_signed(file)).collect::<Result<Vec<Signed>, _>>()?;
    super::signed::chain(&roots).map_err(|source| {
        let what = files.last().map(|file| path(file)).unwrap_or_default();
        Failure::from(Error::Trust { what, source })
    })
}

/// Signs the next root, and writes it beside the last one. Says where, and whether it is complete.
fn write_successor(
    successor: &Successor,
    keys: &[SecretKey],
    beside: &Path,
) -> Result<(PathBuf, Signed, Result<TrustedRoot, String>), Failure> {
    let keys: Vec<&SecretKey> = keys.iter().collect();
    let signed = successor.sign(&keys).map_err(|error| Failure::key("the root", &error))?;
    let finished = successor.finish(&signed).map_err(|error| error.to_string());
    let root = successor.root();
    let file = beside.with_file_name(format!("{}.{}.root", root.product, root.version));
    files::write_new(&file, &signed.encode(), false)?;
    Ok((file, signed, finished))
}

/// A new root and what it still takes.
fn successor_text(file: &Path, finished: &Result<TrustedRoot, String>) -> String {
    match finished {
        Ok(root) => format!("{}: root {}\n{}", path(file), root.root().version, root_text(root)),
        Err(missing) => format!(
            "{}: not complete yet: {missing}\n  `untorn sign {} --key FILE` adds the signatures of others\n",
            path(file),
            path(file)
        ),
    }
}

/// The keys of a root, for people.
fn root_text(root: &TrustedRoot) -> String {
    let mut text = format!("  product {}, fingerprint {}\n", root.root().product, root.fingerprint());
    if root.root().min_build > 0 {
        text += &format!("  no build below {} may be installed\n", root.root().min_build);
    }
    for name in RoleName::ALL {
        let role = name.of(root.root());
        let keys = role.keys.iter().map(|key| key_id(&key.id)).collect::<Vec<_>>().join(", ");
        text +=
            &format!("  {:<8} {} of {} must sign: {keys} (epoch {})\n", name.word(), role.threshold, role.keys.len(), role.epoch);
    }
    text
}

/// A root, for programs.
fn root_json(root: &TrustedRoot) -> Value {
    root_value(root.root(), root.fingerprint())
}

/// The same of one that need not be trusted.
pub(super) fn root_value(root: &Root, fingerprint: Hash) -> Value {
    let roles = RoleName::ALL.map(|name| {
        let role = name.of(root);
        json!({
            "role": name.word(),
            "epoch": role.epoch,
            "threshold": role.threshold,
            "keys": role.keys.iter().map(key_json).collect::<Vec<_>>(),
        })
    });
    json!({
        "product": root.product,
        "version": root.version,
        "fingerprint": fingerprint.to_string(),
        "min_build": root.min_build,
        "roles": roles,
    })
}

fn key_json(key: &PublicKey) -> Value {
    json!({ "id": key_id(&key.id), "public": key_line(key) })
}

/// What is said of every new secret key.
const BACKUP: &str = "  keep copies of the secret keys, and of their password, in two other places: whoever loses them cannot make updates any more\n";

fn refused(file: &Path) -> impl Fn(TrustError) -> Failure + use<> {
    let what = path(file);
    move |source| Error::Trust { what: what.clone(), source }.into()
}
