//! Equal builds and options give equal bytes: a patch can be made again anywhere and compared.

use crate::trees::{Tree, everything, noise, patch_with};
use untorn_delta::Options;

fn pair() -> (Tree, Tree) {
    let text: Vec<u8> = (0..400_000_u32).flat_map(|number| format!("line {}\n", number * 7).into_bytes()).collect();
    let (mut old, mut new) = (Tree::default().with("text", text.clone()), Tree::default().with("text", text[70..].to_vec()));
    for number in 0..50 {
        old = old.with(&format!("old/{number}"), noise(number % 7, 20_000));
        new = new.with(&format!("new/{number}"), noise(number % 11, 20_000));
    }
    (old, new.with("big", text))
}

#[test]
fn making_a_patch_twice_gives_the_same_bytes() {
    let (old, new) = pair();
    for options in [Options::default(), everything()] {
        assert!(patch_with(&old, &new, &options) == patch_with(&old, &new, &options));
    }
}

#[test]
fn what_lies_elsewhere_in_memory_gives_the_same_bytes() {
    let (old, new) = pair();
    let first = patch_with(&old, &new, &Options::default());
    let _elsewhere: Vec<Vec<u8>> = (1..60).map(|size| vec![1; size * 77_777]).collect();
    let again = std::thread::spawn(|| {
        let (old, new) = pair();
        patch_with(&old, &new, &Options::default())
    });
    assert!(again.join().is_ok_and(|again| again == first));
}

#[test]
fn however_many_threads_compress_and_however_little_memory_there_is() {
    let (old, new) = pair();
    let (mut one, mut many, mut poor) = (Options::default(), Options::default(), Options::default());
    for options in [&mut one, &mut many, &mut poor] {
        options.level = 1;
    }
    (one.jobs, many.jobs, poor.jobs, poor.memory_len) = (1, 7, 7, 0);
    // Enough for several frames.
    let more =
        |tree: Tree, seed: u64| (0..9).fold(tree, |tree, number| tree.with(&format!("n{number}"), noise(seed + number, 2 << 20)));
    let (old, new) = (more(old, 1000), more(new, 2000));
    let first = patch_with(&old, &new, &one);
    assert!(patch_with(&old, &new, &many) == first);
    assert!(patch_with(&old, &new, &poor) == first);
}
