//! An account of each message: what a host says beyond the effects of an input, and what it must not have said.

use std::path::Path;

use conform::{Cause, Divergence, Verdict, conform};
use node::RequestId;
use node::journal::{Asked, Entry, FORMAT, Read, Start};
use paxos::{Ballot, Effects, Envelope, Input, Message, Round};

use crate::host::{Plan, Running, id, key, read, value};

/// The journals of a real run, of one decree, as JSON lines without checksums. What begins a process is made anew, so that
/// the case does not depend on the format of journals.
fn case(name: &str) -> Vec<Vec<Entry>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases")).join(name);
    let entry = |line: &str| {
        let found: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| found[name].clone();
        match found["entry"].as_str().unwrap() {
            "start" => Entry::Start(Start {
                format: FORMAT,
                schema: node::journal::schema().ok().map(node::Schema::id),
                cluster: serde_json::from_value(field("cluster")).unwrap(),
                roles: serde_json::from_value(field("roles")).unwrap(),
                rules: serde_json::from_value(field("rules")).unwrap(),
                node: serde_json::from_value(field("node")).unwrap(),
                incarnation: found["incarnation"].as_u64().unwrap(),
            }),
            _ => serde_json::from_value(found).unwrap(),
        }
    };
    let journal = |number: usize| {
        let text = std::fs::read_to_string(folder.join(format!("n{number}.jsonl"))).unwrap();
        text.lines().map(entry).collect()
    };
    (0..3).map(journal).collect()
}

fn reads(journals: Vec<Vec<Entry>>) -> Vec<Read> {
    let numbered = journals.into_iter().enumerate();
    numbered.map(|(at, entries)| read(at, entries)).collect()
}

fn assert_conforms(journals: Vec<Vec<Entry>>) {
    let found = conform(reads(journals)).unwrap();
    let lines = found.lines();
    assert!(matches!(found.verdict, Verdict::Conforms), "{lines:#?}");
}

/// The first divergence of these journals.
fn diverges(journals: Vec<Vec<Entry>>) -> Divergence {
    let found = conform(reads(journals)).unwrap();
    let lines = found.lines();
    match found.verdict {
        Verdict::Diverges(found) => found.into_iter().next().unwrap(),
        Verdict::Conforms | Verdict::Incomplete(_) => panic!("{lines:#?}"),
    }
}

/// Whether a Prepare of this ballot, as in `1.2`, is handled.
fn handles_prepare(entry: &Entry, wanted: &str) -> bool {
    let Entry::Handle {
        input: Input::Receive(envelope),
        ..
    } = entry
    else {
        return false;
    };
    matches!(envelope.message, Message::Prepare { ballot } if ballot.to_string() == wanted)
}

/// The place of the `nth` entry that is such.
fn place(entries: &[Entry], nth: usize, is: impl Fn(&Entry) -> bool) -> usize {
    let places = (0..entries.len()).filter(|at| is(&entries[*at]));
    places.clone().nth(nth).unwrap()
}

/// n1 dies between the flush of a promise and the line that says so, and repeats the promise when it is asked again.
#[test]
fn a_promise_that_is_on_the_disk_is_repeated() {
    assert_conforms(case("repeated-promise"));
    assert_conforms(story(false));
}

#[test]
fn a_promise_that_is_on_the_disk_and_was_not_asked_for_again() {
    let mut journals = case("repeated-promise");
    let again = place(&journals[1], 1, |entry| handles_prepare(entry, "1.2"));
    journals[1].remove(again);
    // It is asked again, but after a higher promise.
    assert!(
        journals[1]
            .iter()
            .skip(again)
            .any(|entry| handles_prepare(entry, "1.2"))
    );
    let found = diverges(journals);
    assert_eq!(found.cause, Cause::SentUnsaved, "{found:#?}");
    assert!(
        found.problem.contains("n2 received Promise 1.2"),
        "{found:#?}"
    );
}

#[test]
fn a_promise_that_was_never_on_any_disk() {
    let mut journals = case("repeated-promise");
    let again = place(&journals[1], 1, |entry| handles_prepare(entry, "1.2"));
    journals[1].remove(again);
    let Entry::Load { record, .. } = &mut journals[1][again - 1] else {
        panic!("a restarted node loads first")
    };
    *record = None;
    let found = diverges(journals);
    assert_eq!(found.cause, Cause::SentUnsaved, "{found:#?}");
}

/// n2 is asked for tea. n1 promises, and votes if `votes`, and dies between the flush and its line.
fn story(votes: bool) -> Vec<Vec<Entry>> {
    let mut running = Running::new(&Plan::new(0));
    running.servers[2].propose(&key("k0"), value("tea"), RequestId::from_bytes([2; 16]));
    running.save(2, false);
    if votes {
        // n0 promises, so n2 proposes; n1 has heard of nothing yet.
        running.deliver();
        running.deliver_to(2);
    }
    running.die_over(1);
    running.settle();
    running.stop();
    running
        .journals()
        .into_iter()
        .map(|journal| {
            journal
                .entries
                .into_iter()
                .map(|(_, entry)| entry)
                .collect()
        })
        .collect()
}

