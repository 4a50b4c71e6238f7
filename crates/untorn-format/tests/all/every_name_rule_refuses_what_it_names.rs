//! Rules N1 to N12 of names, one test each, and what must stay allowed.

use std::ffi::OsStr;

use untorn_format::{PathError, TreePath, check_set, check_symlink_target};

fn refused(code: &str, paths: &[&str]) {
    for path in paths {
        assert_eq!(TreePath::new(path).map_err(|error| error.code().to_owned()), Err(code.to_owned()), "{path:?}");
    }
}

fn allowed(paths: &[&str]) {
    for path in paths {
        assert_eq!(TreePath::new(path).map(|path| path.to_string()).as_deref(), Ok(*path));
    }
}

#[test]
fn n1_absolute_paths_and_drives() {
    refused("UNT-PATH-N1", &["/etc/passwd", "/", "\\x", "C:/x", "c:x", "C:", r"\\?\C:\x", r"\\.\COM1", r"\\host\share", "//x"]);
}

#[test]
fn n2_one_spelling_for_each_path() {
    refused("UNT-PATH-N2", &["", ".", "..", "a/..", "../a", "a/../b", "./a", "a/.", "a//b", "a/", "a/./b"]);
    allowed(&["...a", "a..b", "..a", "a/.b"]);
}

#[test]
fn n3_control_characters_and_what_windows_gives_a_meaning() {
    for byte in (0..32).chain([127]).chain(*b"<>:\"\\|?*") {
        refused("UNT-PATH-N3", &[&format!("dir/a{}b", char::from(byte)), &format!("ä{}", char::from(byte))]);
    }
    refused("UNT-PATH-N3", &["f::$DATA", "save.dat:Zone.Identifier:$DATA", "a\u{85}b", "a\u{9b}2J", "a\u{2028}b", "a\u{2029}b"]);
    allowed(&["a!#$%&'()+,-;=@[]^_`{}b", "a b"]);
}

#[test]
fn n4_dots_and_spaces_at_the_ends() {
    refused("UNT-PATH-N4", &["a.", "a ", " a", "a./b", "a /b", "b/ a", "...", "a..", " ", ". ", "ä ", "ä."]);
    allowed(&["a . b", ".a"]);
}

#[test]
fn n5_devices_of_windows() {
    for device in ["CON", "prn", "Aux", "NUL", "CONIN$", "conout$", "CLOCK$", "COM0", "com9", "LPT0", "lpt9"] {
        for name in [
            device.to_owned(),
            format!("{device}.txt"),
            format!("{device}.tar.gz"),
            format!("{device} .txt"),
            format!("{device}  .x"),
        ] {
            refused("UNT-PATH-N5", &[&name, &format!("dir/{name}"), &format!("{name}/file")]);
        }
    }
    refused(
        "UNT-PATH-N5",
        &["COM¹", "COM².log", "lpt³", "COM⁹ .txt", "ＣＯＮ", "ｎul.txt", "CON\u{a0}.txt", "COM①", "cloc\u{212a}$", "CON．txt"],
    );
    allowed(&[
        "CONSOLE",
        "COM",
        "COM10",
        "LPT",
        "LPT10",
        "NULL",
        "x.CON",
        "CON1",
        "aux-files",
        "COMA",
        "CONIN",
        "console.log",
        "COM¹⁰",
    ]);
}

#[test]
fn n6_names_that_look_like_short_ones() {
    refused("UNT-PATH-N6", &["PROGRA~1", "DATA~12.BIN", "a/progra~1/b", "~1", "A~1.B", "ABCDEF~1.TXT", "ä~1", "GIT~1"]);
    allowed(&["PROGRAM~1", "DATA~12.JSON", "a~b", "a~", "~", "a~1b", "a.b~1", "a~1.b.c", "longername~1"]);
}

#[test]
fn n7_bytes_that_are_no_text() {
    let n7 = |bytes: &[u8]| TreePath::from_bytes(bytes).unwrap_err();
    for bytes in [&b"a\xffb"[..], b"\xed\xa0\x80", b"a/\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe2\x82"] {
        assert_eq!(n7(bytes).code(), "UNT-PATH-N7");
    }
    assert_eq!(n7(b"a\xffb").path, r"a\xffb");
    assert!(TreePath::from_os_str(OsStr::new("a/b")).is_ok());
}

