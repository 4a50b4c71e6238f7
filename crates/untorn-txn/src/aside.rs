//! What others put in the way of the new tree after the commit point: it is moved to another name beside it, never removed.
//!
//! Nothing that the plan knows can be in its own way: what must go was removed by earlier steps, and what comes is of the right kind.

use std::io;

use untorn_fs::{FileKind, Fs, is_outside_tree};

use crate::{
    barrier::Unsynced,
    error::{Context, Result},
    warning::Warning,
};

/// What the new tree has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A directory.
    Dir,
    /// A file, also one that replaces a symlink.
    File,
    /// A file that is opened where it stands: a symlink is in its way.
    OpenedFile,
}

/// Whether the error may come from something that stands in the way, or from a directory that is gone.
pub(crate) fn may_be_in_the_way(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, InvalidInput, IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | InvalidInput | IsADirectory | NotADirectory | NotFound)
        || is_outside_tree(error)
}

/// Makes room for what is wanted at `path`. Says what it found in the way: nothing, when an error must have another cause.
pub(crate) fn make_way(fs: &dyn Fs, path: &str, wanted: Wanted, unsynced: &mut Unsynced) -> Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    for (end, _) in path.match_indices('/') {
        make_dir_again(fs, &path[..end], &mut warnings, unsynced)?;
    }
    if is_in_the_way(fs, path, wanted) {
        warnings.push(move_aside(fs, path, unsynced)?);
    }
    Ok(warnings)
}

/// A directory that the new tree has above what is wanted, and that others removed or replaced.
fn make_dir_again(fs: &dyn Fs, dir: &str, warnings: &mut Vec<Warning>, unsynced: &mut Unsynced) -> Result<()> {
    match fs.metadata(dir) {
        Ok(meta) if meta.is_dir() => return Ok(()),
        Ok(_) => warnings.push(move_aside(fs, dir, unsynced)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => warnings.push(Warning::Missing { path: dir.to_owned() }),
        // Whatever it is, it is not ours to judge: the step fails again, with its own error.
        Err(_) => return Ok(()),
    }
    unsynced.name(dir);
    unsynced.dir(dir);
    fs.create_dir(dir, None).context("make", dir)
}

fn is_in_the_way(fs: &dyn Fs, path: &str, wanted: Wanted) -> bool {
    fs.metadata(path).is_ok_and(|meta| match wanted {
        Wanted::Dir => !meta.is_dir(),
        Wanted::File => meta.is_dir(),
        Wanted::OpenedFile => meta.kind != FileKind::File,
    })
}

fn move_aside(fs: &dyn Fs, path: &str, unsynced: &mut Unsynced) -> Result<Warning> {
    let to = free_name(fs, path)?;
    fs.rename(path, &to).context("move aside", path)?;
    unsynced.name(path);
    unsynced.moved(path, &to);
    Ok(Warning::MovedAside { path: path.to_owned(), to })
}

/// The first name of a row that nothing has. The long one is easier to recognise; the short one always fits.
fn free_name(fs: &dyn Fs, path: &str) -> Result<String> {
    let (dir, name) = path.rsplit_once('/').map_or(("", path), |(dir, name)| (&path[..=dir.len()], name));
    let stem =
        if name.len() + SUFFIX_LEN_MAX <= NAME_LEN_MAX { format!("{path}{SUFFIX}") } else { format!("{dir}{}", &SUFFIX[1..]) };
    let mut candidates = std::iter::once(stem.clone()).chain((2_u64..).map(|number| format!("{stem}-{number}")));
    loop {
        let Some(candidate) = candidates.next() else { return Ok(stem) };
        match fs.metadata(&candidate) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(candidate),
            other => drop(other.context("look at", &candidate)?),
        }
    }
}

/// What is moved aside is called like this.
const SUFFIX: &str = ".moved-by-untorn";

/// With a number behind it.
const SUFFIX_LEN_MAX: usize = SUFFIX.len() + 4;

/// What every file system of today takes, in bytes.
const NAME_LEN_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_beside_it_is_found_that_nothing_has() {
        let dir = tempfile::tempdir().unwrap();
        let fs = untorn_fs::OsFs::open(dir.path()).unwrap();
        fs.create_dir("d", None).unwrap();
        assert_eq!(free_name(&fs, "d/x").unwrap(), "d/x.moved-by-untorn");
        fs.create_dir("d/x.moved-by-untorn", None).unwrap();
        assert_eq!(free_name(&fs, "d/x").unwrap(), "d/x.moved-by-untorn-2");
        let fits = "n".repeat(NAME_LEN_MAX - SUFFIX_LEN_MAX);
        assert_eq!(free_name(&fs, &format!("d/{fits}")).unwrap(), format!("d/{fits}.moved-by-untorn"));
        assert_eq!(free_name(&fs, &format!("d/n{fits}")).unwrap(), "d/moved-by-untorn");
        let long = "n".repeat(NAME_LEN_MAX);
        assert_eq!(free_name(&fs, &format!("d/{long}")).unwrap(), "d/moved-by-untorn");
        assert_eq!(free_name(&fs, &long).unwrap(), "moved-by-untorn");
    }

    /// Nothing is known of a name that the system does not want to look at: it may be taken, and it is not gone.
    #[test]
    fn what_cannot_be_looked_at_is_neither_free_nor_missing() {
        use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict};
        let sim = SimFs::new(SimOptions::strict());
        sim.create_dir("d", None).unwrap();
        let fs = HookFs::on_sim(&sim, |call| match call.method {
            Method::Metadata => Verdict::Refuse(io::ErrorKind::Other),
            _ => Verdict::Pass,
        });
        assert_eq!(free_name(&fs, "d/x").unwrap_err().path(), Some("d/x.moved-by-untorn"));
        assert_eq!(make_way(&fs, "d/x", Wanted::File, &mut Unsynced::default()).unwrap(), []);
    }
}
