//! Every kind of lie is caught, at its line.

use conform::{Cause, Divergence, Refused, Verdict, conform};
use node::journal::{Entry, JournalError, Read, Writer};
use node::{ClusterId, Record, RequestId};
use paxos::{Envelope, Input, Message};

use crate::host::{Lie, Plan, Running, id, key, read, run, value};

/// n0 is asked for tea, all hear of it, and all ends in order.
fn tea() -> Vec<Vec<Entry>> {
    let mut running = Running::new(&Plan::new(0));
    ask(&mut running, 0, "k0", "tea");
    running.stop();
    entries(running.journals())
}

fn ask(running: &mut Running, of: usize, about: &str, what: &str) {
    let request = RequestId::from_bytes([of as u8; 16]);
    running.servers[of].propose(&key(about), value(what), request);
    running.save(of, false);
    running.settle();
}

fn entries(journals: Vec<Read>) -> Vec<Vec<Entry>> {
    let plain = |journal: Read| journal.entries.into_iter().map(|(_, entry)| entry);
    journals
        .into_iter()
        .map(|one| plain(one).collect())
        .collect()
}

fn reads(journals: Vec<Vec<Entry>>) -> Vec<Read> {
    let numbered = journals.into_iter().enumerate();
    numbered.map(|(at, entries)| read(at, entries)).collect()
}

/// The divergence of these journals, which is at this entry of this node.
fn caught(journals: Vec<Vec<Entry>>, node: usize, at: usize) -> Divergence {
    let found = conform(reads(journals)).unwrap();
    let lines = found.lines().join("\n");
    let Verdict::Diverges(divergence) = found.verdict else {
        panic!("{lines}");
    };
    let divergence = divergence.into_iter().next().unwrap();
    let place = format!("n{node}.journal:{}", at + 1);
    assert_eq!(divergence.place.to_string(), place, "{lines}");
    assert!(
        lines.contains(&place) && lines.contains("checked"),
        "{lines}"
    );
    divergence
}

fn find(entries: &[Entry], is: impl Fn(&Entry) -> bool) -> usize {
    entries.iter().position(is).unwrap()
}

fn sends_vote(entry: &Entry) -> bool {
    let Entry::Handle { effects, .. } = entry else {
        return false;
    };
    let said = effects.send.as_ref().map(|said| &said.message);
    matches!(said, Some(Message::Accepted { .. }))
}

fn is_receive(entry: &Entry) -> bool {
    matches!(
        entry,
        Entry::Handle {
            input: Input::Receive(_),
            ..
        }
    )
}

#[test]
fn the_story_without_a_lie_conforms() {
    let found = conform(reads(tea())).unwrap();
    assert!(
        matches!(found.verdict, Verdict::Conforms),
        "{:#?}",
        found.lines()
    );
    assert_eq!((found.decrees, found.decided, found.modelled), (1, 1, 1));
}

#[test]
fn an_altered_effect() {
    let mut journals = tea();
    let at = find(&journals[1], sends_vote);
    let Entry::Handle { effects, .. } = &mut journals[1][at] else {
        panic!()
    };
    effects.persist = None;
    let found = caught(journals, 1, at);
    assert_eq!(found.cause, Cause::NotAStep);
    assert!(found.expected[0].contains("vote 1.0=tea"), "{found:#?}");
    assert!(!found.found.contains("persist"), "{found:#?}");
    assert!(found.before.unwrap().contains("promise 1.0"));
}

#[test]
fn a_message_that_was_never_sent() {
    let mut journals = tea();
    let at = find(&journals[1], is_receive);
    let Entry::Handle {
        input: Input::Receive(envelope),
        ..
    } = &mut journals[1][at]
    else {
        panic!()
    };
    envelope.from = id(2);
    let found = caught(journals, 1, at);
    assert_eq!(found.cause, Cause::NeverSent);
    assert!(found.problem.contains("which n2 never sent"), "{found:#?}");
    assert!(found.notes.is_empty());
}

