//! `docs/json.md` lists every field that the program prints with `--json`, with its type, and no other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::util::{Game, keys, text};
use serde_json::Value;

/// What the page says about a field.
#[derive(Clone, Debug)]
struct Field {
    types: BTreeSet<String>,
    is_optional: bool,
}

/// Fields by section and name.
type Page = BTreeMap<String, BTreeMap<String, Field>>;

const PLAIN: [&str; 7] = ["string", "integer", "number", "boolean", "null", "list", "object"];

fn page() -> Page {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json.md")).unwrap();
    let (mut sections, mut section) = (Page::new(), String::new());
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            name.trim_start_matches("Type: ").clone_into(&mut section);
        } else if let Some(row) = line.strip_prefix("| `") {
            let (name, rest) = row.split_once("` | ").unwrap_or_else(|| panic!("{line}"));
            let kind = rest.split(" |").next().unwrap();
            let types = kind.trim_end_matches(", optional").split(" or ").map(str::to_owned).collect();
            let field = Field { types, is_optional: kind.ends_with(", optional") };
            let again = sections.entry(section.clone()).or_default().insert(name.to_owned(), field);
            assert!(again.is_none(), "{section}: {name} stands there twice");
        } else {
            sections.entry(section.clone()).or_default();
        }
    }
    sections
}

/// The fields of a section, with those of the types that it names. `.` is the value itself.
fn flat(page: &Page, section: &str) -> BTreeMap<String, Field> {
    let mut fields = BTreeMap::new();
    for (name, field) in &page[section] {
        let named = field.types.iter().find(|name| !PLAIN.contains(&name.as_str()));
        let Some(named) = named else {
            fields.insert(name.clone(), field.clone());
            continue;
        };
        let mut types: BTreeSet<String> = field.types.iter().filter(|name| *name != named).cloned().collect();
        types.insert("object".to_owned());
        let is_optional = field.is_optional || types.contains("null");
        let prefix = if name == "." { String::new() } else { format!("{name}.") };
        if name != "." {
            fields.insert(name.clone(), Field { types, is_optional: field.is_optional });
        }
        for (below, field) in flat(page, named) {
            fields.insert(format!("{prefix}{below}"), Field { is_optional: is_optional || field.is_optional, ..field });
        }
    }
    fields
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Every field below `value`, with its type.
fn walk(value: &Value, at: &str, found: &mut Vec<(String, &'static str)>) {
    let mut each = |name: String, below: &Value| {
        found.push((name.clone(), kind(below)));
        walk(below, &name, found);
    };
    match value {
        Value::Object(fields) => {
            let prefix = if at.is_empty() { String::new() } else { format!("{at}.") };
            fields.iter().for_each(|(name, below)| each(format!("{prefix}{name}"), below));
        }
        Value::Array(items) => items.iter().for_each(|below| each(format!("{at}[]"), below)),
        _ => {}
    }
}

/// Compares one answer with a section; notes which fields were seen.
fn compare(fields: &BTreeMap<String, Field>, answer: &Value, what: &str, seen: &mut BTreeSet<String>) {
    let mut found = Vec::new();
    walk(answer, "", &mut found);
    for (name, kind) in &found {
        let is_object_in_list = name.ends_with("[]") && *kind == "object";
        let is_group = *kind == "object" && fields.keys().any(|field| field.starts_with(&format!("{name}.")));
        let Some(field) = fields.get(name) else {
            assert!(is_object_in_list || is_group, "{what}: {name} ({kind}) is not in docs/json.md");
            continue;
        };
        let fits = field.types.contains(*kind) || (*kind == "integer" && field.types.contains("number"));
        assert!(fits, "{what}: {name} is {kind}, docs/json.md says {:?}", field.types);
        seen.insert(name.clone());
    }
    for (name, field) in fields.iter().filter(|(_, field)| !field.is_optional) {
        assert!(found.iter().any(|(found, _)| found == name), "{what}: {name} is missing ({field:?}): {answer:#}");
    }
}

/// Stages a file, and stops.
fn interrupt(dir: &Path) {
    let mut tree = untorn::Tree::open(dir).unwrap();
    let mut options = untorn::Options::default();
    options.progress_len = 1;
    let mut tx = tree.begin_with(options).unwrap();
    tx.resume(untorn::Purpose { key: untorn::Hash::of(b"key"), to: untorn::Hash::of(b"to"), total: 10 }).unwrap();
    tx.replace("x", &mut &b"0123456789"[..]).unwrap();
    tx.made("x", None, 10).unwrap();
    tx.set_aside();
}

fn lose_journal(game: &Game, tree: &str) {
    let kept = fs::read_dir(game.path(&format!("{tree}/.untorn/tx"))).into_iter().flatten().map(Result::unwrap);
    kept.for_each(|folder| fs::remove_dir_all(folder.path()).unwrap());
    ["slot.0", "slot.1", "slot.2"].iter().for_each(|slot| game.write(&format!("{tree}/.untorn/{slot}"), b"rot"));
}

/// Does some steps of an update, and stops.
fn go_half_way(patch: &Path, dir: &Path) {
    let (mut options, mut low) = (untorn::ApplyOptions::default(), untorn::LowDiskOptions::default());
    (options.trusting, low.step_len) = (untorn::Trusting::Unsigned, 1 << 16);
    for questions in 0.. {
        options.observer = Some(Arc::new(Patience(AtomicU64::new(questions))));
        let is_done = untorn::apply_low_disk(patch, dir, &options, &low).is_ok();
        if untorn::Status::of(dir).unwrap().half_way.is_some() {
            return;
        }
        assert!(!is_done, "it went through without being half way");
    }
}

/// Stops the work after so many questions.
struct Patience(AtomicU64);

impl untorn::Observer for Patience {
    fn progress(&self, _: untorn::Phase, _: u64, _: u64) {}

    fn should_stop(&self) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |left| Some(left.saturating_sub(1))) == Ok(0)
    }
}

