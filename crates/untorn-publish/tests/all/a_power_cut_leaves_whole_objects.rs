//! A store in a directory, and the power fails at any instant: what a pointer names is there, whole; and the next writer goes on.

use crate::util::studio::noise;
use untorn_publish::{Backend, Body, DirBackend};
use untorn_sim::{Sampling, SimFs, SimOptions};

const OLD: &[u8] = b"points to nothing";
const NEW: &[u8] = b"points to pack/new";

fn store(fs: &SimFs) -> DirBackend {
    DirBackend::new(Box::new(fs.clone()), "simulated".into())
}

/// As publishing does it; gives up where the store does.
fn publish(store: &DirBackend, pack: &[u8]) -> Result<(), untorn_publish::BackendError> {
    store.put_new("pack/new", Body::Bytes(pack))?;
    let pointer = store.get("channel/stable", 100)?.unwrap();
    if pointer.bytes != NEW {
        store.put_if("channel/stable", Some(&pointer.version), NEW)?;
    }
    Ok(())
}

fn pointer(store: &DirBackend) -> Vec<u8> {
    store.get("channel/stable", 100).unwrap().unwrap().bytes
}

#[test]
fn and_the_pointer_is_the_old_one_or_the_new_one() {
    let pack = noise(1, 3000);
    for options in [SimOptions::strict(), SimOptions::ext4_like(), SimOptions::btrfs_like(), SimOptions::ntfs_like()] {
        let fs = SimFs::new(options);
        store(&fs).put_if("channel/stable", None, OLD).unwrap();
        fs.settle();
        publish(&store(&fs), &pack).unwrap();
        fs.mark(1);
        let (mut states, mut moved) = (0, 0);
        for state in fs.recording().crashes(&Sampling::default()) {
            let crashed = state.fs();
            let left = store(&crashed);
            let there = left.get("pack/new", u64::MAX).unwrap();
            assert!(there.is_none_or(|object| object.bytes == pack), "{:?}", state.id());
            match pointer(&left).as_slice() {
                OLD => assert!(state.marks().is_empty(), "{:?}", state.id()),
                NEW => {
                    assert_eq!(left.head("pack/new").unwrap(), Some(3000), "{:?}", state.id());
                    moved += 1;
                }
                other => panic!("{:?}: {other:?}", state.id()),
            }
            publish(&left, &pack).unwrap();
            assert_eq!((pointer(&left), left.list("").unwrap().len()), (NEW.to_vec(), 2));
            states += 1;
        }
        assert!(states > 50 && moved > 1, "{states} {moved}");
    }
}

/// A writer that was killed may leave a name that is not durable. Whoever points to it makes it so first.
#[test]
fn what_a_killed_writer_left_is_durable_before_it_is_pointed_to() {
    let pack = noise(1, 3000);
    let fs = SimFs::new(SimOptions::strict());
    store(&fs).put_if("channel/stable", None, OLD).unwrap();
    store(&fs).put_new("pack/first", Body::Bytes(b"so that the directory is there")).unwrap();
    fs.settle();
    // All that a writer does before it syncs the name.
    untorn_sim::write(&fs, ".part/object", &pack).unwrap();
    let file = untorn_fs::Fs::open(&fs, ".part/object", untorn_fs::OpenMode::Read).unwrap();
    file.sync().unwrap();
    untorn_fs::Fs::rename(&fs, ".part/object", "pack/new").unwrap();
    // The next one finds it by its length, and only points to it.
    let next = store(&fs);
    assert_eq!(next.head("pack/new").unwrap(), Some(3000));
    let version = next.get("channel/stable", 100).unwrap().unwrap().version;
    next.put_if("channel/stable", Some(&version), NEW).unwrap();
    for state in fs.recording().crashes(&Sampling::default()) {
        let left = store(&state.fs());
        if pointer(&left) == NEW {
            assert!(left.get("pack/new", 3000).unwrap().is_some_and(|object| object.bytes == pack), "{:?}", state.id());
        }
    }
}
