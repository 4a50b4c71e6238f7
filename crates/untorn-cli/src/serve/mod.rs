//! `untorn serve --stdio`: the commands of players, for other programs, as JSON-RPC 2.0 on standard input and output. `docs/serve.md` is its page.
//!
//! A method is a command, its parameters are the command's options, its result is the `result` of `docs/json.md`: all three are read off the command line, so
//! that there is one interface, not two.

mod input;
mod message;
mod method;
mod output;
mod running;
mod schema;
mod server;

use std::io::{Write, stdin, stdout};

use crate::{args::ServeArgs, exit::Exit};

/// Answers until standard input ends, and then until everything that was begun has ended.
pub(crate) fn run(args: &ServeArgs) -> Exit {
    if args.schema {
        return match writeln!(stdout(), "{:#}", schema::document()) {
            Ok(()) => Exit::Ok,
            Err(_) => Exit::Io,
        };
    }
    server::serve(stdin().lock());
    Exit::Ok
}
