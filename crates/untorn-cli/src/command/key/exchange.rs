//! `untorn key rotate` and `untorn key revoke`.

use untorn::trust::RoleName;
use untorn_keys::{SecretKey, Successor};

use super::{Done, read_roots, successor_text, write_successor};
use crate::{
    failure::Failure,
    keys::{ExchangeArgs, Password, read_keys, read_public},
    outcome::Answer,
    text::path,
};

pub(super) fn run(args: &ExchangeArgs, is_stolen: bool) -> Answer {
    let (_, before) = read_roots(&args.roots)?;
    let last = args.roots.last().cloned().unwrap_or_default();
    let (old, new) = (read_public(&args.old)?, args.new.as_ref().map(|file| read_public(file)).transpose()?);
    let keys = read_keys(&args.keys.keys, &mut Password::new(args.keys.password_stdin))?;
    let failed = |error| Failure::key(&path(&args.old), &error);
    let mut successor = Successor::of(&before).map_err(failed)?;
    match (&new, is_stolen) {
        (Some(new), false) => successor.replace(&old, new).map_err(failed)?,
        (None, false) => return Err(Failure::usage("say which key comes in its place: --new PUB".to_owned())),
        (new, true) => successor.revoke(&old, new.as_ref()).map_err(failed)?,
    }
    if let Some(build) = args.min_build {
        successor.raise_min_build(build);
    }
    let roles = RoleName::ALL.into_iter().filter(|role| role.of(before.root()).keys.iter().any(|key| key.key == old.key));
    let roles: Vec<_> = roles.collect();
    let (file, _, finished) = write_successor(&successor, &keys, &last)?;
    let mut text = successor_text(&file, &finished);
    if is_stolen {
        text += &runbook(&roles);
    }
    let keys = keys.iter().map(SecretKey::public).collect();
    let action = if is_stolen { "revoke" } else { "rotate" };
    let done = Done { action, files: vec![file], root: finished.as_ref().ok(), keys, complete: Some(finished.is_ok()) };
    Ok(done.outcome(text))
}

/// What to do next, for each role the stolen key stood in.
fn runbook(roles: &[RoleName]) -> String {
    let steps = roles.iter().map(|role| match role {
        RoleName::Root => "  root: check that no root was published that you did not make\n",
        RoleName::Release => {
            "  release: give --min-build the number after the last build the thief may have signed, and publish the current build again above it, signed with the new key\n"
        }
        RoleName::Channel => "  channel: publish the root, then sign every channel anew with the new key\n",
    });
    let steps: String = steps.collect();
    format!(
        "what to do next (SECURITY.md says more):\n{steps}  publish the new root; players learn of it with their next update\n"
    )
}
