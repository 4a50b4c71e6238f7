//! Building so that no machine shows in what comes out.

use std::{
    env,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::tool::Tool;
use crate::cargo;

/// What keeps the C code in the libraries small: of zstd's match finders one each, not one for each kind of call, at half the speed (its decoder's, too), and no tables for unwinding, which nothing does through it.
const SMALL: [&str; 3] = ["-DZSTD_NO_INLINE=1", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"];

/// The sources, and what every build of them shares.
pub(super) struct Build {
    pub(super) source: PathBuf,
    pub(super) version: String,
    /// Seconds since 1970: the time of everything that has one.
    pub(super) epoch: String,
    /// What makes the compilers forget where things lie.
    rust_flags: Vec<String>,
    c_flags: Vec<String>,
    target: PathBuf,
    metadata: Value,
}

impl Build {
    pub(super) fn new(source: &Path) -> Result<Self, String> {
        let metadata = cargo::metadata(source, &[])?;
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let version = packages.filter(|package| package["name"] == "untorn-cli").find_map(|package| package["version"].as_str());
        let version = version.ok_or("cargo knows no untorn-cli")?.to_owned();
        let epoch = match env::var("SOURCE_DATE_EPOCH") {
            Ok(epoch) => epoch,
            Err(_) => text(Tool::new("git").args(["log", "-1", "--format=%ct"]).within(source).output()?),
        };
        let target = source.join("target/dist-build");
        let home = env::var("CARGO_HOME").unwrap_or_else(|_| format!("{}/.cargo", env::var("HOME").unwrap_or_default()));
        let places = [(target.as_path(), "target"), (Path::new(&home), "cargo"), (source, "untorn")];
        let rust_flags = places.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect();
        let c_flags = places.iter().map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display())).collect();
        Ok(Self { source: source.to_owned(), version, epoch, rust_flags, c_flags, target, metadata })
    }

    /// Builds the program for `target`, and gives the folder that it lies in.
    pub(super) fn program(&self, target: &str) -> Result<PathBuf, String> {
        self.cargo(&["build", "--package", "untorn-cli"], "dist", target, &[])
    }

    /// The same for the libraries for other languages. Not with one for Rust at a time: then nothing is optimised across crates.
    pub(super) fn libraries(&self, target: &str) -> Result<PathBuf, String> {
        let what = ["rustc", "--package", "untorn-ffi", "--lib", "--crate-type", "cdylib,staticlib"];
        self.cargo(&what, "library", target, &SMALL)
    }

    fn cargo(&self, what: &[&str], profile: &str, target: &str, c: &[&str]) -> Result<PathBuf, String> {
        let standard = text(Tool::new("rustc").args(["--print", "target-libdir", "--target", target]).output()?);
        if !Path::new(&standard).is_dir() {
            return Err(format!("the standard library for {target} is not there: rustup target add {target}"));
        }
        let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let how = ["--locked", "--quiet", "--profile", profile, "--target", target];
        let flags: Vec<&str> = self.c_flags.iter().map(String::as_str).chain(c.iter().copied()).collect();
        self.neutral(Tool::new(program)).env("CFLAGS", flags.join(" ")).args(what).args(how).run()?;
        Ok(self.target.join(target).join(profile))
    }

    /// `tool`, which runs cargo in the sources, told to forget where they lie.
    pub(super) fn neutral(&self, tool: Tool) -> Tool {
        tool.within(&self.source)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_ENCODED_RUSTFLAGS", self.rust_flags.join("\u{1f}"))
            .env("CFLAGS", self.c_flags.join(" "))
            .env("SOURCE_DATE_EPOCH", &self.epoch)
    }

    /// Where builds for `target` lie.
    pub(super) fn folder(&self, target: &str) -> PathBuf {
        self.target.join(target).join("dist")
    }

    /// Where everything is built.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Where archives are put together.
    pub(super) fn stages(&self) -> PathBuf {
        self.target.join("stages")
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = &Value> {
        self.metadata["packages"].as_array().into_iter().flatten()
    }
}

pub(super) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).trim().to_owned()
}
