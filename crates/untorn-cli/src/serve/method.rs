//! A method is a command, and its parameters are the command's options.

use std::{any::TypeId, ffi::OsString};

use clap::{Arg, ArgAction, Command, CommandFactory, Parser, builder::ValueParser};
use serde_json::{Map, Value};

use super::message::Refusal;
use crate::{args::Cli, command, progress::Watcher};

/// The commands that other programs are offered.
pub(super) const COMMANDS: [&str; 9] =
    ["status", "recover", "verify", "repair", "apply", "update", "install", "rollback", "inspect"];

/// Options that make no sense here: nobody can be asked to wait who has others to answer, and nothing here has an exit code.
const NOT_HERE: [&str; 2] = ["wait", "exit_code"];

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Flag,
    Integer,
    Text,
    Texts,
}

/// The command line of a method, if there is such a method.
pub(super) fn find(method: &str) -> Option<Command> {
    let known = COMMANDS.contains(&method);
    known.then(|| Cli::command().get_subcommands().find(|command| command.get_name() == method).cloned()).flatten()
}

/// The parameters of a method, in the order of the command line.
pub(super) fn params(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !NOT_HERE.contains(&arg.get_id().as_str()))
}

/// What `arg` may be.
pub(super) fn kind(arg: &Arg) -> Kind {
    match arg.get_action() {
        ArgAction::SetTrue => Kind::Flag,
        ArgAction::Append => Kind::Texts,
        _ if is_number(arg.get_value_parser()) => Kind::Integer,
        _ => Kind::Text,
    }
}

fn is_number(parser: &ValueParser) -> bool {
    [TypeId::of::<u64>(), TypeId::of::<usize>(), TypeId::of::<u32>(), TypeId::of::<i32>()]
        .iter()
        .any(|id| parser.type_id() == *id)
}

/// Does what the method is for.
///
/// # Errors
/// What the command fails of, or what is wrong with the parameters.
pub(super) fn call(method: &str, params: &Map<String, Value>, watcher: Watcher) -> Result<Value, Refusal> {
    let command = find(method).ok_or_else(|| Refusal::method(method))?;
    let words = words(&command, params).map_err(Refusal::params)?;
    let mut cli = Cli::try_parse_from(words).map_err(|error| Refusal::params(first_line(&error)))?;
    (cli.global.json, cli.global.watcher) = (true, watcher);
    let Some(command) = &cli.command else { return Err(Refusal::method(method)) };
    Ok(command::perform(command, &cli.global).1?.json)
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The command line that says the same.
fn words(command: &Command, given: &Map<String, Value>) -> Result<Vec<OsString>, String> {
    let unknown = given.keys().find(|name| params(command).all(|arg| arg.get_id() != name.as_str()));
    if let Some(name) = unknown {
        return Err(format!("{} has no parameter {name:?}", command.get_name()));
    }
    let (mut options, mut operands) = (Vec::new(), Vec::new());
    for arg in params(command) {
        let name = arg.get_id().as_str();
        let values = values(name, kind(arg), given.get(name).unwrap_or(&Value::Null))?;
        match arg.get_long() {
            // What comes in here is not the file somebody means by it.
            None if values == ["-"] => return Err(format!("{name} must be the path of a file")),
            None if values.is_empty() && arg.is_required_set() => return Err(format!("{name} is missing")),
            None => operands.extend(values),
            Some(long) if kind(arg) == Kind::Flag => options.extend(values.iter().map(|_| format!("--{long}"))),
            Some(long) => options.extend(values.iter().map(|value| format!("--{long}={value}"))),
        }
    }
    let program = ["untorn", command.get_name()].map(str::to_owned).into_iter();
    Ok(program.chain(options).chain(["--".to_owned()]).chain(operands).map(OsString::from).collect())
}

/// What a parameter says, as words; none when it says nothing.
fn values(name: &str, kind: Kind, value: &Value) -> Result<Vec<String>, String> {
    match (kind, value) {
        (_, Value::Null) | (Kind::Flag, Value::Bool(false)) => Some(Vec::new()),
        (Kind::Flag, Value::Bool(true)) => Some(vec![String::new()]),
        (Kind::Integer, Value::Number(number)) => Some(vec![number.to_string()]),
        (Kind::Text, Value::String(text)) => Some(vec![text.clone()]),
        (Kind::Texts, Value::Array(texts)) => texts.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<_>>(),
        _ => None,
    }
    .ok_or_else(|| format!("{name} must be {}", kind.name()))
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Flag => "true or false",
            Self::Integer => "a number",
            Self::Text => "a string",
            Self::Texts => "a list of strings",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(method: &str, params: Value) -> Result<String, String> {
        let Value::Object(params) = params else { return Err("no object".into()) };
        let words = words(&find(method).unwrap(), &params)?;
        Ok(words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn parameters_are_the_words_of_a_command_line() {
        let params =
            json!({ "tree": "--game", "stage_only": true, "plan": false, "jobs": 2, "keep": ["*.cfg", "-x"], "channel": null });
        let words = "untorn update --stage-only --keep=*.cfg --keep=-x --jobs=2 -- --game";
        assert_eq!(said("update", params).unwrap(), words);
        assert_eq!(said("apply", json!({ "tree": "t", "patch": "p", "way": "put" })).unwrap(), "untorn apply --way=put -- p t");
    }

    #[test]
    fn what_is_no_parameter_or_of_another_kind_is_refused_by_name() {
        let cases = [
            ("update", json!({ "tree": "t", "wait": true }), "update has no parameter \"wait\""),
            ("status", json!({ "tree": "t", "json": true }), "status has no parameter \"json\""),
            ("status", json!({}), "tree is missing"),
            ("status", json!({ "tree": 1 }), "tree must be a string"),
            ("update", json!({ "tree": "t", "plan": "yes" }), "plan must be true or false"),
            ("update", json!({ "tree": "t", "jobs": "2" }), "jobs must be a number"),
            ("update", json!({ "tree": "t", "keep": [1] }), "keep must be a list of strings"),
            ("apply", json!({ "tree": "t", "patch": "-" }), "patch must be the path of a file"),
        ];
        for (method, params, why) in cases {
            assert_eq!(said(method, params).unwrap_err(), why);
        }
    }

    #[test]
    fn every_command_that_is_offered_is_one() {
        assert!(COMMANDS.iter().all(|method| find(method).is_some()));
        assert!(find("run").is_none());
    }
}
