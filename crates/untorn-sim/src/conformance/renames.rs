//! Rename and exchange.

use std::io::ErrorKind::{DirectoryNotEmpty, InvalidInput, IsADirectory, NotADirectory, NotFound, Unsupported};

use untorn_fs::Fs;

use super::{get, gone, kind, named_checks, names_in, put, same};

named_checks![
    a_rename_moves_a_file,
    a_rename_moves_across_directories,
    a_rename_replaces_a_file_or_symlink,
    a_rename_moves_a_directory_with_what_is_in_it,
    a_rename_to_itself_does_nothing,
    a_file_does_not_replace_a_directory_nor_the_other_way_round,
    a_full_directory_is_not_replaced,
    a_directory_is_not_moved_into_itself,
    what_is_not_there_cannot_be_renamed,
    an_exchange_swaps_two_names,
    an_exchange_swaps_a_file_and_a_directory,
    an_exchange_needs_two_names,
    a_directory_is_not_exchanged_with_something_inside_it,
];

fn a_rename_moves_a_file(fs: &dyn Fs) {
    put(fs, "a", b"a");
    fs.rename("a", "b").unwrap();
    assert!(gone(fs, "a"));
    same(get(fs, "b"), b"a".to_vec());
}

fn a_rename_moves_across_directories(fs: &dyn Fs) {
    fs.create_dir("x", None).unwrap();
    fs.create_dir("y", None).unwrap();
    put(fs, "x/a", b"a");
    fs.rename("x/a", "y/b").unwrap();
    same((names_in(fs, "x"), names_in(fs, "y")), (vec![], vec!["b".to_owned()]));
    same(get(fs, "y/b"), b"a".to_vec());
}

fn a_rename_replaces_a_file_or_symlink(fs: &dyn Fs) {
    let symlinks = super::links::can_symlink(fs);
    for (from, to) in [("a", "target"), ("b", "link")] {
        put(fs, from, from.as_bytes());
        if to == "link" && !symlinks {
            put(fs, "link", b"old");
        } else if to == "link" {
            fs.symlink("target", "link").unwrap();
        } else {
            put(fs, "target", b"old");
        }
        fs.rename(from, to).unwrap();
        same(get(fs, to), from.as_bytes().to_vec());
    }
    same(names_in(fs, ""), vec!["link".to_owned(), "target".to_owned()]);
}

fn a_rename_moves_a_directory_with_what_is_in_it(fs: &dyn Fs) {
    fs.create_dir("a", None).unwrap();
    fs.create_dir("a/b", None).unwrap();
    fs.create_dir("c", None).unwrap();
    put(fs, "a/b/f", b"f");
    fs.rename("a", "c/d").unwrap();
    same(get(fs, "c/d/b/f"), b"f".to_vec());
    assert!(gone(fs, "a"));
    fs.remove_file("c/d/b/f").unwrap();
    fs.remove_dir("c/d/b").unwrap();
}

fn a_rename_to_itself_does_nothing(fs: &dyn Fs) {
    put(fs, "a", b"a");
    fs.create_dir("d", None).unwrap();
    fs.rename("a", "a").unwrap();
    fs.rename("d", "d").unwrap();
    same(names_in(fs, ""), vec!["a".to_owned(), "d".to_owned()]);
}

fn a_file_does_not_replace_a_directory_nor_the_other_way_round(fs: &dyn Fs) {
    put(fs, "f", b"f");
    fs.create_dir("d", None).unwrap();
    let answers = (kind(fs.rename("f", "d")), kind(fs.rename("d", "f")));
    same(answers, (IsADirectory, NotADirectory));
    same((get(fs, "f"), names_in(fs, "d")), (b"f".to_vec(), vec![]));
}

fn a_full_directory_is_not_replaced(fs: &dyn Fs) {
    fs.create_dir("a", None).unwrap();
    fs.create_dir("b", None).unwrap();
    put(fs, "b/f", b"f");
    let answer = kind(fs.rename("a", "b"));
    same(answer, DirectoryNotEmpty);
    same(names_in(fs, "b"), vec!["f".to_owned()]);
}

fn a_directory_is_not_moved_into_itself(fs: &dyn Fs) {
    fs.create_dir("a", None).unwrap();
    fs.create_dir("a/b", None).unwrap();
    let answers = (kind(fs.rename("a", "a/b/c")), kind(fs.rename("a", "a/c")));
    if cfg!(unix) {
        same(answers, (InvalidInput, InvalidInput));
    }
    same(names_in(fs, "a"), vec!["b".to_owned()]);
}

fn what_is_not_there_cannot_be_renamed(fs: &dyn Fs) {
    put(fs, "f", b"f");
    same(kind(fs.rename("none", "f")), NotFound);
    same(kind(fs.rename("f", "none/f")), NotFound);
    same(get(fs, "f"), b"f".to_vec());
}

fn an_exchange_swaps_two_names(fs: &dyn Fs) {
    put(fs, "a", b"a");
    fs.create_dir("d", None).unwrap();
    put(fs, "d/b", b"b");
    if can_exchange(fs) {
        fs.exchange("a", "d/b").unwrap();
        same((get(fs, "a"), get(fs, "d/b")), (b"b".to_vec(), b"a".to_vec()));
        fs.exchange("a", "a").unwrap();
        same(get(fs, "a"), b"b".to_vec());
    }
}

fn an_exchange_swaps_a_file_and_a_directory(fs: &dyn Fs) {
    put(fs, "a", b"file");
    fs.create_dir("d", None).unwrap();
    put(fs, "d/f", b"inside");
    if can_exchange(fs) {
        fs.exchange("a", "d").unwrap();
        same((get(fs, "d"), get(fs, "a/f")), (b"file".to_vec(), b"inside".to_vec()));
    }
}

fn an_exchange_needs_two_names(fs: &dyn Fs) {
    put(fs, "a", b"a");
    put(fs, "b", b"a");
    if can_exchange(fs) {
        same(kind(fs.exchange("a", "none")), NotFound);
        same(kind(fs.exchange("none", "a")), NotFound);
    }
}

fn a_directory_is_not_exchanged_with_something_inside_it(fs: &dyn Fs) {
    fs.create_dir("a", None).unwrap();
    put(fs, "a/f", b"f");
    if can_exchange(fs) {
        same(kind(fs.exchange("a", "a/f")), InvalidInput);
        same(kind(fs.exchange("a/f", "a")), InvalidInput);
    }
}

/// Where it cannot, it says so.
fn can_exchange(fs: &dyn Fs) -> bool {
    let can = fs.capabilities().exchange;
    if !can {
        let names = names_in(fs, "");
        same(kind(fs.exchange(&names[0], &names[names.len() - 1])), Unsupported);
    }
    can
}
