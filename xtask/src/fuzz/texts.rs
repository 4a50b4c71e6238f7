//! Texts that were made to harm: signatures, keys, names.

use untorn_format::TreePath;
use untorn_keys::SecretKey;
use untorn_store::layout::Name;
use untorn_trust::{Signature, public_key};

use super::target::{Target, anywhere};

/// Signatures of two keys.
const SIGNATURES: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
";
const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
/// A secret key that nobody uses.
const SECRET_KEY: &str = include_str!("secret.key");
/// Paths that are in order.
const PATHS: [&str; 4] = ["data/pak", "a/b/c/d.e", "Ünïcode/ß.txt", "x"];
/// Names of a store.
const NAMES: [&str; 5] = [
    "untorn.store",
    "channel/stable",
    "log/stable/17.minisig",
    "root/3.root",
    "manifest/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824-from-65aa1fb4350995223b1373adea64f978e438fbb1bad40c56a1752b693e3c182b",
];
/// How many cases of a hundred each has.
const SHARE: usize = 2;

/// Those for texts.
pub(super) fn targets() -> Vec<Target> {
    vec![
        Target {
            name: "signatures",
            decoders: &[("crates/untorn-trust/src/envelope.rs", "read_all")],
            golden: || Ok(vec![SIGNATURES.as_bytes().to_vec(), SIGNATURES.repeat(2).into_bytes()]),
            mutate: anywhere,
            attempt: |bytes| {
                let signatures = Signature::read_all(&text(bytes)).map_err(|error| error.to_string())?;
                let key = public_key(KEY).map_err(|error| error.to_string())?;
                // Whatever is made of a signature, it is a yes or a no.
                drop(signatures.iter().map(|signature| signature.is_of(&key, b"test")).collect::<Vec<_>>());
                Ok(())
            },
            share: SHARE,
        },
        Target {
            name: "public-key",
            decoders: &[("crates/untorn-trust/src/key_text.rs", "public_key")],
            golden: || Ok(vec![KEY.as_bytes().to_vec(), format!("untrusted comment: a key\n{KEY}\n").into_bytes()]),
            mutate: anywhere,
            attempt: |bytes| public_key(&text(bytes)).map(drop).map_err(|error| error.to_string()),
            share: SHARE,
        },
        Target {
            name: "secret-key",
            decoders: &[
                ("crates/untorn-keys/src/secret_key.rs", "read"),
                ("crates/untorn-keys/src/secret_key.rs", "is_encrypted"),
            ],
            golden: || Ok(vec![SECRET_KEY.as_bytes().to_vec()]),
            mutate: anywhere,
            // With a password each case would take a second, which is what passwords are for.
            attempt: |bytes| SecretKey::read(&text(bytes), None).map(drop).map_err(|error| error.to_string()),
            share: SHARE,
        },
        Target {
            name: "path",
            decoders: &[("crates/untorn-format/src/tree_path.rs", "new")],
            golden: || Ok(PATHS.map(|path| path.as_bytes().to_vec()).to_vec()),
            mutate: anywhere,
            attempt: |bytes| {
                let text = text(bytes);
                let path = TreePath::new(&text).map_err(|error| error.to_string())?;
                assert_eq!(path.as_str(), text, "a path has two spellings");
                let is_strange = |component: &str| component.is_empty() || component == "." || component == "..";
                assert!(!path.as_str().split('/').any(is_strange), "a path leads elsewhere");
                Ok(())
            },
            share: SHARE,
        },
        Target {
            name: "store-name",
            decoders: &[("crates/untorn-store/src/layout.rs", "parse")],
            golden: || Ok(NAMES.map(|name| name.as_bytes().to_vec()).to_vec()),
            mutate: anywhere,
            attempt: |bytes| {
                let text = text(bytes);
                let name = Name::parse(&text).ok_or("no name of a store")?;
                assert_eq!(name.to_string(), text, "a name has two spellings");
                Ok(())
            },
            share: SHARE,
        },
    ]
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
