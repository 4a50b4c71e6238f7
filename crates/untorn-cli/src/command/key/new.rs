//! `untorn key new`.

use untorn::{
    release::is_name,
    trust::{Document, TrustedRoot},
};
use untorn_keys::{first_root, sign};

use super::{BACKUP, Done, files, refused, root_text};
use crate::{
    failure::Failure,
    keys::{NewArgs, Password},
    outcome::Answer,
    text::path,
};

pub(super) fn run(args: &NewArgs) -> Answer {
    if !is_name(&args.product) {
        let product = untorn::escape(args.product.as_bytes());
        return Err(Failure::usage(format!(
            "\"{product}\" is no name of a product: use lower-case letters, digits, \".\", \"-\" and \"_\""
        )));
    }
    std::fs::create_dir_all(&args.dir).map_err(|source| Failure::io("make", &args.dir, source))?;
    let root_file = args.dir.join(format!("{}.1.root", args.product));
    let mut password = Password::new(args.password_stdin);
    let (key, [secret, public]) = files::write_new_key(&args.dir, &args.product, (!args.no_password).then_some(&mut password))?;
    let signed = sign(&Document::Root(first_root(&args.product, key.public())), &[&key])
        .map_err(|error| Failure::key("the root", &error))?;
    files::write_new(&root_file, &signed.encode(), false)?;
    let root = TrustedRoot::pin(signed).map_err(refused(&root_file))?;
    let text = format!(
        "{}: the secret key{}\n{}: its public half\n{}: the root that players trust; ship it with the game\n{}{BACKUP}",
        path(&secret),
        if args.no_password { ", NOT encrypted" } else { ", encrypted" },
        path(&public),
        path(&root_file),
        root_text(&root)
    );
    let done = Done {
        action: "new",
        files: vec![secret, public, root_file],
        root: Some(&root),
        keys: vec![key.public()],
        complete: Some(true),
    };
    Ok(done.outcome(text))
}
