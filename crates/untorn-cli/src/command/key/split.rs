//! `untorn key split`.

use std::path::{Path, PathBuf};

use untorn::{release::PublicKey, trust::RoleName};
use untorn_keys::{RoleChange, SecretKey, Successor};

use super::{BACKUP, Done, files, read_roots, successor_text, write_successor};
use crate::{
    failure::Failure,
    keys::{Password, SplitArgs, read_keys, read_public},
    outcome::Answer,
    text::path,
};

pub(super) fn run(args: &SplitArgs) -> Answer {
    let (_, before) = read_roots(&args.roots)?;
    let last = args.roots.last().cloned().unwrap_or_default();
    let dir = last.parent().unwrap_or(Path::new("")).to_owned();
    let mut password = Password::new(args.keys.password_stdin);
    let old = read_keys(&args.keys.keys, &mut password)?;
    let mut maker = Maker { dir, password, is_encrypted: !args.no_password, made: old, files: Vec::new() };
    let roles = [
        (RoleName::Root, &args.root_keys, &["root-1", "root-2", "root-3"][..]),
        (RoleName::Release, &args.release_keys, &["release"]),
        (RoleName::Channel, &args.channel_keys, &["channel"]),
    ];
    let mut successor = Successor::of(&before).map_err(|error| Failure::key(&path(&last), &error))?;
    for (role, given, names) in roles {
        let keys = maker.keys(given, names)?;
        let usual = if role == RoleName::Root && keys.len() > 1 { 2 } else { 1 };
        let threshold = if role == RoleName::Root { args.root_threshold.unwrap_or(usual) } else { usual };
        successor.set_role(RoleChange { role, keys, threshold });
    }
    let (file, _, finished) = write_successor(&successor, &maker.made, &last)?;
    let mut text: String = maker.files.iter().map(|file| format!("{}\n", path(file))).collect();
    text += &successor_text(&file, &finished);
    text += "  put the secret keys for roots into different places, and take them off this machine\n";
    text += BACKUP;
    maker.files.push(file);
    let keys = maker.made.iter().map(SecretKey::public).collect();
    let done = Done { action: "split", files: maker.files, root: finished.as_ref().ok(), keys, complete: Some(finished.is_ok()) };
    Ok(done.outcome(text))
}

/// Makes the keys that nobody named.
struct Maker {
    dir: PathBuf,
    password: Password,
    is_encrypted: bool,
    /// All secret keys at hand.
    made: Vec<SecretKey>,
    files: Vec<PathBuf>,
}

impl Maker {
    fn keys(&mut self, given: &[PathBuf], names: &[&str]) -> Result<Vec<PublicKey>, Failure> {
        if !given.is_empty() {
            return given.iter().map(|file| read_public(file)).collect();
        }
        let mut keys = Vec::new();
        for name in names {
            let password = self.is_encrypted.then_some(&mut self.password);
            let (key, written) = files::write_new_key(&self.dir, name, password)?;
            keys.push(key.public());
            self.made.push(key);
            self.files.extend(written);
        }
        Ok(keys)
    }
}
