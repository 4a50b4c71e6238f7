//! Passwords: from standard input, the environment, or a terminal; never from an argument.

use std::{
    env,
    io::{self, IsTerminal},
    path::Path,
};

use untorn_keys::KeyError;

use crate::failure::Failure;

/// One password serves all keys of a command. It is asked for when it is needed first.
#[derive(Default)]
pub(crate) struct Password {
    from_stdin: bool,
    known: Option<String>,
}

impl Password {
    pub(crate) fn new(from_stdin: bool) -> Self {
        Self { from_stdin, known: None }
    }

    /// That of keys which exist.
    pub(crate) fn get(&mut self, name: &str) -> Result<&str, Failure> {
        if self.known.is_none() {
            self.known = Some(self.find(name, false)?);
        }
        self.known.as_deref().ok_or_else(|| Failure::key(name, &KeyError::NeedsPassword))
    }

    /// That of keys which are being made: asked for twice, and not empty.
    pub(crate) fn choose(&mut self, name: &str) -> Result<&str, Failure> {
        if self.known.is_none() {
            self.known = Some(self.find(name, true)?);
        }
        match self.known.as_deref() {
            Some(password) if !password.is_empty() => Ok(password),
            _ => Err(Failure::usage("an empty password protects nothing; --no-password says that none is wanted".to_owned())),
        }
    }

    fn find(&self, name: &str, is_new: bool) -> Result<String, Failure> {
        let failed = |source| Failure::io("read the password from", Path::new("standard input"), source);
        if self.from_stdin {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map_err(failed)?;
            return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
        }
        if let Ok(password) = env::var("UNTORN_KEY_PASSWORD") {
            return Ok(password);
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::key(name, &KeyError::NeedsPassword));
        }
        let ask =
            |what: &str| rpassword::prompt_password(format!("{what} {}: ", untorn::escape(name.as_bytes()))).map_err(failed);
        let password = ask("password of")?;
        if is_new && ask("the same again, for")? != password {
            return Err(Failure::usage("the passwords differ".to_owned()));
        }
        Ok(password)
    }
}
