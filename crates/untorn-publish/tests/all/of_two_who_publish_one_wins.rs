//! Two who publish at once: one is refused, and nothing of the other's is lost. Who publishes and who cleans up keep out of each other's way.

use std::{path::PathBuf, sync::Mutex, thread};

use crate::util::studio::{Studio, objects, publish_to, root};
use untorn_publish::{
    Backend, BackendError, Body, CollectOptions, DirBackend, Error, Listed, Object, Outcome, Put, Version, check, collect,
};

type Moment<'s> = Box<dyn FnOnce() + Send + 's>;

/// A store in which something happens just before a call on a name.
struct Meanwhile<'s> {
    inner: &'s dyn Backend,
    prefix: &'static str,
    moment: Mutex<Option<Moment<'s>>>,
}

impl<'s> Meanwhile<'s> {
    fn new(inner: &'s dyn Backend, prefix: &'static str, moment: impl FnOnce() + Send + 's) -> Self {
        Self { inner, prefix, moment: Mutex::new(Some(Box::new(moment))) }
    }

    fn before(&self, name: &str) -> &dyn Backend {
        if name.starts_with(self.prefix)
            && let Some(moment) = self.moment.lock().unwrap().take()
        {
            moment();
        }
        self.inner
    }
}

impl Backend for Meanwhile<'_> {
    fn place(&self) -> &str {
        "test"
    }
    fn get(&self, name: &str, len_max: u64) -> Result<Option<Object>, BackendError> {
        self.inner.get(name, len_max)
    }
    fn get_range(&self, name: &str, start: u64, len: usize) -> Result<Vec<u8>, BackendError> {
        self.inner.get_range(name, start, len)
    }
    fn head(&self, name: &str) -> Result<Option<u64>, BackendError> {
        self.inner.head(name)
    }
    fn put_new(&self, name: &str, body: Body<'_>) -> Result<Put, BackendError> {
        self.before(name).put_new(name, body)
    }
    fn put_if(&self, name: &str, version: Option<&Version>, bytes: &[u8]) -> Result<(), BackendError> {
        self.before(name).put_if(name, version, bytes)
    }
    fn list(&self, prefix: &str) -> Result<Vec<Listed>, BackendError> {
        self.inner.list(prefix)
    }
    fn delete(&self, name: &str) -> Result<(), BackendError> {
        self.before(name).delete(name)
    }
}

struct Scene {
    studio: Studio,
    builds: [PathBuf; 3],
    store: DirBackend,
}

fn scene() -> Scene {
    let studio = Studio::new();
    let builds = [studio.build("1.0", 12, &[]), studio.build("1.1", 12, &[3]), studio.build("1.2", 12, &[5])];
    let store = studio.store("store");
    publish_to(&store, &builds[0], |_| {}).unwrap();
    Scene { studio, builds, store }
}

#[test]
fn the_later_one_is_refused_and_can_do_it_again() {
    let scene = scene();
    let other = || {
        publish_to(&scene.store, &scene.builds[1], |_| {}).unwrap();
    };
    let store = Meanwhile::new(&scene.store, "channel/", other);
    let error = publish_to(&store, &scene.builds[2], |_| {}).unwrap_err();
    assert!(matches!(error, Error::Raced { .. }), "{error}");
    assert_eq!(error.code(), "UNT-STORE-RACE");
    let report = check(&scene.store, &[root()], None).unwrap();
    assert!(report.is_sound(), "{report:?}");
    let again = publish_to(&scene.store, &scene.builds[2], |_| {}).unwrap();
    assert_eq!((again.outcome, again.build, again.seq), (Outcome::Published, 3, 3));
    assert!(check(&scene.store, &[root()], None).unwrap().is_sound());
    assert!(objects(&scene.store).iter().all(|(name, _)| !name.starts_with("publishing/")));
}

#[test]
fn of_four_at_once_one_wins_or_they_follow_each_other() {
    let scene = scene();
    let builds: Vec<_> = (0..4).map(|number| scene.studio.build(&format!("2.{number}"), 12, &[number])).collect();
    let publish = |build: &PathBuf| publish_to(&scene.studio.store("store"), build, |_| {});
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = builds.iter().map(|build| scope.spawn(|| publish(build))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let won = answers.iter().filter(|answer| answer.is_ok()).count() as u64;
    assert!(won >= 1, "{answers:?}");
    assert!(
        answers.iter().filter_map(|answer| answer.as_ref().err()).all(|error| matches!(error, Error::Raced { .. })),
        "{answers:?}"
    );
    let report = check(&scene.store, &[root()], None).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(scene.store.list("log/").unwrap().len() as u64, 2 * (1 + won));
}

#[test]
fn nothing_is_collected_while_somebody_publishes() {
    let scene = scene();
    let seen = Mutex::new(None);
    let gc = || *seen.lock().unwrap() = Some(collect(&scene.store, &CollectOptions::default()));
    let store = Meanwhile::new(&scene.store, "release/", gc);
    publish_to(&store, &scene.builds[1], |_| {}).unwrap();
    drop(store);
    let answer = seen.into_inner().unwrap().unwrap();
    assert!(matches!(answer, Err(Error::Busy { .. })), "{answer:?}");
    collect(&scene.store, &CollectOptions::default()).unwrap();
    assert!(check(&scene.store, &[root()], None).unwrap().is_sound());
}

#[test]
fn nobody_publishes_while_somebody_collects() {
    let scene = scene();
    // An object that nothing reaches, so that there is something to remove.
    let rubbish = format!("pack/{}", "ab".repeat(32));
    scene.store.put_new(&rubbish, Body::Bytes(b"rubbish")).unwrap();
    let seen = Mutex::new(None);
    let other = || *seen.lock().unwrap() = Some(publish_to(&scene.store, &scene.builds[1], |_| {}));
    let store = Meanwhile::new(&scene.store, "pack/", other);
    assert_eq!(collect(&store, &CollectOptions::default()).unwrap().removed.len(), 1);
    drop(store);
    let answer = seen.into_inner().unwrap().unwrap();
    assert!(matches!(answer, Err(Error::Busy { .. })), "{answer:?}");
    publish_to(&scene.store, &scene.builds[1], |_| {}).unwrap();
    assert!(check(&scene.store, &[root()], None).unwrap().is_sound());
}

#[test]
fn the_mark_of_a_dead_publication_is_void_once_the_channel_has_moved_on() {
    let scene = scene();
    let mark = format!("publishing/{}", "cd".repeat(32));
    scene.store.put_new(&mark, Body::Bytes(b"channel stable\nseq 1\n")).unwrap();
    let error = collect(&scene.store, &CollectOptions::default()).unwrap_err();
    assert!(error.to_string().contains(&mark), "{error}");
    publish_to(&scene.store, &scene.builds[1], |_| {}).unwrap();
    collect(&scene.store, &CollectOptions::default()).unwrap();
    assert_eq!(scene.store.head(&mark).unwrap(), None);
}
