//! What a client concludes, on every short history, against a function of the whole history.

use paxos::client::{Attempt, Copies, Failure, Known, Refusal, conclude};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    Posted,
    NotPosted,
    Undelivered,
    Said(Refusal),
}

const ALL: [Seen; 5] = [
    Seen::Posted,
    Seen::NotPosted,
    Seen::Undelivered,
    Seen::Said(Refusal::Busy),
    Seen::Said(Refusal::Refused),
];

const COPIES: [Copies; 3] = [Copies::Never, Copies::Possible, Copies::ReadOnly];

fn histories(length: usize) -> Vec<Vec<Seen>> {
    (0..length).fold(vec![Vec::new()], |shorter, _| {
        let longer = |history: &Vec<Seen>| {
            let longer = ALL.map(|seen| [history.clone(), vec![seen]].concat());
            longer.to_vec()
        };
        shorter.iter().flat_map(longer).collect()
    })
}

fn attempt(history: &[Seen], copies: Copies) -> Attempt {
    let mut attempt = Attempt::default();
    for seen in history {
        match seen {
            Seen::Posted => attempt.posted(),
            Seen::NotPosted => attempt.not_posted(),
            Seen::Undelivered => attempt.undelivered(copies),
            Seen::Said(refusal) => attempt.refused(*refusal, copies),
        }
    }
    attempt
}

/// The same, of the history as a whole: what was seen last counts, if it can be about all that was ever posted.
fn known(history: &[Seen], copies: Copies) -> Known {
    let posts = |history: &[Seen]| history.iter().filter(|one| **one == Seen::Posted).count();
    let mut telling = history.iter().enumerate().rev().filter(|(at, seen)| {
        let before = posts(&history[..*at]);
        match seen {
            Seen::Posted => true,
            Seen::NotPosted => before == 0,
            Seen::Undelivered | Seen::Said(_) => match copies {
                Copies::Never => before == 1,
                Copies::Possible => false,
                Copies::ReadOnly => true,
            },
        }
    });
    match telling.next() {
        None => Known::NotAsked,
        Some((_, Seen::Posted)) => Known::Unknown,
        Some((_, Seen::NotPosted | Seen::Undelivered)) => Known::NotDelivered,
        Some((_, Seen::Said(Refusal::Busy))) => Known::Busy,
        Some((_, Seen::Said(Refusal::Refused))) => Known::Refused,
    }
}

#[test]
fn a_record_is_what_its_history_tells() {
    let mut seen = Vec::new();
    for length in 0..=5 {
        for history in histories(length) {
            for copies in COPIES {
                let attempt = attempt(&history, copies);
                assert_eq!(attempt.known(), known(&history, copies), "{history:?}");
                let is_open = [Known::NotAsked, Known::Unknown].contains(&attempt.known());
                assert_eq!(attempt.is_pending(), is_open);
                seen.push(attempt.known());
            }
        }
    }
    for known in ALL_KNOWN {
        assert!(seen.contains(&known), "{known:?}");
    }
}

const ALL_KNOWN: [Known; 5] = [
    Known::NotAsked,
    Known::Unknown,
    Known::NotDelivered,
    Known::Busy,
    Known::Refused,
];

/// A second request is never held to have failed for what is said of one of the two.
#[test]
fn of_two_requests_one_refusal_tells_nothing() {
    let twice = [Seen::Posted, Seen::Posted];
    for said in [Seen::NotPosted, Seen::Undelivered, ALL[3], ALL[4]] {
        for copies in [Copies::Never, Copies::Possible] {
            let history = [&twice[..], &[said]].concat();
            assert_eq!(attempt(&history, copies).known(), Known::Unknown);
        }
    }
}

#[test]
fn however_often_a_request_leaves_it_counts() {
    let many = vec![Seen::Posted; 300];
    let busy = [&many[..], &[ALL[3]]].concat();
    assert_eq!(attempt(&busy, Copies::Never).known(), Known::Unknown);
}

/// The outcomes by weight, from the strongest: that it may have been done, that it can be done later, that nobody
/// got it, that all refuse.
#[test]
fn what_may_have_been_done_weighs_most() {
    let weight = |known| match known {
        Known::Unknown => (3, Failure::Unknown),
        Known::Busy => (2, Failure::Retryable),
        Known::NotAsked | Known::NotDelivered => (1, Failure::PostFailed),
        Known::Refused => (0, Failure::Fatal),
    };
    assert_eq!(conclude([]), Failure::PostFailed);
    for a in ALL_KNOWN {
        assert_eq!(conclude([a]), weight(a).1);
        for b in ALL_KNOWN {
            for c in ALL_KNOWN {
                let most = [a, b, c].map(weight).into_iter().max_by_key(|one| one.0);
                assert_eq!(
                    Some(conclude([a, b, c])),
                    most.map(|one| one.1),
                    "{a:?} {b:?} {c:?}"
                );
            }
        }
    }
}
