//! The page of a report works in a browser: it draws itself, searches, sorts, opens folders by mouse and keyboard, and shows any name as text. Needs Chromium; without one that is
//! said.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    place::{Place, noise, words},
    zips::archive,
};
use untorn_studio::{PAGE_LEN_MAX, Report, page};

/// Does what somebody does who looks at the page, and notes what is to be seen. Clicks and keys are events of the browser.
const VISITOR: &str = include_str!("visitor.html");

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const PATIENCE: Duration = Duration::from_secs(120);

/// What a visitor sees; `None` where there is no browser.
fn visit(place: &Place, page: &str, dark: bool) -> Option<Value> {
    let file = place.write("page.html", page.replace("</body>", &format!("{VISITOR}</body>")));
    let profile = place.path("profile");
    let args = [
        "--headless".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--window-size=1280,1600".to_owned(),
        "--virtual-time-budget=30000".to_owned(),
        format!("--user-data-dir={}", profile.display()),
        format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)),
        "--dump-dom".to_owned(),
        format!("file://{}", file.display()),
    ];
    let out = place.path("dom");
    let start = |browser: &&str| {
        let output = fs::File::create(&out).unwrap();
        Command::new(browser).args(&args).stdin(Stdio::null()).stdout(output).stderr(Stdio::null()).spawn().ok()
    };
    let Some(child) = BROWSERS.iter().find_map(start) else {
        eprintln!("SKIPPED: there is no Chromium to look at the page with");
        return None;
    };
    wait(child);
    let dom = fs::read_to_string(&out).unwrap();
    let seen = dom.rsplit_once("SEEN[").unwrap_or_else(|| panic!("the visitor said nothing: {:.2000}", dom)).1;
    let seen = STANDARD.decode(seen.split(']').next().unwrap()).unwrap();
    Some(serde_json::from_slice(&seen).unwrap())
}

fn wait(mut child: Child) {
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("the browser did not end");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

const HOSTILE: [&str; 5] = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked=1'>\"'&amp;",
    "${window.hacked=1}`{{js}}",
    "line\nbreak\u{1b}[31m\u{202e}right",
    "__proto__/constructor",
];

fn report(place: &Place) -> Report {
    let contents: Vec<_> = (0..HOSTILE.len()).map(|number| words(20_000, number as u64)).collect();
    let changed: Vec<_> = (0..HOSTILE.len()).map(|number| words(20_000, 100 + number as u64)).collect();
    let members = |contents: &[Vec<u8>]| {
        let members: Vec<_> = HOSTILE.iter().zip(contents).map(|(name, content)| (*name, content.as_slice(), None)).collect();
        archive(&members)
    };
    place.write("old/maps/data.zip", members(&contents));
    place.write("new/maps/data.zip", members(&changed));
    for number in 0..120 {
        place.write(&format!("old/maps/{number}.map"), noise(3000, number));
        place.write(&format!("new/maps/{number}.map"), noise(3000, number + 500));
    }
    place.write("new/texts/needle.txt", words(9000, 7));
    place.report()
}

#[test]
fn light_and_dark() {
    let place = Place::new();
    let report = report(&place);
    let made = page(&report, "</script>1.1 & \"more\"").unwrap();
    for name in HOSTILE {
        assert!(!made.contains(name), "{name}");
    }
    for dark in [false, true] {
        let Some(seen) = visit(&place, &made, dark) else { return };
        assert_eq!((&seen["error"], &seen["failure"]), (&Value::Null, &"".into()), "{seen:#}");
        assert_eq!(seen["title"], "</script>1.1 & \"more\"");
        assert_eq!(seen["hacked"], "no");
        assert_eq!(seen["scripts"], 3, "two of the page, and the visitor");
        assert!(seen["first"].as_str().unwrap().starts_with("maps/data.zip"), "{seen:#}");
        assert_eq!(seen["rows"], 100);
        assert!(seen["tiles"].as_u64().unwrap() > 50, "{seen:#}");
        assert_eq!(seen["found"], serde_json::json!(["texts/needle.txt"]));
        assert_eq!(seen["nothing"], "Nothing found.");
        assert_eq!(seen["sort"], "ascending");
        assert_ne!(seen["ascending"], seen["descending"]);
        assert_eq!(seen["kinds"], serde_json::json!(["new"]));
        assert!(seen["second"].as_str().unwrap().contains("101 to"), "{seen:#}");
        assert!(seen["opened"].as_str().unwrap().starts_with("all/"), "{seen:#}");
        assert!(seen["inside"].as_str().unwrap().contains(" in maps"), "{seen:#}");
        assert_eq!((&seen["focused"], &seen["walked"]), (&true.into(), &true.into()), "{seen:#}");
        assert_eq!(seen["closed"], "all");
        assert_eq!(seen["pressed"], "true");
        assert_eq!(seen["unnamed"], serde_json::json!([]));
    }
}

#[test]
fn also_of_fifty_thousand_members() {
    let place = Place::new();
    let names: Vec<_> = (0..50_000_u64)
        .map(|number| format!("assets/{}/{:x}/{:x}.tex", number % 97, number % 1013, number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    let make = |seed: u64| {
        let contents: Vec<_> =
            (0..50_000).map(|number| (number ^ seed << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect();
        let members: Vec<_> =
            names.iter().zip(&contents).map(|(name, content)| (name.as_str(), content.as_slice(), None)).collect();
        archive(&members)
    };
    place.write("old/data.zip", make(1));
    place.write("new/data.zip", make(2));
    let report = place.report();
    assert!(report.items[0].members.len() >= 50_000);
    let made = page(&report, "1.1").unwrap();
    assert!(made.len() < PAGE_LEN_MAX, "{}", made.len());
    eprintln!("the page has {} bytes", made.len());
    let Some(seen) = visit(&place, &made, false) else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert!(seen["status"].as_str().unwrap().starts_with("50,00"), "{seen:#}");
}