#[cfg(unix)]
#[test]
fn n7_names_of_the_system_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    assert_eq!(TreePath::from_os_str(OsStr::from_bytes(b"\xff")).unwrap_err().code(), "UNT-PATH-N7");
}

#[test]
fn n8_what_is_not_seen_or_turns_the_line() {
    refused(
        "UNT-PATH-N8",
        &[
            "a\u{202e}gpj.exe",
            "a\u{200d}b",
            "\u{feff}a",
            "x\u{fe0f}",
            "a/b\u{2066}",
            "\u{ad}",
            "a\u{34f}",
            "\u{3164}",
            "a\u{e0001}",
        ],
    );
    let hidden = [
        0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180b, 0x200b, 0x200e, 0x202a, 0x2060, 0x206f, 0xfe00, 0xffa0, 0xfff8,
        0x1bca0, 0x1d17a, 0xe0fff,
    ];
    for code in hidden {
        refused("UNT-PATH-N8", &[&format!("a{}b", char::from_u32(code).unwrap())]);
    }
    allowed(&["größe", "日本／語", "한국", "שלום", "مرحبا", "e\u{301}", "🎮.png", "a\u{fff9}"]);
}

fn set(paths: &[(&str, bool)]) -> Result<(), PathError> {
    let paths: Vec<_> = paths.iter().map(|(path, is_dir)| (TreePath::new(path).unwrap(), *is_dir)).collect();
    check_set(paths.iter().map(|(path, is_dir)| (path, *is_dir)))
}

fn clash(code: &str, one: (&str, bool), other: (&str, bool)) {
    for pair in [[one, other], [other, one]] {
        // Others around the two, so that they do not clash only by standing alone.
        let paths = [&pair[..], &[("0", false), ("zz", true), ("zz/top", false), ("a-z/x", false), ("a.b", false)]].concat();
        let error = set(&paths).unwrap_err();
        let named = [Some(error.path.clone()), error.other.clone()].map(Option::unwrap_or_default);
        assert_eq!(error.code(), code, "{one:?} {other:?}");
        assert!(named.contains(&one.0.to_owned()) && named.contains(&other.0.to_owned()), "{error:?}");
    }
}

#[test]
fn n9_names_that_some_system_takes_for_the_same() {
    let pairs = [
        ("A", "a"),
        ("straße", "STRASSE"),
        ("ﬁn", "fin"),
        ("\u{212a}ey", "key"),
        ("é", "e\u{301}"),
        ("ſet", "set"),
        ("\u{2126}", "ω"),
        ("\u{212b}", "å"),
        ("한", "\u{1112}\u{1161}\u{11ab}"),
        ("d/Data", "d/data"),
        ("d／x", "d/x"),
        ("d/a℅", "d/ac/o"),
    ];
    for (one, other) in pairs {
        clash("UNT-PATH-N9", (one, false), (other, false));
    }
    clash("UNT-PATH-N9", ("Maps/a", false), ("maps/b", false));
    clash("UNT-PATH-N9", ("Größe/a", false), ("GRÖSSE/b", false));
    clash("UNT-PATH-N9", ("x/Maps/a/b", false), ("x/maps", true));
    let twice = set(&[("a", false), ("a", false)]).unwrap_err();
    assert_eq!((twice.code(), twice.other.as_deref()), ("UNT-PATH-N9", Some("a")));
    assert_eq!(set(&[("a", true), ("a/b", false), ("a／b", false)]).unwrap_err().code(), "UNT-PATH-N9");
}

#[test]
fn n9_finds_directories_spelled_differently_behind_a_name_that_folds_to_a_slash() {
    assert_eq!(set(&[("A/a", false), ("a／b", false), ("a/c", false)]).unwrap_err().code(), "UNT-PATH-N9");
}

#[test]
fn n10_a_file_that_is_also_a_directory() {
    clash("UNT-PATH-N10", ("a", false), ("a/b", false));
    clash("UNT-PATH-N10", ("a", false), ("a/b/c/d", false));
    clash("UNT-PATH-N10", ("x/y", false), ("x/y/z", true));
    assert_eq!(set(&[("a", true), ("a/b", false), ("a/b-c", false), ("a-b", false), ("a.b", false), ("b", true)]), Ok(()));
}

