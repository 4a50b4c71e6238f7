//! Who updates over a network, and how they are called.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Args;
use crate::patches::pair::{self, Pair};
use crate::patches::peer::is_program;

/// Where a peer works.
pub struct Place<'p> {
    pub pair: &'p Pair,
    /// What the server serves.
    pub www: &'p Path,
    /// What players have.
    pub client: &'p Path,
    /// Where they fetch from.
    pub base: String,
    pub args: &'p Args,
}

impl Place<'_> {
    fn tars(&self) -> anyhow::Result<(PathBuf, PathBuf)> {
        self.pair.tars(self.client)
    }

    /// What a round makes.
    pub fn result(&self, round: u32) -> PathBuf {
        self.client.join(format!("result.{round}"))
    }
}

type Prepare = fn(&Place<'_>) -> anyhow::Result<()>;

/// One of them.
pub struct Peer {
    /// For the table.
    pub name: &'static str,
    programs: Vec<String>,
    /// Whether the server is rsync.
    pub is_rsync: bool,
    /// Whether it makes a tar in the place of a tree.
    pub makes_tar: bool,
    /// What the studio does, and what players had before.
    pub prepare: Prepare,
    /// One update.
    pub update: fn(&Place<'_>, u32) -> Command,
}

impl Peer {
    /// Whether its programs can be run.
    pub fn is_there(&self) -> bool {
        self.programs.iter().all(|program| is_program(program))
    }
}

/// All of them, in the order of the table.
pub fn all(args: &Args) -> Vec<Peer> {
    let peer = |name, programs: &[&str], makes_tar, prepare, update| Peer {
        name,
        programs: programs.iter().map(|&program| program.to_owned()).collect(),
        is_rsync: programs == ["rsync"],
        makes_tar,
        prepare,
        update,
    };
    let untorn = [args.untorn.as_str(), "nginx"];
    vec![
        peer("untorn, patch", &untorn, false, |place| untorn_publish(place, &["--patch-from", "1"]), untorn_update),
        peer("untorn, chunks over the bridge", &untorn, false, |place| untorn_publish(place, &[]), untorn_update),
        peer("rsync -z", &["rsync"], false, rsync_prepare, rsync_update),
        peer("zsync", &["nginx", "zsync", "zsyncmake"], true, zsync_prepare, zsync_update),
        peer("casync", &["nginx", "casync"], false, casync_prepare, casync_update),
        peer("desync", &["nginx", "desync"], true, desync_prepare, desync_update),
        peer("bita", &["nginx", "bita"], true, bita_prepare, bita_update),
    ]
}

fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// Publishes the old build, installs it once for each round, publishes the new one.
fn untorn_publish(place: &Place<'_>, more: &[&str]) -> anyhow::Result<()> {
    let (untorn, keys, store) = (&place.args.untorn, place.client.join("keys"), place.www.join("store"));
    let run = |command: &mut Command| pair::done(command.env("UNTORN_KEY_PASSWORD", "bench"));
    run(command(untorn, &["key", "new", "--product", "game", "--quiet"]).arg(&keys))?;
    let publish = |build: &Path| {
        let mut publish = command(untorn, &["publish", "--quiet"]);
        publish.arg(build).arg(&store).arg("--key").arg(keys.join("game.key")).arg("--root").arg(keys.join("game.1.root"));
        publish
    };
    run(&mut publish(&place.pair.old))?;
    for round in 0..place.args.runs {
        let mut install = command(untorn, &["install", "--quiet"]);
        run(install.arg(&store).arg(place.result(round)).arg("--trust").arg(keys.join("game.1.root")))?;
    }
    run(publish(&place.pair.new).args(more))
}

fn untorn_update(place: &Place<'_>, round: u32) -> Command {
    let mut update = command(&place.args.untorn, &["update", "--quiet"]);
    update.arg(place.result(round)).arg("--from").arg(format!("http://{}/store", place.base));
    update
}

fn rsync_prepare(place: &Place<'_>) -> anyhow::Result<()> {
    (0..place.args.runs).try_for_each(|round| pair::copy(&place.pair.old, &place.result(round)))
}

fn rsync_update(place: &Place<'_>, round: u32) -> Command {
    let mut rsync = command("rsync", &["-rlpz", "--zc=zstd", "--zl=12", "--checksum", "--delete", "--no-whole-file"]);
    rsync.arg(format!("rsync://{}/new/", place.base)).arg(format!("{}/", place.result(round).display()));
    rsync
}

fn zsync_prepare(place: &Place<'_>) -> anyhow::Result<()> {
    fs::rename(place.tars()?.1, place.www.join("new.tar"))?;
    let url = format!("http://{}/new.tar", place.base);
    pair::done(command("zsyncmake", &["-u", &url, "-o", "new.zsync", "new.tar"]).current_dir(place.www))
}

fn zsync_update(place: &Place<'_>, round: u32) -> Command {
    let mut zsync = command("zsync", &["-q", "-i", "old.tar", "-o"]);
    zsync.current_dir(place.client).arg(place.result(round)).arg(format!("http://{}/new.zsync", place.base));
    zsync
}

fn casync_prepare(place: &Place<'_>) -> anyhow::Result<()> {
    let mut make =
        command("casync", &["make", "--without=all", "--with=symlinks", "--with=permissions", "--store=store", "new.caidx"]);
    pair::done(make.arg(fs::canonicalize(&place.pair.new)?).current_dir(place.www))
}

fn casync_update(place: &Place<'_>, round: u32) -> Command {
    let mut casync = command("casync", &["extract"]);
    casync.arg(format!("--store=http://{}/store", place.base)).arg(format!("--seed={}", place.pair.old.display()));
    casync.arg(format!("http://{}/new.caidx", place.base)).arg(place.result(round));
    casync
}

fn desync_prepare(place: &Place<'_>) -> anyhow::Result<()> {
    let (old, new) = place.tars()?;
    fs::create_dir(place.www.join("store"))?;
    pair::done(command("desync", &["make", "-s", "store", "new.caibx"]).arg(&new).current_dir(place.www))?;
    pair::done(command("desync", &["make", "old.caibx"]).arg(old).current_dir(place.client))
}

fn desync_update(place: &Place<'_>, round: u32) -> Command {
    let mut desync = command("desync", &["extract", "--seed", "old.caibx", "-s"]);
    desync.current_dir(place.client).arg(format!("http://{}/store", place.base));
    desync.arg(format!("http://{}/new.caibx", place.base)).arg(place.result(round));
    desync
}

fn bita_prepare(place: &Place<'_>) -> anyhow::Result<()> {
    let (_, new) = place.tars()?;
    pair::done(command("bita", &["compress", "-i"]).arg(new).arg(place.www.join("new.cba")))
}

fn bita_update(place: &Place<'_>, round: u32) -> Command {
    let mut bita = command("bita", &["clone", "--seed", "old.tar"]);
    bita.current_dir(place.client).arg(format!("http://{}/new.cba", place.base)).arg(place.result(round));
    bita
}
