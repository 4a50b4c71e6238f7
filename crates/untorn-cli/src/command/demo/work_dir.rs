//! A directory to work in, gone in the end.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

pub(super) struct WorkDir(PathBuf);

impl WorkDir {
    pub(super) fn new(parent: Option<&Path>) -> Result<Self, Failure> {
        let parent = parent.map_or_else(env::temp_dir, Path::to_path_buf);
        for number in 0_u32..1000 {
            let dir = parent.join(format!("untorn-demo-{}-{number}", std::process::id()));
            match fs::create_dir(&dir) {
                Ok(()) => return Ok(Self(dir)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(Failure::io("make", &dir, source)),
            }
        }
        Err(Failure::io("make a directory in", &parent, io::ErrorKind::AlreadyExists.into()))
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        // What cannot be removed is in the place for temporary files, where it may stay.
        drop(fs::remove_dir_all(&self.0));
    }
}
