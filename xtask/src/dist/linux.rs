//! The archive for Linux: a program that needs no library, and the libraries for other languages.

use std::path::{Path, PathBuf};

use super::{build::Build, stage::Stage, tool::Tool};

/// Its program asks nothing of the machine.
const STATIC: &str = "x86_64-unknown-linux-musl";
/// A shared library is used by programs, and these use the machine's.
const SHARED: &str = "x86_64-unknown-linux-gnu";

/// What a game takes along is no longer than that: 3 MiB.
const LIBRARY_LEN_MAX: u64 = 3 << 20;

fn check_len(library: &Path) -> Result<(), String> {
    let len = std::fs::metadata(library).map_err(|error| format!("cannot look at {}: {error}", library.display()))?.len();
    println!("dist: the shared library for Linux has {len} bytes");
    if len <= LIBRARY_LEN_MAX {
        Ok(())
    } else {
        Err(format!("{} is longer than the {LIBRARY_LEN_MAX} bytes it may have", library.display()))
    }
}

/// What was built.
pub(super) struct Linux {
    pub(super) archive: PathBuf,
    /// The program.
    pub(super) untorn: PathBuf,
}

/// Builds it.
pub(super) fn archive(build: &Build, dist: &Path) -> Result<Linux, String> {
    let untorn = build.program(STATIC)?.join("untorn");
    let library = build.libraries(SHARED)?;
    check_len(&library.join("libuntorn_ffi.so"))?;
    let name = format!("untorn-{}-x86_64-linux", build.version);
    let stage = Stage::new(build, &name)?;
    stage.put(&untorn, "bin/untorn")?;
    for file in ["libuntorn_ffi.so", "libuntorn_ffi.a"] {
        stage.put(&library.join(file), &format!("lib/{file}"))?;
    }
    stage.put(&build.source.join("crates/untorn-ffi/include/untorn.h"), "include/untorn.h")?;
    stage.for_shells(&untorn, "share/", "site-functions")?;
    stage.pages(build, "share/doc/untorn/")?;
    let archive = dist.join(format!("{name}.tar.gz"));
    let order = ["--sort=name", "--format=gnu", "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rw,go=rX"];
    Tool::new("tar")
        .args(order)
        .args([format!("--mtime=@{}", build.epoch), "--use-compress-program=gzip -9n".to_owned()])
        .args(["--create", "--file"])
        .args([&archive])
        .args([&name])
        .within(&build.stages())
        .run()?;
    Ok(Linux { archive, untorn })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_too_long_is_refused() {
        let dir = std::env::temp_dir().join(format!("untorn-dist-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let library = dir.join("libuntorn_ffi.so");
        for (len, is_fine) in [(LIBRARY_LEN_MAX, true), (LIBRARY_LEN_MAX + 1, false)] {
            std::fs::File::create(&library).unwrap().set_len(len).unwrap();
            assert_eq!(check_len(&library).is_ok(), is_fine, "{len}");
        }
        std::fs::remove_dir_all(&dir).unwrap();
        assert!(check_len(&library).unwrap_err().contains("libuntorn_ffi.so"));
    }
}
