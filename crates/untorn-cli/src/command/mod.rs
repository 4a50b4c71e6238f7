//! The commands, one a file.

mod apply;
mod completions;
mod demo;
mod diff;
mod explain;
mod gc;
mod import;
mod inspect;
mod key;
mod low_disk;
mod manifest;
mod manual;
mod merge;
mod pack;
mod promote;
mod publish;
mod recover;
mod repair;
mod rollback;
mod run;
mod sign;
mod signed;
mod status;
mod store_check;
mod update;
mod verify;
mod write;

use std::io::{Write, stderr};

use crate::{
    args::{BRIEF, Cli, Command, Global},
    exit::Exit,
    failure::Failure,
    outcome::Answer,
    print, serve, stop,
    studio_args::{ChannelCommand, StoreCommand},
};

/// Does what the command line says.
pub(crate) fn run(cli: &Cli) -> Exit {
    let Some(command) = &cli.command else {
        drop(stderr().write_all(BRIEF.as_bytes()));
        return Exit::Usage;
    };
    let global = &cli.global;
    if let Command::Serve(args) = command {
        return serve::run(args);
    }
    if can_stop(command) {
        stop::listen(global.quiet);
    }
    let (name, answer) = perform(command, global);
    if answer.is_ok() {
        stop::remark_completed(global.quiet);
    }
    print::answer(name, &answer, global)
}

/// Does what a command is for, and gives its name, too.
pub(crate) fn perform(command: &Command, global: &Global) -> (&'static str, Answer) {
    match command {
        Command::Diff(args) => ("diff", diff::run(args, global)),
        Command::Apply(args) => apply::run(args, global),
        Command::Inspect(args) => inspect::run(args, global),
        Command::Merge(args) => ("merge", merge::run(args, global)),
        Command::Import(args) => ("import", import::run(args, global)),
        Command::Pack(args) => ("pack", pack::run(args, global)),
        Command::Key(args) => ("key", key::run(args)),
        Command::Sign(args) => ("sign", sign::run(args)),
        Command::Write(args) => ("write", write::run(args, global)),
        Command::Status(args) => ("status", status::run(args)),
        Command::Recover(args) => ("recover", recover::run(args)),
        Command::Verify(args) => ("verify", verify::run(args, global)),
        Command::Repair(args) => ("repair", repair::run(args, global)),
        Command::Update(args) => ("update", update::run(args, global)),
        Command::Install(args) => ("install", update::install(args, global)),
        Command::Rollback(args) => ("rollback", rollback::run(args, global)),
        Command::Run(args) => ("run", run::run(args)),
        Command::Manifest(args) => ("manifest", manifest::run(args, global)),
        Command::Publish(args) => ("publish", publish::run(args, global)),
        Command::Promote(args) => ("promote", promote::run(args)),
        Command::Channel(args) => match &args.command {
            ChannelCommand::Rollback(args) => ("channel", promote::roll_back_channel(args)),
            ChannelCommand::Refresh(args) => ("channel", promote::refresh_channel(args)),
        },
        Command::Gc(args) => ("gc", gc::run(args)),
        Command::Store(args) => match &args.command {
            StoreCommand::Check(args) => ("store", store_check::run(args, global)),
        },
        Command::Demo(args) => ("demo", demo::run(args, global)),
        Command::Explain(args) => ("explain", explain::run(args)),
        Command::Completions(args) => ("completions", completions::run(args)),
        Command::Manual(args) => ("manual", manual::run(args)),
        Command::Serve(_) => ("serve", Err(Failure::usage("a server is not answered by a server".into()))),
    }
}

/// Whether the command comes to safe points, at which it can stop with everything as it was.
fn can_stop(command: &Command) -> bool {
    use Command::{Apply, Diff, Import, Inspect, Install, Merge, Pack, Publish, Repair, Rollback, Update, Write};
    matches!(
        command,
        Diff(_)
            | Merge(_)
            | Import(_)
            | Inspect(_)
            | Pack(_)
            | Apply(_)
            | Write(_)
            | Rollback(_)
            | Publish(_)
            | Repair(_)
            | Update(_)
            | Install(_)
    )
}