#[test]
fn a_message_that_a_cut_journal_does_not_have() {
    let mut journals = tea();
    let cut = find(&journals[1], sends_vote);
    journals[1].truncate(cut);
    assert!(journals[0].iter().any(|entry| from(entry, 1, true)));
    let found = conform(reads(journals)).unwrap();
    let Verdict::Diverges(found) = found.verdict else {
        panic!()
    };
    let found = found.into_iter().next().unwrap();
    assert_eq!(found.cause, Cause::NeverSent);
    assert!(found.notes[0].contains("may have been cut"), "{found:#?}");
}

/// Whether a message of this node arrives; a vote, if asked for.
fn from(entry: &Entry, node: usize, vote: bool) -> bool {
    let Entry::Handle {
        input: Input::Receive(Envelope { from, message, .. }),
        ..
    } = entry
    else {
        return false;
    };
    *from == id(node) && (!vote || matches!(message, Message::Accepted { .. }))
}

#[test]
fn a_message_to_somebody_else() {
    let mut journals = tea();
    let at = find(&journals[1], is_receive);
    let Entry::Handle {
        input: Input::Receive(envelope),
        ..
    } = &mut journals[1][at]
    else {
        panic!()
    };
    envelope.to = id(2);
    assert_eq!(caught(journals, 1, at).cause, Cause::OutOfPlace);
}

#[test]
fn a_message_that_left_before_it_was_saved() {
    let mut journals = tea();
    let vote = find(&journals[1], sends_vote);
    assert!(matches!(journals[1][vote + 1], Entry::Handle { .. }));
    // The process dies over the batch, and the next one knows nothing of the vote.
    let Entry::Start(mut start) = journals[1][0].clone() else {
        panic!()
    };
    start.incarnation += 1;
    journals[1].truncate(vote + 1);
    journals[1].push(Entry::Start(start));
    let at = [0, 2].map(|node| journals[node].iter().position(|entry| from(entry, 1, true)));
    let found = conform(reads(journals)).unwrap();
    let Verdict::Diverges(found) = found.verdict else {
        panic!()
    };
    let found = found.into_iter().next().unwrap();
    assert_eq!(found.cause, Cause::SentUnsaved, "{found:#?}");
    let line = at[found.node.index() / 2].unwrap() + 1;
    assert!(
        found.place.to_string().ends_with(&format!(":{line}")),
        "{found:#?}"
    );
    assert!(
        found.notes[0].contains(&format!("n1.journal:{}", vote + 1)),
        "{found:#?}"
    );
}

#[test]
fn hosts_that_send_first() {
    let mut caught = 0;
    for seed in 0..100 {
        let mut plan = Plan::new(seed);
        plan.lie = Lie::SendsFirst;
        plan.crash = 8;
        if let Verdict::Diverges(found) = conform(run(&plan)).unwrap().verdict {
            let found = found.into_iter().next().unwrap();
            let causes = [Cause::SentUnsaved, Cause::NobodyKnew];
            assert!(causes.contains(&found.cause), "seed {seed}: {found:#?}");
            caught += 1;
        }
    }
    assert!(caught > 20, "{caught}");
}

#[test]
fn stores_that_forget() {
    let mut caught = 0;
    for seed in 0..100 {
        let mut plan = Plan::new(seed);
        plan.lie = Lie::Forgets;
        plan.crash = 10;
        if let Verdict::Diverges(found) = conform(run(&plan)).unwrap().verdict {
            let found = found.into_iter().next().unwrap();
            assert_eq!(found.cause, Cause::StoreDiffers, "seed {seed}: {found:#?}");
            caught += 1;
        }
    }
    assert!(caught > 50, "{caught}");
}

#[test]
fn a_store_that_shows_half_a_batch() {
    let mut running = Running::new(&Plan::new(0));
    let request = RequestId::from_bytes([0; 16]);
    let server = &mut running.servers[0];
    // Two decrees in one batch, and the process dies over it.
    server.propose(&key("k0"), value("tea"), request);
    server.propose(&key("k1"), value("milk"), request);
    server.start();
    let Some(Entry::Handle { effects, .. }) = server
        .journal
        .iter()
        .rfind(|entry| matches!(entry, Entry::Handle { effects, .. } if effects.persist.is_some()))
    else {
        panic!()
    };
    let saved = effects.persist.clone().map(Record::Open);
    for (name, record) in [("k0", None), ("k1", saved)] {
        let key = key(name);
        server.journal.push(Entry::Load { key, record });
    }
    let journals = entries(running.journals());
    let at = journals[0].len() - 1;
    let found = caught(journals, 0, at);
    assert_eq!(found.cause, Cause::StoreDiffers);
    assert!(
        found.notes[0].contains("did not reach the disk as a whole"),
        "{found:#?}"
    );
}

