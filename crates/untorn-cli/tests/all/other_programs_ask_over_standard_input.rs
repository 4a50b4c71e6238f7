//! `untorn serve --stdio`: a launcher asks, is told how far it is, may stop it, and gets the answers of the command line.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::util::{Game, out};

/// A server, and what it told without having been asked.
struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    told: Vec<Value>,
    asked: u64,
}

impl Server {
    fn start(game: &Game) -> Self {
        let mut child = game.bare_command(["serve", "--stdio"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output, told: Vec::new(), asked: 0 }
    }

    fn say(&mut self, line: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(line).unwrap();
        input.write_all(b"\n").unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> u64 {
        self.asked += 1;
        let question = json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params });
        self.say(question.to_string().as_bytes());
        self.asked
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        assert!(self.output.read_line(&mut line).unwrap() > 0, "it has ended");
        let message: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(message["jsonrpc"], "2.0");
        message
    }

    /// Waits for the answer to `id`.
    fn answer(&mut self, id: impl Into<Value>) -> Value {
        let id = id.into();
        loop {
            let message = self.hear();
            if message.get("id") == Some(&id) {
                return message;
            }
            self.told.push(message);
        }
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id)
    }

    fn result(&mut self, method: &str, params: Value) -> Value {
        let answer = self.call(method, params);
        answer.get("result").unwrap_or_else(|| panic!("{answer}")).clone()
    }

    fn refusal(&mut self, line: &[u8]) -> (Value, i64) {
        self.say(line);
        let answer = self.hear();
        assert!(answer["error"]["message"].is_string() && answer.get("result").is_none(), "{answer}");
        (answer["id"].clone(), answer["error"]["code"].as_i64().unwrap())
    }

    /// Ends standard input, and waits.
    fn end(mut self) -> i32 {
        drop(self.input.take());
        self.child.wait().unwrap().code().unwrap()
    }
}

#[test]
fn the_answers_are_those_of_the_command_line() {
    let game = Game::new();
    let mut server = Server::start(&game);
    let about = server.result("about", json!({}));
    assert_eq!(about["untorn"], env!("CARGO_PKG_VERSION"));
    let applied = server.result("apply", json!({ "patch": "patch", "tree": "game", "unsigned": true, "jobs": 1 }));
    assert_eq!(applied["outcome"], "applied");
    assert_eq!(game.content("game"), game.content("new"));
    let progress: Vec<_> = server.told.iter().filter(|message| message["method"] == "progress").collect();
    assert!(progress.len() >= 3, "{:?}", server.told);
    for told in progress {
        let params = &told["params"];
        assert!(
            params["id"] == 2 && params["phase"].is_string() && params["done"].is_u64() && params["total"].is_u64(),
            "{told}"
        );
    }
    let status = server.result("status", json!({ "tree": "game" }));
    assert_eq!(status, game.json(["status", "game"]).1["result"]);
    assert_eq!(server.result("recover", json!({ "tree": "game" }))["recovery"], "clean");
    // Damage is a result, not an error: there is no exit code to look at.
    game.write("game/readme.txt", b"damaged");
    let damaged = server.result("verify", json!({ "tree": "game" }));
    assert_eq!((&damaged["intact"], damaged["damage"].as_array().unwrap().len()), (&false.into(), 1));
    assert_eq!(server.result("repair", json!({ "tree": "game", "from": "new" }))["outcome"], "repaired");
    assert_eq!(server.result("rollback", json!({ "tree": "game" }))["outcome"], "rolled-back");
    assert_eq!(game.content("game"), game.content("old"));
    assert_eq!(server.result("inspect", json!({ "patch": "patch" })), game.json(["inspect", "patch"]).1["result"]);
    assert_eq!(server.end(), 0);
}

