//! `untorn explain`.

mod codes;
mod ffi_codes;
mod import_codes;
mod store_codes;

use std::sync::LazyLock;

use serde_json::json;

use self::{codes::CODES as TREE_CODES, ffi_codes::FFI_CODES, import_codes::IMPORT_CODES, store_codes::STORE_CODES};
use crate::{
    args::ExplainArgs,
    exit::{self, Exit},
    failure::Failure,
    outcome::{Answer, Outcome},
};

/// Every code and its meaning, sorted by code.
static CODES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let mut codes = [TREE_CODES, STORE_CODES, FFI_CODES, &IMPORT_CODES].concat();
    codes.sort_unstable();
    codes
});

pub(super) fn run(args: &ExplainArgs) -> Answer {
    let asked = args.code.trim().to_ascii_uppercase();
    match asked.as_str() {
        "EXIT-CODES" => return Ok(exit_codes()),
        "CODES" => return Ok(all_codes()),
        _ => {}
    }
    let exit = Exit::ALL.iter().find(|(exit, _)| asked == exit.code().to_string());
    if let Some((exit, meaning)) = exit {
        return Ok(Outcome::new(format!("{}: {meaning}\n", exit.code()), json!({ "exit": exit.code(), "meaning": meaning })));
    }
    let code = CODES.iter().find(|(code, _)| *code == asked || code.strip_prefix("UNT-") == Some(&asked));
    match code {
        Some((code, meaning)) => Ok(Outcome::new(format!("{code}\n{meaning}\n"), json!({ "code": code, "meaning": meaning }))),
        None => Err(Failure::usage(format!(
            "there is no code \"{}\"; `untorn explain codes` and `untorn explain exit-codes` list them",
            untorn::escape(args.code.as_bytes())
        ))),
    }
}

fn exit_codes() -> Outcome {
    let all: Vec<_> = Exit::ALL.iter().map(|(exit, meaning)| json!({ "exit": exit.code(), "meaning": meaning })).collect();
    Outcome::new(exit::table(), json!(all))
}

fn all_codes() -> Outcome {
    let text = CODES
        .iter()
        .map(|(code, meaning)| format!("{code:<24} {}\n", meaning.lines().next().unwrap_or_default()))
        .collect::<String>();
    let all: Vec<_> = CODES.iter().map(|(code, meaning)| json!({ "code": code, "meaning": meaning })).collect();
    Outcome::new(text, json!(all))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::CODES;

    /// Every code that stands between quotes somewhere in the sources of the workspace.
    fn spelled(dir: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                spelled(&entry.path(), found);
            } else if entry.path().extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(entry.path()).unwrap();
                let codes = text.split('"').filter(|text| text.starts_with("UNT-"));
                found.extend(
                    codes
                        .filter(|code| code.bytes().all(|byte| b"-ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".contains(&byte)))
                        .map(str::to_owned),
                );
            }
        }
    }

    #[test]
    fn every_code_is_explained_once_and_none_is_made_up() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut used = BTreeSet::new();
        for library in [
            "untorn",
            "untorn-delta",
            "untorn-ffi",
            "untorn-format",
            "untorn-fs",
            "untorn-import",
            "untorn-keys",
            "untorn-publish",
            "untorn-remote",
            "untorn-store",
            "untorn-trust",
            "untorn-txn",
        ] {
            spelled(&crates.join(library).join("src"), &mut used);
        }
        used.extend(["UNT-BUG".into(), "UNT-USAGE".into()]);
        let explained: Vec<_> = CODES.iter().map(|(code, _)| (*code).to_owned()).collect();
        assert!(used.len() > 40);
        assert_eq!(explained, used.into_iter().collect::<Vec<_>>());
    }
}
