//! The archive for Windows, built with mingw by `.ci/windows`.

use std::path::{Path, PathBuf};

use super::{build::Build, linux::Linux, stage::Stage, tool::Tool};

const TARGET: &str = "x86_64-pc-windows-gnu";
/// What `.ci/windows` says by ending with this: the tools cannot be had here.
const SKIPPED: i32 = 77;

/// Builds it, or says why that cannot be done here.
pub(super) fn archive(build: &Build, linux: &Linux, dist: &Path) -> Result<Result<PathBuf, String>, String> {
    let cargo = ["cargo", "build", "--locked", "--quiet", "--profile", "dist", "--target", TARGET];
    // A compiler looks for its libraries beside those it is linked with, and `cargo run` names others.
    let tool = build.neutral(Tool::new(build.source.join(".ci/windows"))).without("LD_LIBRARY_PATH");
    // The standard library that is built for it there holds nothing to optimise across crates with.
    let tool = tool.env("CARGO_PROFILE_DIST_LTO", "off");
    match tool
        .args(cargo)
        .args([Path::new("--target-dir"), build.target()])
        .args(["--package", "untorn-cli", "--package", "untorn-ffi"])
        .code()?
    {
        (Some(0), _) => {}
        (Some(SKIPPED), why) => return Ok(Err(why.lines().next_back().unwrap_or_default().to_owned())),
        (_, why) => return Err(format!("the build for Windows: {}", why.trim())),
    }
    let (built, name) = (build.folder(TARGET), format!("untorn-{}-x86_64-windows", build.version));
    // One folder in the archive, as in that for Linux.
    let stage = Stage::new(build, &format!("windows/{name}"))?;
    for (file, to) in [
        ("untorn.exe", "bin/untorn.exe"),
        ("untorn_ffi.dll", "bin/untorn_ffi.dll"),
        ("libuntorn_ffi.dll.a", "lib/libuntorn_ffi.dll.a"),
        ("libuntorn_ffi.a", "lib/libuntorn_ffi.a"),
    ] {
        stage.put(&built.join(file), to)?;
    }
    stage.put(&build.source.join("crates/untorn-ffi/include/untorn.h"), "include/untorn.h")?;
    stage.pages(build, "doc/")?;
    let archive = dist.join(format!("{name}.zip"));
    let pack = ["pack", "--quiet", "--method", "deflate", "--align", "1", "windows", "-o"];
    Tool::new(&linux.untorn).args(pack).args([&archive]).within(&build.stages()).env("SOURCE_DATE_EPOCH", &build.epoch).run()?;
    Ok(Ok(archive))
}