#[test]
fn an_error_says_which_tree_there_is_now() {
    let game = Game::new();
    game.write("game/readme.txt", b"modified by the player");
    let mut server = Server::start(&game);
    let answer = server.call("apply", json!({ "patch": "patch", "tree": "game", "unsigned": true }));
    let error = &answer["error"];
    assert_eq!(
        (&error["code"], &error["data"]["code"], &error["data"]["tree"]),
        (&22.into(), &"UNT-BASE".into(), &"unchanged".into())
    );
    assert_eq!(error["data"]["differences"][0]["path"], "readme.txt");
    assert_eq!(server.call("status", json!({ "tree": "missing" }))["error"]["code"], 32);
}

#[test]
fn what_is_held_stays_as_it_is_and_is_let_go_by_death() {
    let game = Game::new();
    let mut server = Server::start(&game);
    out(&game.untorn(["apply", "patch", "game", "-n"]), 0);
    let held = server.result("hold", json!({ "tree": "game" }));
    let apply = || json!({ "patch": "patch", "tree": "game", "unsigned": true });
    let busy = server.call("apply", apply());
    assert_eq!((&busy["error"]["code"], &busy["error"]["data"]["tree"]), (&30.into(), &"unchanged".into()));
    assert_eq!(game.content("game"), game.content("old"));
    assert_eq!(server.call("release", json!({ "hold": 7 }))["error"]["code"], -32602);
    assert_eq!(server.result("release", json!({ "hold": held["hold"] })), json!({}));
    assert_eq!(server.result("apply", apply())["outcome"], "applied");
    server.result("hold", json!({ "tree": "game" }));
    out(&game.untorn(["rollback", "game"]), 30);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    out(&game.untorn(["rollback", "game"]), 0);
}

