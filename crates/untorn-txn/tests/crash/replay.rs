//! Plays what another test found: `UNTORN_REPLAY='...' cargo test -p untorn-txn --test crash replay`.

use std::env;

#[test]
fn a_finding_is_played_again() {
    let Ok(story) = env::var("UNTORN_REPLAY") else {
        println!("nothing to replay: UNTORN_REPLAY is not set");
        return;
    };
    match untorn_crash::replay(&story) {
        Ok(side) => println!("{story}\nended well: {side:?}"),
        Err(error) => panic!("{story}\n{error}"),
    }
}

#[test]
fn a_story_plays_as_it_was_told() {
    let side = untorn_crash::replay("commit/strict/auto/drop/write-a @ 0:0").unwrap();
    assert_eq!(side, Some(untorn_crash::Side::Old));
    assert!(untorn_crash::replay("commit/strict/auto/drop/write-a @ 9999:0").is_err());
    assert!(untorn_crash::replay("commit/nowhere/auto/drop/write-a").is_err());
}
