//! A broken promise, kept so that it can be looked at again.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::disk::client::Disk;

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) fs: String,
    pub(super) workload: String,
    /// Of the round: what `random` is depends on it.
    pub(super) seed: u64,
    /// How many steps had been reported done.
    pub(super) done: usize,
    /// Which states, the outermost first.
    pub(super) states: String,
    pub(super) what: String,
    /// The disk.
    pub(super) image: Option<PathBuf>,
}

impl Finding {
    /// Keeps the disk as it is now in `dir`, and this beside it.
    pub(super) fn kept(mut self, dir: &Path, disk: &mut Disk) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", dir.display());
        std::fs::create_dir_all(dir).map_err(failed)?;
        let stem = (0..)
            .map(|number| dir.join(format!("{}-{}-{number}", self.fs, self.seed)))
            .find(|stem| !stem.with_extension("image").exists());
        let stem = stem.unwrap_or_default();
        let image = stem.with_extension("image");
        disk.save(&image)?;
        self.image = Some(image);
        let text = self.document().to_string();
        std::fs::write(stem.with_extension("json"), text).map_err(failed)?;
        Ok(self)
    }

    /// Reads what [`Finding::kept`] wrote; `path` is that of the image.
    pub(super) fn read(image: &Path) -> Result<Self, String> {
        let path = image.with_extension("json");
        let failed = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&error))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        let word = |key: &str| value[key].as_str().map(str::to_owned).ok_or_else(|| failed(&key));
        let number = |key: &str| value[key].as_u64().ok_or_else(|| failed(&key));
        Ok(Self {
            fs: word("file_system")?,
            workload: word("workload")?,
            seed: number("seed")?,
            done: usize::try_from(number("done")?).map_err(|error| failed(&error))?,
            states: word("states")?,
            what: word("what")?,
            image: Some(image.to_owned()),
        })
    }

    pub(super) fn document(&self) -> Value {
        json!({
            "file_system": self.fs, "workload": self.workload, "seed": self.seed, "done": self.done, "states": self.states, "what": self.what,
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {}, seed {}, state {}, {} steps reported done: {}",
            self.fs, self.workload, self.seed, self.states, self.done, self.what
        )?;
        match &self.image {
            Some(image) => write!(f, "\n  again with: cargo xtask powercut --replay {}", image.display()),
            None => Ok(()),
        }
    }
}