#[test]
fn what_makes_no_sense_is_refused_and_the_next_question_answered() {
    let game = Game::new();
    let mut server = Server::start(&game);
    let long = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\"}}", "x".repeat(3 << 20));
    let deep = "[".repeat(100_000);
    for (line, id, code) in [
        (&b"not JSON"[..], Value::Null, -32700),
        (b"\xff\xfe", Value::Null, -32700),
        (deep.as_bytes(), Value::Null, -32700),
        (long.as_bytes(), Value::Null, -32600),
        (b"[]", Value::Null, -32600),
        (b"1", Value::Null, -32600),
        (b"{}", Value::Null, -32600),
        (br#"{"jsonrpc":"1.0","id":1,"method":"about"}"#, 1.into(), -32600),
        (br#"{"jsonrpc":"2.0","id":[],"method":"about"}"#, Value::Null, -32600),
        (br#"{"jsonrpc":"2.0","id":"a"}"#, "a".into(), -32600),
        (br#"{"jsonrpc":"2.0","id":2,"method":"format"}"#, 2.into(), -32601),
        (br#"{"jsonrpc":"2.0","id":2,"method":"run"}"#, 2.into(), -32601),
        (br#"{"jsonrpc":"2.0","id":2,"method":"status","params":["game"]}"#, 2.into(), -32602),
        (br#"{"jsonrpc":"2.0","id":2,"method":"status"}"#, 2.into(), -32602),
        (br#"{"jsonrpc":"2.0","id":2,"method":"status","params":{"tree":"game","json":true}}"#, 2.into(), -32602),
        (br#"{"jsonrpc":"2.0","id":2,"method":"apply","params":{"patch":"-","tree":"game"}}"#, 2.into(), -32602),
        (br#"{"jsonrpc":"2.0","id":2,"method":"apply","params":{"patch":"p","tree":"game","way":"magic"}}"#, 2.into(), -32602),
        (br#"{"jsonrpc":"2.0","id":2,"method":"update","params":{"tree":"game","plan":true,"commit":true}}"#, 2.into(), -32602),
    ] {
        assert_eq!(server.refusal(line), (id, code), "{}", String::from_utf8_lossy(&line[..line.len().min(80)]));
    }
    // Whoever wants no answer gets none, and nothing happens.
    server.say(br#"{"jsonrpc":"2.0","method":"apply","params":{"patch":"patch","tree":"game","unsigned":true}}"#);
    server.say(br#"{"jsonrpc":"2.0","method":"cancel","params":{"id":99}}"#);
    assert_eq!(server.result("cancel", json!({ "id": 99 })), json!({ "found": false }));
    assert_eq!(server.result("status", json!({ "tree": "game" }))["condition"], "unmanaged");
    assert_eq!(server.end(), 0);
}

#[test]
fn what_can_be_asked_is_written_down() {
    let game = Game::new();
    let schema = out(&game.untorn(["serve", "--schema"]), 0);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let written = fs::read_to_string(docs.join("serve.openrpc.json")).unwrap();
    assert_eq!(written, schema, "untorn serve --schema > docs/serve.openrpc.json");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let listed: Vec<&str> = schema["methods"].as_array().unwrap().iter().map(|method| method["name"].as_str().unwrap()).collect();
    let page = fs::read_to_string(docs.join("serve.md")).unwrap();
    assert!(listed.iter().all(|method| page.contains(&format!("| `{method}` |"))), "docs/serve.md lists them all: {listed:?}");
    let mut server = Server::start(&game);
    assert_eq!(server.result("about", json!({}))["methods"], json!(listed));
    // No program of the command line: nobody could say it.
    assert!(!out(&game.untorn(["--help"]), 0).contains("--watcher"));
    out(&game.untorn(["serve"]), 2);
}

#[cfg(feature = "http")]
mod slow {
    use untorn_testhost::{Host, HostOptions};

    use super::*;
    use crate::util::{keys, noise};

    /// A host from which a build takes a minute.
    fn studio() -> (Game, Host) {
        let game = Game::new();
        let (key, root) = keys(&game);
        game.write("build/a.pak", &noise(1, 6 << 20));
        out(&game.untorn(["publish", "build", "store", "--key", &key, "--root", &root, "--level", "1"]), 0);
        let options = HostOptions { rate_max: Some(100_000), ..HostOptions::default() };
        let host = Host::start_with(&game.path("store"), options).unwrap();
        (game, host)
    }

    /// Asks for that build, and waits until it is on its way.
    fn begin(server: &mut Server, host: &Host) -> u64 {
        let id = server.ask("install", json!({ "from": host.url(), "tree": "tree", "trust": "game.root" }));
        let is_fetching = |message: &Value| message["params"]["phase"] == "fetch" && message["params"]["done"] != 0;
        while !is_fetching(&server.hear()) {}
        id
    }

    #[test]
    fn a_request_stops_when_asked_and_others_are_answered_meanwhile() {
        let (game, host) = studio();
        let mut server = Server::start(&game);
        let id = begin(&mut server, &host);
        assert_eq!(server.result("status", json!({ "tree": "game" }))["condition"], "unmanaged");
        let begun = Instant::now();
        server.say(json!({ "jsonrpc": "2.0", "method": "cancel", "params": { "id": id } }).to_string().as_bytes());
        let answer = server.answer(id);
        assert_eq!((&answer["error"]["code"], &answer["error"]["data"]["tree"]), (&130.into(), &"unchanged".into()), "{answer}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        assert_eq!(server.result("cancel", json!({ "id": id })), json!({ "found": false }));
        assert_eq!(server.end(), 0);
    }

    #[test]
    fn the_end_of_the_questions_stops_what_is_under_way() {
        let (game, host) = studio();
        let mut server = Server::start(&game);
        begin(&mut server, &host);
        let begun = Instant::now();
        assert_eq!(server.end(), 0);
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }

    #[test]
    fn an_id_is_not_given_twice_at_a_time() {
        let (game, host) = studio();
        let mut server = Server::start(&game);
        let id = begin(&mut server, &host);
        server
            .say(json!({ "jsonrpc": "2.0", "id": id, "method": "status", "params": { "tree": "tree" } }).to_string().as_bytes());
        assert_eq!(server.answer(id)["error"]["code"], -32600);
    }
}
