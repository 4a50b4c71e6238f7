//! What can be asked, as an OpenRPC document, <https://spec.open-rpc.org>: made from the command line.

use clap::Arg;
use serde_json::{Map, Value, json};

use super::method::{self, COMMANDS, Kind};
use crate::print::SCHEMA;

/// The document.
pub(super) fn document() -> Value {
    let commands = COMMANDS.iter().filter_map(|name| method::find(name)).map(|command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let params = method::params(&command).map(param).collect();
        let of = format!("`result` of `untorn {} --json`", command.get_name());
        entry(command.get_name(), &about, params, &of)
    });
    let tree = || described("tree", "The directory", true, json!({ "type": "string" }));
    let number = |name, about| described(name, about, true, json!({ "type": "integer" }));
    let id = described("id", "Its id", true, json!({ "type": ["string", "integer"] }));
    let own = [
        entry("about", "Say which untorn this is", vec![], "`untorn`, `schema`, `patch_format`, `methods`"),
        entry("hold", "Keep updates away from a tree while something uses it", vec![tree()], "`hold`: its number; `warnings`"),
        entry("release", "Let updates at the tree again", vec![number("hold", "Its number")], "an empty object"),
        entry(
            "cancel",
            "Ask a request that is under way to stop where nothing is decided yet",
            vec![id],
            "`found`: whether it was under way",
        ),
    ];
    json!({
        "openrpc": "1.3.2",
        "info": { "title": "untorn serve --stdio", "version": format!("{SCHEMA}") },
        "methods": own.into_iter().chain(commands).collect::<Vec<_>>(),
    })
}

fn entry(name: &str, about: &str, params: Vec<Value>, result: &str) -> Value {
    json!({
        "name": name,
        "summary": about,
        "paramStructure": "by-name",
        "params": params,
        "result": { "name": "result", "description": result, "schema": { "type": "object" } },
    })
}

fn param(arg: &Arg) -> Value {
    let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let mut schema = Map::new();
    match method::kind(arg) {
        Kind::Flag => drop(schema.insert("type".into(), "boolean".into())),
        Kind::Integer => drop(schema.insert("type".into(), "integer".into())),
        Kind::Text => drop(schema.insert("type".into(), "string".into())),
        Kind::Texts => {
            schema.insert("type".into(), "array".into());
            schema.insert("items".into(), json!({ "type": "string" }));
        }
    }
    let words: Vec<Value> = match method::kind(arg) {
        Kind::Text => arg.get_possible_values().iter().map(|value| value.get_name().into()).collect(),
        _ => Vec::new(),
    };
    if !words.is_empty() {
        schema.insert("enum".into(), words.into());
    }
    if let [default] = arg.get_default_values()
        && let Some(text) = default.to_str()
        && method::kind(arg) != Kind::Flag
    {
        schema.insert("default".into(), text.parse::<u64>().map_or_else(|_| text.into(), Value::from));
    }
    described(arg.get_id().as_str(), &about, arg.is_required_set(), schema.into())
}

fn described(name: &str, about: &str, required: bool, schema: Value) -> Value {
    json!({ "name": name, "description": about, "required": required, "schema": schema })
}