#[test]
fn n11_names_like_the_state_directory() {
    let names = [".untorn", ".UNTORN", ".Untorn", ".untorn/tx", ".untornignore", "．untorn", ".ｕntorn", "․untorn"];
    refused("UNT-PATH-N11", &names);
    allowed(&["a/.untorn", "untorn", ".unto", ".unton", "x.untorn"]);
}

#[test]
fn n12_lengths_and_depth() {
    let long = |len: usize| "x".repeat(len);
    let deep = |depth: usize| vec!["d"; depth].join("/");
    allowed(&[
        &long(255),
        &deep(64),
        &[&long(255), &long(255), &long(255), &long(255)].map(String::as_str).join("/"),
        &"ä".repeat(127),
    ]);
    refused("UNT-PATH-N12", &[&long(256), &deep(65), &"ä".repeat(128), &deep(600), &long(1 << 20)]);
    let longest = [long(255), long(255), long(255), long(255), "ab".to_owned()].join("/");
    assert_eq!(longest.len(), 1026);
    refused("UNT-PATH-N12", &[&longest, &longest[..1025]]);
}

#[test]
fn f3_symlinks_that_lead_out_or_that_nobody_can_follow_by_reading() {
    let link = TreePath::new("a/b/link").unwrap();
    for target in ["x", "x/y", "..", "../x", "../../x", "../../a", "../b"] {
        assert_eq!(check_symlink_target(&link, target), Ok(()), "{target}");
    }
    let refused =
        ["", ".", "./x", "x/", "x//y", "/x", "x/../y", "../..", "../../..", "../../../x", "../../.untorn", "..\\x", "C:x", "a\0"];
    for target in refused {
        let error = check_symlink_target(&link, target).unwrap_err();
        assert_eq!((error.code(), error.path.as_str()), ("UNT-PATH-F3", "a/b/link"), "{target}");
    }
    let error = check_symlink_target(&link, "/etc/\x1bpasswd").unwrap_err();
    assert!(error.to_string().starts_with(r#"the symlink "a/b/link" says "/etc/\u{1b}passwd", which"#), "{error}");
}

#[test]
fn a_message_names_the_rule_and_the_path_and_cannot_fool_a_terminal() {
    let message = |path: &str| TreePath::new(path).unwrap_err().to_string();
    assert_eq!(
        message("a/../b"),
        "\"a/../b\" has an empty, '.' or '..' component; write each path in its one plain form, like data/level.pak (UNT-PATH-N2)"
    );
    assert!(message("a\x1b[31m\u{202e}").starts_with(r#""a\u{1b}[31m\u{202e}" holds"#));
    let clash = set(&[("a", false), ("A", false)]).unwrap_err().to_string();
    assert!(clash.contains("\"a\"") && clash.contains("\"A\"") && clash.ends_with("(UNT-PATH-N9)"), "{clash}");
    assert!(message(&"x".repeat(1 << 24)).len() < 8192);
}

#[test]
fn what_a_path_is_made_of() {
    let path = TreePath::new("data/levels/01.pak").unwrap();
    assert_eq!((path.name(), path.parent().unwrap().as_str()), ("01.pak", "data/levels"));
    assert_eq!(path.ancestors().map(|dir| dir.to_string()).collect::<Vec<_>>(), ["data", "data/levels"]);
    assert!(
        path.is_below(&TreePath::new("data").unwrap()) && !path.is_below(&TreePath::new("dat").unwrap()) && !path.is_below(&path)
    );
    assert_eq!(TreePath::new("data").unwrap().join("levels/01.pak").unwrap(), path);
    assert!(TreePath::new("data").unwrap().join("../x").is_err());
    let set = std::collections::BTreeSet::from([path.clone()]);
    assert!(set.contains("data/levels/01.pak"));
    assert_eq!(TreePath::try_from("data/levels/01.pak").unwrap(), path);
    assert_eq!(
        std::collections::HashSet::from([path]).get("data/levels/01.pak").map(TreePath::as_str),
        Some("data/levels/01.pak")
    );
}
