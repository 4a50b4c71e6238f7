//! U4: somebody keeps showing an old document of a channel, or the clock is wrong.

use crate::util::{channel, release, sign_channel, trust};
use untorn_format::Hash;
use untorn_trust::{ExpiryPolicy, Moment, TrustError};

fn heard(clock: u64, policy: ExpiryPolicy, known: u64) -> Result<Option<u64>, TrustError> {
    let mut trust = trust();
    if known > 0 {
        let mut other = channel(1, Hash::NONE, &release(1));
        (other.name, other.issued) = ("beta".to_owned(), known);
        trust.hear("beta", "linux", &sign_channel(&other), Moment { clock: 0, policy: ExpiryPolicy::Off })?;
    }
    let mut channel = channel(1, Hash::NONE, &release(1));
    channel.expires = 1_790_100_000;
    trust.hear("stable", "linux", &sign_channel(&channel), Moment { clock, policy }).map(|offer| offer.expired)
}

#[test]
fn u4_a_word_that_is_good_is_not_talked_about() {
    for policy in [ExpiryPolicy::Warn, ExpiryPolicy::Enforce, ExpiryPolicy::Off] {
        assert_eq!(heard(1_790_100_000, policy, 0), Ok(None));
        assert_eq!(heard(0, policy, 0), Ok(None), "a clock far behind stops nobody");
    }
}

#[test]
fn u4_an_old_word_is_said_to_be_old_and_refused_only_where_that_is_wanted() {
    assert_eq!(heard(1_790_100_001, ExpiryPolicy::Warn, 0), Ok(Some(1_790_100_000)));
    assert_eq!(heard(1_790_100_001, ExpiryPolicy::Off, 0), Ok(None));
    let error = heard(1_790_100_001, ExpiryPolicy::Enforce, 0).unwrap_err();
    assert_eq!(error.code(), "UNT-TRUST-EXPIRED");
    assert_eq!(ExpiryPolicy::default(), ExpiryPolicy::Warn);
}

#[test]
fn u4_a_clock_that_was_set_back_does_not_make_it_young_again() {
    assert_eq!(heard(0, ExpiryPolicy::Warn, 1_790_100_001), Ok(Some(1_790_100_000)));
    assert!(heard(0, ExpiryPolicy::Enforce, 1_790_100_001).is_err());
}

#[test]
fn u4_a_refused_word_is_not_remembered() {
    let mut trust = trust();
    let before = trust.clone();
    let mut old = channel(9, Hash::of(b"x"), &release(1));
    old.expires = old.issued;
    assert!(
        trust.hear("stable", "linux", &sign_channel(&old), Moment { clock: u64::MAX, policy: ExpiryPolicy::Enforce }).is_err()
    );
    assert_eq!(trust, before);
}
