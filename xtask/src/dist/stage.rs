//! The folder that an archive is made of.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    build::Build,
    third_party,
    tool::{Tool, io},
};

/// What programs are handed out with.
const PAGES: [&str; 5] = ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// A folder with the name that the archive's has.
pub(super) struct Stage {
    pub(super) dir: PathBuf,
}

impl Stage {
    /// An empty one.
    pub(super) fn new(build: &Build, name: &str) -> Result<Self, String> {
        let dir = build.stages().join(name);
        drop(fs::remove_dir_all(&dir));
        fs::create_dir_all(&dir).map_err(|error| io("make", &dir, &error))?;
        Ok(Self { dir })
    }

    /// Puts a file there; programs can be run.
    pub(super) fn put(&self, from: &Path, to: &str) -> Result<(), String> {
        let bytes = fs::read(from).map_err(|error| io("read", from, &error))?;
        self.write(&bytes, to)?;
        set_executable(&self.dir.join(to), to.starts_with("bin/") || to.starts_with("usr/bin/"))
    }

    pub(super) fn write(&self, bytes: &[u8], to: &str) -> Result<(), String> {
        let to = self.dir.join(to);
        let parent = to.parent().unwrap_or(&self.dir);
        fs::create_dir_all(parent).map_err(|error| io("make", parent, &error))?;
        fs::write(&to, bytes).map_err(|error| io("write", &to, &error))?;
        set_executable(&to, false)
    }

    /// What describes it, and under which licences it is.
    pub(super) fn pages(&self, build: &Build, below: &str) -> Result<(), String> {
        PAGES.iter().try_for_each(|page| self.put(&build.source.join(page), &format!("{below}{page}")))?;
        self.write(third_party::text(build)?.as_bytes(), &format!("{below}THIRD-PARTY.txt"))
    }

    /// The manual and the completions, as `program` writes them; those for zsh in the folder `zsh`, of which systems have different ones.
    pub(super) fn for_shells(&self, program: &Path, below: &str, zsh: &str) -> Result<(), String> {
        let manual = self.dir.join(format!("{below}man/man1"));
        Tool::new(program).args(["manual", "--quiet"]).args([&manual]).run()?;
        for (shell, to) in [
            ("bash", "bash-completion/completions/untorn"),
            ("zsh", &format!("zsh/{zsh}/_untorn")),
            ("fish", "fish/vendor_completions.d/untorn.fish"),
        ] {
            self.write(&Tool::new(program).args(["completions", shell]).output()?, &format!("{below}{to}"))?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn set_executable(path: &Path, executable: bool) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|error| io("change", path, &error))
}

#[cfg(not(unix))]
fn set_executable(_: &Path, _: bool) -> Result<(), String> {
    Ok(())
}