/// What is never printed in the answers below: it takes a torn tree, or a patch with every kind of change.
const NOT_SEEN: [&str; 4] = ["rounds[].differences[]", "forecast.dirs_kept", "unknown", "following.sources[]"];

/// Two patches joined and signed.
const MERGE_SIGNED: [&str; 13] = [
    "merge",
    "patch",
    "third.patch",
    "--manifest",
    "third",
    "-o",
    "joined",
    "--key",
    "keys/game.key",
    "--root",
    "keys/game.1.root",
    "--build",
    "1",
];

/// A patch and the way back, both signed.
const BOTH_SIGNED: [&str; 14] = [
    "diff",
    "old",
    "new",
    "-o",
    "signed",
    "--both=signed.back",
    "--key",
    "keys/game.key",
    "--root",
    "keys/game.1.root",
    "--build",
    "2",
    "--old-build",
    "1",
];

#[test]
fn to_the_last_field() {
    let page = page();
    let game = Game::new();
    copy(&game.path("old"), &game.path("follower"));
    game.write("updates", b"{\"file\":\"x\",\"at\":0,\"data\":\"y\"}\n");
    let delta = concat!(env!("CARGO_MANIFEST_DIR"), "/../untorn-import/tests/golden/made.xdelta");
    let calls: [(&[&str], i32); 58] = [
        (&["diff", "old", "new", "-o", "patch2"], 0),
        (&["diff", "old", "new", "-o", "patch2", "--both"], 0),
        (&["diff", "old", "new", "-o", "patch2", "--both=patch2"], 2),
        (&["diff", "old", "missing", "-o", "patch2"], 32),
        (&["inspect", "patch"], 0),
        (&["inspect", "updates"], 1),
        (&["inspect", "old", "new"], 0),
        (&["inspect", "old", "missing"], 32),
        (&["inspect", "old"], 2),
        (&["pack", "texts", "-o", "new.zip", "--like", "old/same.txt"], 0),
        (&["pack", "old", "-o", "old/x.zip"], 1),
        (&["pack", "missing", "-o", "x.zip"], 32),
        (&["import", delta, "texts", "made.txt", "-n"], 0),
        (&["import", delta, "texts", "made.txt"], 0),
        (&["import", delta, "texts", "made.txt"], 0),
        (&["import", "updates", "texts", "made.txt"], 1),
        (&["manual", "man"], 0),
        (&["status", "game"], 0),
        (&["apply", "patch", "game", "-n"], 0),
        (&["apply", "patch", "new"], 0),
        (&["apply", "patch", "game"], 0),
        (&["apply", "patch", "game", "--exit-code"], 3),
        (&["status", "game"], 0),
        (&["recover", "game"], 0),
        (&["verify", "game"], 0),
        (&["verify", "game", "--against", "new"], 0),
        (&["verify", "missing"], 32),
        (&["repair", "game", "--from", "new"], 0),
        (&["rollback", "game", "-n"], 0),
        (&["rollback", "game"], 0),
        (&["rollback", "missing"], 32),
        (&["write", "game", "updates", "--undo"], 0),
        (&["run", "missing", "--json", "--", "true"], 32),
        (&["rollback", "game", "-n"], 0),
        (&["key", "new", "keys", "--product", "game", "--no-password"], 0),
        (&["key", "show", "keys/game.1.root"], 0),
        (&["key", "show", "keys/game.pub"], 0),
        (&["sign", "keys/game.1.root", "--key", "keys/game.key"], 0),
        (&["inspect", "keys/game.1.root"], 0),
        (&["inspect", concat!(env!("CARGO_MANIFEST_DIR"), "/../untorn-format/tests/golden/channel.v1")], 0),
        (&["inspect", concat!(env!("CARGO_MANIFEST_DIR"), "/../untorn-format/tests/golden/release.v1")], 0),
        (&["diff", "old", "new", "-o", "signed", "--key", "keys/game.key", "--root", "keys/game.1.root", "--build", "2"], 0),
        (&BOTH_SIGNED, 0),
        (&["merge", "patch", "signed.back", "-o", "joined"], 0),
        (&["diff", "new", "third", "-o", "third.patch"], 0),
        (&MERGE_SIGNED, 0),
        (&["merge", "patch", "patch", "-o", "joined"], 1),
        (&["inspect", "signed"], 0),
        (&["apply", "signed", "follower", "--trust-on-first-use"], 0),
        (&["status", "follower"], 0),
        (&["manifest", "new"], 0),
        (&["manifest", "new", "-o", "new.manifest", "--index", "new.index"], 0),
        (&["demo", "--kills", "1", "--seed", "1"], 0),
        (&["explain", "UNT-IO"], 0),
        (&["explain", "22"], 0),
        (&["explain", "nothing"], 2),
        (&["completions", "fish"], 0),
        (&["status", "missing"], 32),
    ];
    game.write("texts/a", &text_of(1));
    game.write("third/a", &text_of(3));
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut check = |args: &[&str], exit: i32| {
        let (found, document) = game.json(args);
        assert_eq!(found, exit, "{args:?} {document:#}");
        let command = document["command"].as_str().unwrap().to_owned();
        match (document.get("result"), document.get("error")) {
            (Some(result), None) => {
                compare(&flat(&page, &command), result, &format!("{args:?}"), seen.entry(command).or_default());
            }
            (None, Some(error)) => {
                compare(&flat(&page, "error"), error, &format!("{args:?}"), seen.entry("error".into()).or_default());
            }
            _ => panic!("{document:#}"),
        }
        let top: BTreeSet<_> = document.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(top.iter().all(|name| page["Every document"].contains_key(*name)), "{top:?}");
    };
    calls.iter().for_each(|(args, exit)| check(args, *exit));
    // Archives, with something to advise, and one that is no guide.
    game.write("broken-old/broken.zip", b"PK\x03\x04 and no more, but longer than the end of an archive");
    game.write("broken-new/broken.zip", b"PK\x03\x04 and no more, but longer than the end of any archive");
    check(&["pack", "texts", "-o", "zips-old/data.zip", "--method", "deflate"], 32);
    ["zips-old", "zips-new"].iter().for_each(|dir| game.write(&format!("{dir}/readme"), b"a directory"));
    check(&["pack", "texts", "-o", "zips-old/data.zip", "--method", "deflate"], 0);
    game.write("texts/a", &text_of(2));
    check(&["pack", "texts", "-o", "zips-new/data.zip", "--like", "zips-old/data.zip"], 0);
    for (old, new) in [("zips-old", "zips-new"), ("broken-old", "broken-new")] {
        check(&["diff", old, new, "-o", "zips.patch", "--no-recompress"], 0);
        check(&["inspect", "zips.patch", "--old", old, "--new", new], 0);
        check(&["inspect", old, new], 0);
    }
    // A tree that says what it is, and that somebody modified.
    copy(&game.path("old"), &game.path("modified"));
    check(&["rollback", "modified", "-n"], 0);
    check(&["diff", "new", "modified", "-o", "back"], 0);
    copy(&game.path("new"), &game.path("modified2"));
    check(&["apply", "back", "modified2"], 0);
    game.write("modified2/readme.txt", b"mine");
    game.write("modified2/maps/own/file", b"mine");
    check(&["apply", "patch", "modified2"], 22);
    check(&["apply", "patch", "modified2", "--keep-modified"], 0);
    check(&["verify", "modified2"], 10);
    copy(&game.path("new"), &game.path("rotten"));
    let mut world = fs::read(game.path("new/data/world.pak")).unwrap();
    world[150_000] ^= 1;
    game.write("rotten/data/world.pak", &world);
    check(&["verify", "rotten", "--against", "new.manifest", "--index", "new.index", "--quick"], 10);
    check(&["repair", "modified2", "--from", "new", "-n"], 0);
    check(&["repair", "modified2", "--from", "new"], 0);
    // A journal that is lost whole, with nothing under way, and nothing kept to go back with.
    lose_journal(&game, "modified2");
    check(&["status", "modified2"], 0);
    check(&["recover", "modified2"], 0);
    check(&["apply", "patch", "modified2"], 0);
    // A store, and everything a studio does to it.
    let (key, root) = keys(&game);
    let signed = ["--key", key.as_str(), "--root", root.as_str()];
    let with = |args: &[&'static str]| [args, &signed].concat();
    check(&with(&["publish", "old", "store", "--channel", "beta"]), 0);
    check(&with(&["promote", "store", "--from", "beta", "--to", "stable"]), 0);
    check(&with(&["publish", "new", "store", "--patch-from", "1"]), 0);
    check(&with(&["publish", "new", "store"]), 0);
    check(&with(&["publish", "modified", "store", "-n"]), 0);
    check(&with(&["publish", "modified", "store", "--build", "1"]), 1);
    check(&with(&["channel", "rollback", "store"]), 0);
    check(&with(&["channel", "refresh", "store", "--valid-days", "30"]), 0);
    game.write("store/mine", b"of somebody else");
    check(&["gc", "store", "--keep", "1"], 0);
    check(&["gc", "store", "--keep", "1", "--yes"], 0);
    check(&["store", "check", "store"], 0);
    // And what players do with it.
    copy(&game.path("new"), &game.path("modified"));
    check(&["install", "store", "followed", "--trust", "game.root", "-n"], 0);
    check(&["install", "store", "followed", "--trust", "game.root"], 0);
    check(&["update", "followed", "--exit-code"], 3);
    // It knows where its bytes come from.
    game.write("followed/readme.txt", b"damaged");
    check(&["verify", "followed"], 10);
    check(&["repair", "followed"], 0);
    check(&["verify", "followed"], 0);
    check(&["repair", "modified"], 2);
    copy(&game.path("old"), &game.path("adopted"));
    game.write("adopted/readme.txt", b"mine");
    game.write("adopted/data/world.pak", b"mine");
    let adopted = ["install", "store", "adopted", "--trust", "game.root", "--keep", "readme.txt"];
    check(&adopted, 22);
    check(&[&adopted[..], &["--replace", "**"]].concat(), 0);
    game.write("modified/readme.txt", b"version 2");
    game.write("modified/maps/b.map", b"another map");
    check(&with(&["publish", "modified", "store", "--patch-from", "1"]), 0);
    check(&["update", "followed", "-n"], 0);
    check(&["update", "followed", "--stage-only"], 0);
    check(&["update", "followed", "--commit"], 0);
    check(&["rollback", "followed"], 0);
    game.write("followed/readme.txt", b"mine");
    game.write("followed/data/world.pak", b"mine");
    game.write("followed/maps/mine", b"mine");
    let changed = ["update", "followed", "--regardless", "--no-patches", "--keep", "readme.txt", "--no-undo"];
    check(&[&changed[..], &["-n"]].concat(), 0);
    check(&changed, 0);
    check(&["rollback", "followed", "-n"], 0);
    check(&["rollback", "followed"], 0);
    check(&["update", "followed", "--from", "missing"], 40);
    game.write("store/channel/beta", b"rot");
    check(&["store", "check", "store"], 10);

    copy(&game.path("old"), &game.path("staged"));
    interrupt(&game.path("staged"));
    check(&["status", "staged"], 0);

    copy(&game.path("old"), &game.path("stepped"));
    check(&["apply", "patch", "stepped", "--low-disk", "-n"], 0);
    go_half_way(&game.path("patch"), &game.path("stepped"));
    check(&["status", "stepped"], 0);
    check(&["recover", "stepped"], 0);
    check(&["run", "stepped", "--json", "--", "true"], 30);
    check(&["apply", "patch", "stepped"], 30);
    check(&["apply", "patch", "stepped", "--low-disk"], 0);
    lose_journal(&game, "stepped");
    check(&["apply", "back", "stepped", "--low-disk"], 0);
    copy(&game.path("old"), &game.path("stepped-signed"));
    check(&["apply", "signed", "stepped-signed", "--trust-on-first-use", "--low-disk"], 0);

    let of_error = flat(&page, "error");
    for (section, seen) in &seen {
        let fields = if section == "error" { of_error.clone() } else { flat(&page, section) };
        let unseen: Vec<_> = fields.keys().filter(|name| !seen.contains(*name) && !is_rare(name)).collect();
        assert!(unseen.is_empty(), "{section}: docs/json.md lists what was never printed: {unseen:?}");
    }
    let sections: BTreeSet<_> = seen.keys().map(String::as_str).collect();
    for command in page.keys().filter(|name| name.chars().all(|letter| letter.is_ascii_lowercase())) {
        let types = [
            "error",
            "difference",
            "transaction",
            "forecast",
            "release",
            "following",
            "provenance",
            "run",
            "move",
            "root",
            "channel",
            "plan",
            "patch",
        ];
        let is_type = command.is_empty() || types.contains(&command.as_str());
        assert!(is_type || sections.contains(command.as_str()), "{command} was not asked");
    }
}

/// What it would take a torn tree, or another kind of build, to print.
fn is_rare(name: &str) -> bool {
    NOT_SEEN.iter().any(|rare| name.starts_with(rare))
        || name.starts_with("totals.")
        || (name.ends_with("dirs_kept[]"))
        || name == "journal"
}

/// Lines of numbers: other ones throughout when compressed, but only the first one when not.
fn text_of(version: u32) -> Vec<u8> {
    let lines = (0..60_000_u32).map(|line| format!("{}\n", line.wrapping_mul(2_654_435_761)));
    format!("version {}\n", version * 12_345).into_bytes().into_iter().chain(lines.flat_map(String::into_bytes)).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_name() == ".untorn" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn and_of_progress() {
    let game = Game::new();
    let output = game.untorn(["apply", "patch", "game", "--progress", "json"]);
    let page = page();
    for line in text(&output.stderr).lines() {
        compare(&flat(&page, "Progress"), &serde_json::from_str(line).unwrap(), line, &mut BTreeSet::new());
    }
}
