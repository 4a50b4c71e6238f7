//! One list of checks, on the simulated file systems and on the real one: tests that pass in the simulator mean something on a disk.

use std::panic::{AssertUnwindSafe, catch_unwind};

use untorn_fs::{Fs, OsFs};
use untorn_sim::{Call, HookFs, Method, SimFs, SimOptions, Verdict, conformance::checks};

fn run_all(what: &str, fs: impl Fn(&mut dyn FnMut(&dyn Fs))) {
    let passes = |run: fn(&dyn Fs)| catch_unwind(AssertUnwindSafe(|| fs(&mut |fs| run(fs)))).is_ok();
    let failed: Vec<&str> = checks().iter().filter(|check| !passes(check.run)).map(|check| check.name).collect();
    assert!(failed.is_empty(), "{what}: {failed:#?}");
}

#[test]
fn the_simulated_ones() {
    let kinds = [
        ("strict", SimOptions::strict()),
        ("ext4", SimOptions::ext4_like()),
        ("btrfs", SimOptions::btrfs_like()),
        ("ntfs", SimOptions::ntfs_like()),
        ("nfs", SimOptions::nfs_like()),
        ("fat", SimOptions::fat_like()),
    ];
    for (name, options) in kinds {
        run_all(name, |run| run(&SimFs::new(options.clone())));
    }
}

#[test]
fn the_simulated_one_after_a_restart_and_seen_from_a_directory() {
    run_all("restarted", |run| run(&SimFs::new(SimOptions::strict()).restart()));
    run_all("subtree", |run| {
        let fs = SimFs::new(SimOptions::strict());
        fs.create_dir("sub", None).unwrap();
        run(&fs.subtree("sub").unwrap());
    });
}

#[test]
fn a_wrapped_one() {
    run_all("hooked", |run| run(&HookFs::on_sim(&SimFs::new(SimOptions::strict()), |_| Verdict::Pass)));
}

#[test]
fn the_real_one() {
    let in_tempdir = |stepwise: bool, run: &mut dyn FnMut(&dyn Fs)| {
        let dir = tempfile::tempdir().unwrap();
        let fs = OsFs::open(dir.path()).unwrap();
        run(&if stepwise { fs.resolving_stepwise() } else { fs });
    };
    run_all("real", |run| in_tempdir(false, run));
    run_all("real, stepwise", |run| in_tempdir(true, run));
}

#[test]
fn the_checks_notice_each_call_that_does_nothing() {
    for method in [Method::WriteAt, Method::SetLen, Method::CreateDir, Method::Symlink, Method::HardLink, Method::CloneFile]
        .into_iter()
        .chain([Method::Rename, Method::Exchange, Method::RemoveFile, Method::RemoveDir, Method::Lock, Method::SetPermissions])
        // There are none to be set on Windows, so nothing is checked.
        .filter(|method| !cfg!(windows) || *method != Method::SetPermissions)
    {
        let skip = move |call: &Call<'_>| if call.method == method { Verdict::Skip } else { Verdict::Pass };
        let passes = |run: fn(&dyn Fs)| {
            let fs = HookFs::on_sim(&SimFs::new(SimOptions::strict()), skip);
            catch_unwind(AssertUnwindSafe(|| run(&fs))).is_ok()
        };
        assert!(!checks().iter().all(|check| passes(check.run)), "{method:?}");
    }
}