/// n0 forgets that it used ballot 1.0, and uses it again. With its first process in sight, the store is
/// caught; without it each step is right, and the properties over the real values tell.
#[test]
fn one_ballot_for_two_values() {
    let mut running = Running::new(&Plan::new(0));
    ask(&mut running, 0, "k0", "tea");
    let mut first = entries(running.journals());
    let mut running = Running::new(&Plan::new(0));
    ask(&mut running, 0, "k0", "milk");
    let second = entries(running.journals()).swap_remove(0);
    let restart = first[0].len();
    let mut again = second.into_iter();
    let Some(Entry::Start(mut start)) = again.next() else {
        panic!()
    };
    start.incarnation = 2;
    first[0].push(Entry::Start(start));
    first[0].extend(again);
    let found = caught(first.clone(), 0, restart + 1);
    assert_eq!(found.cause, Cause::StoreDiffers);
    first[0].drain(..restart);
    let Verdict::Diverges(found) = conform(reads(first)).unwrap().verdict else {
        panic!()
    };
    let found = found.into_iter().next().unwrap();
    assert_eq!(
        found.cause,
        Cause::Violates("one-value-per-ballot"),
        "{found:#?}"
    );
}

/// Every step is right, and two values are chosen: the journals begin after all nodes forgot.
#[test]
fn two_decisions_behind_lost_beginnings() {
    let start = |entries: &[Entry], incarnation| {
        let Entry::Start(mut start) = entries[0].clone() else {
            panic!()
        };
        start.incarnation = incarnation;
        Entry::Start(start)
    };
    // n0 learns tea with the others, and then its journal is all that is left of it.
    let mut tea = tea();
    tea[0][0] = start(&tea[0], 2);
    let mut running = Running::new(&Plan::new(0));
    ask(&mut running, 1, "k0", "milk");
    let mut journals = entries(running.journals());
    for entries in &mut journals[1..] {
        entries[0] = start(entries, 2);
    }
    journals[0] = tea.swap_remove(0);
    let Verdict::Diverges(found) = conform(reads(journals)).unwrap().verdict else {
        panic!()
    };
    let found = found.into_iter().next().unwrap();
    assert_eq!(found.cause, Cause::Violates("agreement"), "{found:#?}");
}

#[test]
fn a_decision_nobody_knew() {
    let mut journals = tea();
    let at = find(&journals[2], |entry| matches!(entry, Entry::Load { .. })) + 1;
    journals[2].truncate(at);
    journals[2].push(Entry::Learn {
        key: key("k0"),
        from: id(1),
        value: value("salt"),
    });
    let found = caught(journals, 2, at);
    assert_eq!(found.cause, Cause::NobodyKnew, "{found:#?}");
}

#[test]
fn a_wrong_answer() {
    for (told, closed) in [(Some("salt"), true), (None, true), (Some("salt"), false)] {
        let mut journals = tea();
        let at = match closed {
            true => find(&journals[0], |entry| matches!(entry, Entry::Answer { .. })),
            false => find(&journals[0], is_receive),
        };
        journals[0].insert(
            at,
            Entry::Answer {
                key: key("k0"),
                request: RequestId::from_bytes([0; 16]),
                chosen: told.map(value),
            },
        );
        let found = conform(reads(journals)).unwrap();
        let Verdict::Diverges(found) = found.verdict else {
            panic!()
        };
        let found = found.into_iter().next().unwrap();
        let cause = match closed {
            true => Cause::WrongAnswer,
            // Before the batch is saved.
            false => Cause::SentUnsaved,
        };
        assert_eq!(found.cause, cause, "{found:#?}");
        assert!(found.place.to_string().ends_with(&format!(":{}", at + 1)));
    }
}