/// As `story`, and n2 receives this of n1 as soon as it has proposed.
fn lie(journals: &mut [Vec<Entry>], message: Message<node::Value>) -> usize {
    let proposes = |entry: &Entry| {
        let Entry::Handle { effects, .. } = entry else {
            return false;
        };
        let said = effects.send.as_ref().map(|said| &said.message);
        matches!(said, Some(Message::Propose { .. }))
    };
    let at = place(&journals[2], 0, proposes) + 1;
    let received = Entry::Handle {
        key: key("k0"),
        input: Input::Receive(Envelope {
            from: id(1),
            to: id(2),
            message,
        }),
        effects: Box::new(Effects {
            persist: None,
            send: None,
            set_timer: None,
            chosen: None,
        }),
        asked: None,
    };
    journals[2].insert(at, received);
    at
}

fn first() -> Ballot {
    Ballot {
        round: Round::FIRST,
        node: id(2),
    }
}

#[test]
fn a_promise_is_not_repeated_for_a_vote() {
    let mut journals = story(true);
    assert_conforms(journals.clone());
    let promise = Message::Promise {
        ballot: first(),
        accepted: None,
    };
    let at = lie(&mut journals, promise);
    let found = diverges(journals);
    assert_eq!(found.cause, Cause::SentUnsaved, "{found:#?}");
    assert_eq!(found.place.to_string(), format!("n2.journal:{}", at + 1));
}

/// The vote is on the disk, and nobody asked for it again.
#[test]
fn a_vote_that_is_on_the_disk_and_was_not_asked_for_again() {
    let mut journals = story(true);
    let loaded = place(&journals[1], 1, |entry| matches!(entry, Entry::Load { .. }));
    journals[1].truncate(loaded + 1);
    let vote = Message::Accepted {
        ballot: first(),
        value: value("tea"),
    };
    let at = lie(&mut journals, vote);
    let found = diverges(journals);
    assert_eq!(found.cause, Cause::SentUnsaved, "{found:#?}");
    assert_eq!(found.place.to_string(), format!("n2.journal:{}", at + 1));
}

/// n2 knows of the repetition before n1 can have said it. That the journal of n1 begins too late to show the first promise
/// is no excuse: the repetition is in it.
#[test]
fn a_promise_that_was_known_before_it_was_repeated() {
    let mut running = Running::new(&Plan::new(0));
    running.servers[2].propose(&key("k0"), value("tea"), RequestId::from_bytes([2; 16]));
    running.save(2, false);
    running.die_over(1);
    running.settle();
    running.servers[1].propose(&key("k1"), value("milk"), RequestId::from_bytes([1; 16]));
    running.save(1, false);
    running.settle();
    let journals = running.journals().into_iter();
    let mut journals: Vec<Vec<Entry>> = journals
        .map(|journal| {
            journal
                .entries
                .into_iter()
                .map(|(_, entry)| entry)
                .collect()
        })
        .collect();
    // n1's first process is not in its journal, and its second decree comes first.
    let restart = place(&journals[1], 1, |entry| matches!(entry, Entry::Start(_)));
    journals[1].drain(..restart);
    let second = place(
        &journals[1],
        0,
        |entry| matches!(entry, Entry::Load { key: about, .. } if *about == key("k1")),
    );
    journals[1][1..].rotate_left(second - 1);
    let found = diverges(journals);
    assert_eq!(found.cause, Cause::NoOrder, "{found:#?}");
}

/// n1 votes for tea and then for milk in one batch. Its own read has counted the first vote, which nobody else knows of yet.
#[test]
fn a_reader_knows_the_votes_of_its_own_batch() {
    let mut running = Running::new(&Plan::new(0));
    let k0 = key("k0");
    for (of, what) in [(0, "tea"), (2, "milk")] {
        let request = RequestId::from_bytes([of as u8; 16]);
        running.servers[of].propose(&k0, value(what), request);
        running.save(of, false);
    }
    let ballot = |of| Ballot {
        round: Round::FIRST,
        node: id(of),
    };
    let from = |of, to, message| {
        Input::Receive(Envelope {
            from: id(of),
            to: id(to),
            message,
        })
    };
    let prepare = |of| Message::Prepare { ballot: ballot(of) };
    let promise = |of| Message::Promise {
        ballot: ballot(of),
        accepted: None,
    };
    let propose = |of, what| Message::Propose {
        ballot: ballot(of),
        value: value(what),
    };
    // n1 promises n0, and n0 promises n2, before either has voted: so both propose what they were asked for.
    for (at, input) in [
        (1, from(0, 1, prepare(0))),
        (0, from(2, 0, prepare(2))),
        (0, from(1, 0, promise(0))),
        (2, from(0, 2, promise(2))),
    ] {
        running.servers[at].handle(&k0, input, None);
        running.save(at, false);
    }
    running.servers[1].handle(&k0, from(0, 1, propose(0, "tea")), None);
    running.servers[1].handle(&k0, from(2, 1, propose(2, "milk")), None);
    let read = Some(Asked::Reader);
    running.servers[1].handle(&k0, Input::Propose(value("tea")), read);
    running.save(1, false);
    let journals = running.journals().into_iter();
    let journals = journals.map(|journal| journal.entries.into_iter().map(|(_, entry)| entry));
    let mut journals: Vec<Vec<Entry>> = journals.map(Iterator::collect).collect();
    assert_conforms(journals.clone());
    // For what nobody has voted for there is no such account.
    let read = place(&journals[1], 0, |entry| {
        matches!(entry, Entry::Handle { asked: Some(_), .. })
    });
    let Entry::Handle { input, .. } = &mut journals[1][read] else {
        panic!("it was found")
    };
    *input = Input::Propose(value("salt"));
    assert_eq!(diverges(journals).cause, Cause::NeverSent);
}
