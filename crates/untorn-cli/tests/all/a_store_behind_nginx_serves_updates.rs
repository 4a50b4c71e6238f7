//! The lines for nginx in docs/hosting.md do what the page says of them: a real nginx with these lines, a process of its own on loopback, serves a store to an update.
#![cfg(unix)]

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use untorn_testhost::noise;

use crate::{
    pages::{Mark, blocks},
    util::{Game, out},
};

/// Nobody's number, where the tests run as root.
const NOBODY: u32 = 65534;

/// An nginx that ends with the test.
struct Nginx {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn program() -> Option<&'static str> {
    ["nginx", "/usr/sbin/nginx"].into_iter().find(|name| Command::new(name).arg("-v").stderr(Stdio::null()).status().is_ok())
}

/// The lines of the page, with another store, certificate and port; beside the port of the page one that is not encrypted.
fn lines(dir: &Path, store: &Path, ports: [u16; 2]) -> String {
    let served: Vec<_> = blocks().into_iter().filter(|block| block.mark == Mark::Served).collect();
    assert_eq!(served.len(), 1, "one block of a page is for nginx");
    let mut lines = served[0].text.clone();
    for (from, to) in [
        ("listen 443 ssl;", format!("listen 127.0.0.1:{} ssl; listen 127.0.0.1:{};", ports[1], ports[0])),
        ("/etc/ssl/updates.example.org.pem", dir.join("pem").display().to_string()),
        ("/etc/ssl/updates.example.org.key", dir.join("key").display().to_string()),
        ("root /srv/untorn/game;", format!("root {};", store.display())),
    ] {
        assert_eq!(lines.matches(from).count(), 1, "{from}");
        lines = lines.replace(from, &to);
    }
    lines
}