#[test]
fn a_reader_of_a_vote_that_nobody_cast() {
    let mut journals = tea();
    let at = find(&journals[0], |entry| matches!(entry, Entry::Handle { .. }));
    let Entry::Handle { asked, .. } = &mut journals[0][at] else {
        panic!()
    };
    *asked = Some(node::journal::Asked::Reader);
    assert_eq!(caught(journals, 0, at).cause, Cause::NeverSent);
}

#[test]
fn a_node_that_is_not_what_its_lines_make() {
    let mut done = 0;
    for seed in 0..40 {
        let mut journals = entries(run(&Plan::new(seed)));
        let stated = journals[0]
            .iter()
            .position(|entry| matches!(entry, Entry::InMemory { .. }));
        let Some(at) = stated else { continue };
        let Entry::InMemory { node, .. } = &mut journals[0][at] else {
            panic!()
        };
        let forgot = paxos::Node::start(
            node.id(),
            *node.cluster(),
            &paxos::Lamport,
            paxos::Durable::EMPTY,
        );
        if **node == forgot {
            continue;
        }
        **node = forgot;
        assert_eq!(caught(journals, 0, at).cause, Cause::MemoryDiffers);
        done += 1;
    }
    assert!(done > 5);
}

#[test]
fn journals_that_know_of_each_other_too_soon() {
    let mut running = Running::new(&Plan::new(0));
    ask(&mut running, 0, "k0", "tea");
    ask(&mut running, 1, "k1", "milk");
    let mut journals = entries(running.journals());
    // n0's second decree comes first.
    let second = find(
        &journals[0],
        |entry| matches!(entry, Entry::Load { key: about, .. } if *about == key("k1")),
    );
    journals[0][1..].rotate_left(second - 1);
    let Verdict::Diverges(found) = conform(reads(journals)).unwrap().verdict else {
        panic!()
    };
    let found = found.into_iter().next().unwrap();
    assert_eq!(found.cause, Cause::NoOrder, "{found:#?}");
}

#[test]
fn journals_that_do_not_go_together() {
    let alter = |change: fn(&mut node::journal::Start)| {
        let mut journals = tea();
        let Entry::Start(start) = &mut journals[2][0] else {
            panic!()
        };
        change(start);
        conform(reads(journals)).unwrap_err()
    };
    let foreign = alter(|start| start.cluster = ClusterId::from_bytes([8; 16]));
    assert!(matches!(foreign, Refused::Mixed { .. }));
    let text = foreign.to_string();
    assert!(
        text.contains("n2.journal:1 has cluster 0808") && !text.contains('\n'),
        "{text}"
    );
    let rules = alter(|start| start.rules = node::RulesName::StrictAccept);
    assert!(rules.to_string().contains("rules notes"), "{rules}");
    assert!(matches!(
        alter(|start| start.node = id(1)),
        Refused::Twice { .. }
    ));
    assert!(matches!(
        alter(|start| start.node = id(9)),
        Refused::OutOfPlace { .. }
    ));
    assert!(matches!(conform(Vec::new()), Err(Refused::NoJournal)));
    assert!(matches!(
        conform(vec![read(0, Vec::new())]),
        Err(Refused::Empty)
    ));
}

#[test]
fn a_line_removed_altered_or_swapped_is_refused_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n0");
    let mut writer = Writer::open(&path, u64::MAX, ClusterId::from_bytes([7; 16]), id(0)).unwrap();
    tea()[0].iter().for_each(|entry| writer.push(entry));
    writer.flush().unwrap();
    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let refused = |lines: Vec<String>| {
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        match node::journal::read(&path) {
            Err(JournalError::Altered { place, .. }) => place.line,
            other => panic!("{other:?}"),
        }
    };
    let owned = || -> Vec<String> { lines.iter().map(ToString::to_string).collect() };
    let mut removed = owned();
    removed.remove(3);
    assert_eq!(refused(removed), 4);
    let mut altered = owned();
    altered[2] = altered[2].replace("tea", "pea");
    assert_eq!(refused(altered), 3);
    let mut swapped = owned();
    swapped.swap(4, 5);
    assert_eq!(refused(swapped), 5);
}
