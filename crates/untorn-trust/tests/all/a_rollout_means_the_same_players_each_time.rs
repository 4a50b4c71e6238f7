//! Who is meant by a rollout is decided by the salt of the channel and a number of the tree, and by nothing else.

use crate::util::{channel, hear, release, trust_with};
use untorn_format::Hash;
use untorn_trust::is_meant;

fn meant(permille: u16, salt: u8) -> Vec<u16> {
    let mut channel = channel(1, Hash::NONE, &release(1));
    (channel.rollout_permille, channel.salt) = (permille, [salt; 16]);
    let id = |player: u16| {
        let mut id = [0; 16];
        id[..2].copy_from_slice(&player.to_le_bytes());
        id
    };
    (0..4000).filter(|player| is_meant(&channel, &id(*player))).collect()
}

#[test]
fn a_share_of_the_players_is_meant() {
    assert_eq!((meant(0, 1).len(), meant(1000, 1).len()), (0, 4000));
    for permille in [50, 500, 900] {
        let wanted = usize::from(permille) * 4;
        assert!(meant(permille, 1).len().abs_diff(wanted) < 120, "{permille}: {}", meant(permille, 1).len());
    }
}

#[test]
fn a_growing_rollout_leaves_nobody_behind_and_another_salt_means_others() {
    let (few, more) = (meant(50, 1), meant(100, 1));
    assert!(few.iter().all(|player| more.contains(player)));
    assert_ne!(few, meant(50, 2));
    assert_eq!(few, meant(50, 1));
}

#[test]
fn who_is_below_the_floor_is_meant_in_any_case() {
    let mut trust = trust_with(7, 12);
    let mut next = channel(13, trust.following().ratchets[0].document, &release(9));
    next.rollout_permille = 0;
    assert!(!hear(&mut trust.clone(), &next).unwrap().is_meant);
    next.floor = 8;
    assert!(hear(&mut trust, &next).unwrap().is_meant);
}