/// A configuration around the lines of the page in which all that nginx writes lies in `dir`.
fn configuration(dir: &Path, lines: &str) -> String {
    let at = dir.display();
    let temp: String =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {at}/{kind};\n")).concat();
    format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\nevents {{}}\nhttp {{\nlog_format short '$status $body_bytes_sent $uri';\n\
         access_log {at}/access.log short;\n{temp}{lines}}}\n"
    )
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(program: &str, game: &Game) -> Nginx {
    let dir = game.path("nginx");
    fs::create_dir(&dir).unwrap();
    let (pem, key) = untorn_testhost::certificate().unwrap();
    game.write("nginx/pem", pem.as_bytes());
    game.write("nginx/key", key.as_bytes());
    let is_root = fs::metadata(&dir).unwrap().uid() == 0;
    if is_root {
        fs::set_permissions(game.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        ["nginx", "nginx/pem", "nginx/key"].iter().for_each(|name| chown(game.path(name), Some(NOBODY), Some(NOBODY)).unwrap());
    }
    let command = |more: &[&str]| {
        let mut command = Command::new(program);
        command.arg("-p").arg(&dir).arg("-c").arg(dir.join("conf")).args(more).stdin(Stdio::null()).stderr(Stdio::piped());
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    };
    // Somebody else may take a port between the question and the start.
    for _ in 0..5 {
        let ports = [free_port(), free_port()];
        game.write("nginx/conf", configuration(&dir, &lines(&dir, &game.path("store"), ports)).as_bytes());
        let test = command(&["-t"]).output().unwrap();
        assert!(test.status.success(), "nginx -t: {}", String::from_utf8_lossy(&test.stderr));
        let child = command(&[]).stderr(Stdio::null()).spawn().unwrap();
        let mut nginx = Nginx { child, port: ports[0], log: dir.join("access.log") };
        let until = Instant::now() + Duration::from_secs(60);
        while nginx.child.try_wait().unwrap().is_none() && Instant::now() < until {
            if TcpStream::connect(("127.0.0.1", nginx.port)).is_ok() {
                return nginx;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
    panic!("nginx does not start: {}", fs::read_to_string(dir.join("error.log")).unwrap_or_default());
}

/// What it answers: the lines of the head, and the body.
struct Answer {
    head: Vec<String>,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> &str {
        self.head[0].split(' ').nth(1).unwrap()
    }

    /// All values of a line of the head.
    fn values(&self, name: &str) -> Vec<&str> {
        let named = |line: &'_ String| line.split_once(": ").is_some_and(|(found, _)| found.eq_ignore_ascii_case(name));
        self.head.iter().filter(|line| named(line)).map(|line| line.split_once(": ").unwrap().1).collect()
    }
}

impl Nginx {
    fn ask(&self, path: &str, more: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let question = format!(
            "GET /{path} HTTP/1.1\r\nHost: updates.example.org\r\nAccept-Encoding: gzip\r\nConnection: close\r\n{more}\r\n"
        );
        stream.write_all(question.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap().lines().map(str::to_owned).collect();
        Answer { head, body: answer[end + 4..].to_vec() }
    }

    /// Status, bytes and path of each answer so far.
    fn answered(&self) -> Vec<(u16, u64, String)> {
        let log = fs::read_to_string(&self.log).unwrap();
        let line = |line: &str| {
            let mut words = line.split(' ').map(str::to_owned);
            let mut next = || words.next().unwrap();
            (next().parse().unwrap(), next().parse().unwrap(), next())
        };
        log.lines().map(line).collect()
    }
}

/// A studio with two builds of which a hundredth differs, and the first of them published.
fn studio() -> Game {
    let game = Game::new();
    let mut world = noise(1, 6_000_000);
    game.write("1.0/world.pak", &world);
    game.write("1.0/readme.txt", b"1.0");
    world[3_000_000..3_000_100].fill(7);
    game.write("1.1/world.pak", &world);
    game.write("1.1/readme.txt", b"1.1");
    out(&game.untorn(["key", "new", "keys", "--product", "game", "--no-password"]), 0);
    out(&game.untorn(["publish", "1.0", "store", "--key", "keys/game.key", "--root", "keys/game.1.root"]), 0);
    game
}

/// A file below a folder of the store, and its name there.
fn first(game: &Game, dir: &str) -> String {
    let mut folders = vec![game.path("store").join(dir)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_file() {
                return entry.strip_prefix(game.path("store")).unwrap().to_str().unwrap().to_owned();
            }
            folders.push(entry);
        }
    }
    panic!("nothing lies in {dir}");
}

#[test]
fn with_the_lines_of_the_page() {
    let Some(program) = program() else {
        eprintln!("SKIPPED: no program `nginx` here; `apt-get install nginx`");
        return;
    };
    let game = studio();
    let nginx = start(program, &game);
    let url = format!("http://127.0.0.1:{}/", nginx.port);
    out(&game.untorn(["install", &url, "tree", "--trust", "keys/game.1.root"]), 0);
    assert_eq!(game.content("tree"), game.content("1.0"));

    out(&game.untorn(["publish", "1.1", "store", "--key", "keys/game.key", "--no-bridge"]), 0);
    let before = nginx.answered().len();
    out(&game.untorn(["update", "tree"]), 0);
    assert_eq!(game.content("tree"), game.content("1.1"));
    let answers = nginx.answered().split_off(before);
    let bytes: u64 = answers.iter().map(|answer| answer.1).sum();
    assert!(bytes < 1_000_000, "an update of a few bytes fetched {bytes}: {answers:#?}");

    // One chunk of a pack, where it is damaged: nothing but a part is asked for, and given.
    let mut world = fs::read(game.path("tree/world.pak")).unwrap();
    world[1_000_000] ^= 1;
    game.write("tree/world.pak", &world);
    let before = nginx.answered().len();
    out(&game.untorn(["repair", "tree"]), 0);
    assert_eq!(game.content("tree"), game.content("1.1"));
    let packs: Vec<_> = nginx.answered().split_off(before).into_iter().filter(|answer| answer.2.starts_with("/pack/")).collect();
    assert!(!packs.is_empty() && packs.iter().all(|answer| answer.0 == 206 && answer.1 < 400_000), "{packs:?}");

    headers(&game, &nginx);
}

fn headers(game: &Game, nginx: &Nginx) {
    let channel = nginx.ask(&first(game, "channel"), "");
    assert_eq!((channel.status(), channel.values("cache-control")), ("200", vec!["public, max-age=60"]));
    for dir in ["pack", "manifest", "index", "release", "log", "root", "untorn.store"] {
        let name = if dir.contains('.') { dir.to_owned() } else { first(game, dir) };
        let (whole, bytes) = (nginx.ask(&name, ""), fs::read(game.path("store").join(&name)).unwrap());
        assert_eq!(
            (whole.status(), whole.values("cache-control")),
            ("200", vec!["public, max-age=31536000, immutable"]),
            "{name}"
        );
        assert_eq!(whole.values("accept-ranges"), ["bytes"], "{name}");
        assert_eq!(whole.values("content-type"), ["application/octet-stream"], "{name}");
        assert!(whole.values("content-encoding").is_empty() && whole.body == bytes, "{name}");
        let part = nginx.ask(&name, "Range: bytes=1-9\r\n");
        assert_eq!((part.status(), &part.body[..]), ("206", &bytes[1..10]), "{name}");
        assert_eq!(part.values("content-range"), [format!("bytes 1-9/{}", bytes.len())], "{name}");
    }
    for dir in ["publishing", "collecting", ".part", "pack"] {
        let name = format!("{dir}/mark");
        game.write(&format!("store/{name}"), b"mark");
        let answer = nginx.ask(&name, "");
        assert_eq!(answer.status(), if dir == "pack" { "200" } else { "404" }, "{name}");
    }
    let missing = nginx.ask("root/2.root", "");
    assert!(missing.status() == "404" && missing.values("cache-control").is_empty(), "{:?}", missing.head);
}
