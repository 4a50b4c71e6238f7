//! What messages look like: JSON-RPC 2.0, <https://www.jsonrpc.org/specification>.

use serde_json::{Map, Value, json};

use crate::failure::Failure;

/// A message that came in.
#[derive(Debug, PartialEq)]
pub(super) struct Message {
    /// What the answer names; without it, nobody wants one.
    pub(super) id: Option<Value>,
    pub(super) method: String,
    pub(super) params: Map<String, Value>,
}

/// Why there is no result.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal {
    code: i64,
    message: String,
    data: Option<Value>,
}

/// A message that makes no sense, and whom to tell so.
#[derive(Debug, PartialEq)]
pub(super) struct Senseless {
    pub(super) id: Value,
    pub(super) refusal: Refusal,
}

impl Message {
    /// Reads one.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Senseless> {
        let value = serde_json::from_slice(line)
            .map_err(|error| Senseless { id: Value::Null, refusal: Refusal::new(-32700, format!("no JSON: {error}")) })?;
        let Value::Object(mut fields) = value else {
            return Err(Senseless::new(Value::Null, "one object a line: lists of messages are not answered"));
        };
        let id = match fields.remove("id") {
            None => None,
            Some(id @ (Value::String(_) | Value::Number(_))) => Some(id),
            Some(_) => return Err(Senseless::new(Value::Null, "`id` must be a string or a number")),
        };
        let named = || id.clone().unwrap_or(Value::Null);
        if fields.remove("jsonrpc") != Some("2.0".into()) {
            return Err(Senseless::new(named(), "`jsonrpc` must be \"2.0\""));
        }
        let Some(Value::String(method)) = fields.remove("method") else {
            return Err(Senseless::new(named(), "`method` must be a string"));
        };
        let params = match fields.remove("params") {
            None => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return Err(Senseless { id: named(), refusal: Refusal::params("`params` must be an object".into()) }),
        };
        Ok(Self { id, method, params })
    }
}

impl Senseless {
    fn new(id: Value, why: &str) -> Self {
        Self { id, refusal: Refusal::request(why.into()) }
    }
}

impl Refusal {
    fn new(code: i64, message: String) -> Self {
        Self { code, message, data: None }
    }

    /// For a message that is no request.
    pub(super) fn request(message: String) -> Self {
        Self::new(-32600, message)
    }

    pub(super) fn method(name: &str) -> Self {
        Self::new(-32601, format!("there is no method {name:?}; `untorn serve --schema` lists them"))
    }

    pub(super) fn params(message: String) -> Self {
        Self::new(-32602, message)
    }

    /// For more requests than are answered at once.
    pub(super) fn too_many(at_most: usize) -> Self {
        Self::new(-32000, format!("{at_most} requests are under way: wait for one of them"))
    }
}

/// The code is the exit code of the command, the data is the `error` of `docs/json.md`.
impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { code: failure.exit.code().into(), message: failure.message, data: Some(failure.json) }
    }
}

/// What is answered.
pub(super) fn reply(id: &Value, answer: Result<Value, Refusal>) -> Value {
    match answer {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(Refusal { code, message, data: None }) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
        }
        Err(Refusal { code, message, data }) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message, "data": data } })
        }
    }
}

/// What is told without having been asked.
pub(super) fn notification(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}
