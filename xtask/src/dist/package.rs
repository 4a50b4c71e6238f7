//! The Debian package: the program, its manual and its completions.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    build::Build,
    linux::Linux,
    stage::Stage,
    tool::{Tool, io},
};

/// Makes it; `None` where there is nothing to make it with.
pub(super) fn debian(build: &Build, linux: &Linux, dist: &Path) -> Result<Option<PathBuf>, String> {
    if !Tool::new("dpkg-deb").args(["--version"]).exists() {
        return Ok(None);
    }
    let stage = Stage::new(build, &format!("untorn_{}_amd64", build.version))?;
    stage.put(&linux.untorn, "usr/bin/untorn")?;
    // Where Debian's zsh looks for those of packages; it does not look into `site-functions` there.
    stage.for_shells(&linux.untorn, "usr/share/", "vendor-completions")?;
    stage.pages(build, "usr/share/doc/untorn/")?;
    let pages = stage.dir.join("usr/share/man/man1");
    let entries = fs::read_dir(&pages).map_err(|error| io("list", &pages, &error))?;
    Tool::new("gzip").args(["-9n"]).args(entries.filter_map(Result::ok).map(|entry| entry.path())).run()?;
    let licence = "untorn is under the MIT licence or the Apache License 2.0, as you like; both stand beside this file.\n\
        What others wrote, and is part of it, is listed in THIRD-PARTY.txt.\n";
    stage.write(licence.as_bytes(), "usr/share/doc/untorn/copyright")?;
    let size = Tool::new("du").args(["--summarize", "--apparent-size", "--block-size=1024"]).args([&stage.dir]).output()?;
    let size = String::from_utf8_lossy(&size).split_whitespace().next().unwrap_or_default().to_owned();
    stage.write(control(&build.version, &size).as_bytes(), "DEBIAN/control")?;
    let package = dist.join(format!("untorn_{}_amd64.deb", build.version));
    Tool::new("dpkg-deb")
        .args(["--root-owner-group", "-Zxz", "--build"])
        .args([&stage.dir, &package])
        .env("SOURCE_DATE_EPOCH", &build.epoch)
        .output()?;
    Ok(Some(package))
}

fn control(version: &str, size: &str) -> String {
    format!(
        "Package: untorn\nVersion: {version}\nArchitecture: amd64\nMaintainer: untorn\nInstalled-Size: {size}\nSection: utils\nPriority: optional\n\
        Description: crash-safe updates of a directory of files\n Small signed patches between builds, applied in place: all of it or nothing, through errors,\n kills \
        and power cuts. Verifies, repairs single damaged bytes, goes back, publishes and follows releases.\n"
    )
}
