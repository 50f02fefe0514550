//! Lines of journals: those of this program stay as they are, those of others are read as they were meant or refused by
//! name.

#![expect(
    clippy::unwrap_used,
    reason = "it is a test, also where it is not a test function"
)]

#[path = "common/golden.rs"]
mod golden;

use std::fs;

use node::journal::{self, Asked, Entry, FORMAT, JournalError, Read, Start, Writer};
use node::{ClusterId, Key, Record, RequestId, RulesName, Schema, Value};
use paxos::{
    Ballot, Broadcast, Cluster, Durable, Effects, Envelope, Input, Lamport, Message, Node, NodeId,
    NodeSet, Round, Timer, Vote,
};

const CLUSTER: ClusterId = ClusterId::from_bytes([7; 16]);

fn n(number: usize) -> NodeId {
    NodeId::new(number).unwrap()
}

fn ballot(round: u32, node: usize) -> Ballot {
    Ballot {
        round: Round::new(round).unwrap(),
        node: n(node),
    }
}

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn value(text: &str) -> Value {
    text.parse().unwrap()
}

fn roles() -> Cluster {
    Cluster::all_roles(3).unwrap()
}

fn start(format: u32) -> Start {
    Start {
        format,
        cluster: CLUSTER,
        roles: roles(),
        rules: RulesName::Lamport,
        node: n(0),
        incarnation: 2,
        schema: (format > 1).then(|| journal::schema().unwrap().id()),
    }
}

/// What hangs on the core as little as possible.
fn plain_entries(format: u32) -> Vec<Entry> {
    vec![
        Entry::Start(start(format)),
        Entry::Load {
            key: key("leader"),
            record: None,
        },
        Entry::Learn {
            key: key("leader"),
            from: n(1),
            value: value("A"),
        },
        Entry::Answer {
            key: key("leader"),
            request: RequestId::from_bytes([0xab; 16]),
            chosen: Some(value("A")),
        },
        Entry::Answer {
            key: key("k"),
            request: RequestId::from_bytes([0xcd; 16]),
            chosen: None,
        },
        Entry::Saved,
        Entry::Unload { key: key("leader") },
        Entry::Stop,
        Entry::Continue(start(format)),
    ]
}

/// Every input, record, effect and message. All fields are named, so that the compiler asks for a new one.
fn handled() -> Vec<Entry> {
    let vote = Vote {
        ballot: ballot(1, 2),
        value: value("A"),
    };
    let handle = |input, effects, asked| Entry::Handle {
        key: key("k"),
        input,
        effects: Box::new(effects),
        asked,
    };
    let silent = Effects {
        persist: None,
        send: None,
        set_timer: None,
        chosen: None,
    };
    let received = |message| {
        let envelope = Envelope {
            from: n(1),
            to: n(0),
            message,
        };
        handle(Input::Receive(envelope), silent.clone(), None)
    };
    let prepare = Effects {
        persist: Some(Durable {
            round: Round::new(2),
            promised: Some(ballot(1, 2)),
            accepted: Some(vote.clone()),
        }),
        send: Some(Broadcast {
            from: n(0),
            to: NodeSet::first(3),
            message: Message::Prepare {
                ballot: ballot(2, 0),
            },
        }),
        set_timer: Some(Timer::Retry),
        chosen: None,
    };
    let announced = Effects {
        chosen: Some(value("A")),
        ..silent.clone()
    };
    vec![
        Entry::Load {
            key: key("told"),
            record: Some(Record::Chosen(value("B"))),
        },
        Entry::Load {
            key: key("k"),
            record: Some(Record::Open(Durable {
                round: None,
                promised: Some(ballot(1, 2)),
                accepted: Some(vote.clone()),
            })),
        },
        handle(
            Input::Propose(value("A")),
            prepare.clone(),
            Some(Asked::Client),
        ),
        handle(
            Input::Propose(value("A")),
            silent.clone(),
            Some(Asked::Reader),
        ),
        handle(Input::Timeout(Timer::Retry), prepare, None),
        received(Message::Prepare {
            ballot: ballot(3, 1),
        }),
        received(Message::Promise {
            ballot: ballot(2, 0),
            accepted: Some(vote),
        }),
        received(Message::Promise {
            ballot: ballot(2, 0),
            accepted: None,
        }),
        received(Message::Propose {
            ballot: ballot(3, 1),
            value: value("A"),
        }),
        received(Message::Nack {
            ballot: ballot(2, 0),
            promised: ballot(3, 1),
        }),
        handle(
            Input::Receive(Envelope {
                from: n(1),
                to: n(0),
                message: Message::Accepted {
                    ballot: ballot(3, 1),
                    value: value("A"),
                },
            }),
            announced,
            None,
        ),
    ]
}

/// Nodes in all states of all roles, as the core comes to them.
fn in_memory() -> Vec<Entry> {
    let mut node = Node::start(n(0), roles(), &Lamport, Durable::EMPTY);
    let receive = |from, message| {
        Input::Receive(Envelope {
            from: n(from),
            to: n(0),
            message,
        })
    };
    let promise = |accepted| Message::Promise {
        ballot: ballot(1, 0),
        accepted,
    };
    let accepted = Message::Accepted {
        ballot: ballot(1, 0),
        value: value("A"),
    };
    let inputs = [
        Input::Propose(value("A")),
        receive(1, promise(None)),
        receive(2, promise(None)),
        receive(
            0,
            Message::Propose {
                ballot: ballot(1, 0),
                value: value("A"),
            },
        ),
        receive(0, accepted.clone()),
        receive(1, accepted),
    ];
    let entry = |node: &Node<Value>| Entry::InMemory {
        key: key("k"),
        node: Box::new(node.clone()),
    };
    let mut entries = vec![entry(&node)];
    for input in inputs {
        let _ = node.handle(&Lamport, input);
        entries.push(entry(&node));
    }
    entries
}

fn entries(format: u32) -> Vec<Entry> {
    [plain_entries(format), handled(), in_memory()].concat()
}

/// A journal of these lines, as a file.
fn written(entries: &[Entry]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut writer = Writer::open(&path, u64::MAX, CLUSTER, n(0)).unwrap();
    entries.iter().for_each(|entry| writer.push(entry));
    writer.flush().unwrap();
    fs::read_to_string(&path).unwrap()
}

fn read(text: &str) -> Result<Read, JournalError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    fs::write(&path, text).unwrap();
    journal::read(&path)
}

fn read_entries(text: &str) -> Vec<Entry> {
    let read = read(text).unwrap();
    read.entries.into_iter().map(|(_, entry)| entry).collect()
}

/// A journal of these lines, each of them changed and with the right checksum.
fn forged(entries: &[Entry], change: impl Fn(&str) -> String) -> String {
    let text = written(entries);
    let mut last = "0".repeat(16);
    let mut forged = String::new();
    for line in text.lines() {
        let json = change(&line[17..]);
        let mut hasher = blake3::Hasher::new();
        hasher.update(last.as_bytes());
        hasher.update(json.as_bytes());
        last = hasher.finalize().to_hex()[..16].to_owned();
        forged.push_str(&format!("{last} {json}\n"));
    }
    forged
}

#[test]
fn the_lines_are_those_of_this_format() {
    let schema = golden::schema_lines(journal::schema().unwrap().text());
    let text = format!("{schema}{}", written(&entries(FORMAT)));
    golden::check("journal", "FORMAT in journal.rs", FORMAT, &text);
}

#[test]
fn each_kind_of_line_is_among_the_samples() {
    let json = serde_json::to_string(&entries(FORMAT)).unwrap();
    let schema = journal::schema().unwrap().text();
    let missing = golden::variants_without_sample(schema, &json);
    // Rules that nodes of this journal do not have.
    assert_eq!(missing, ["notes"]);
    let unknown = serde_json::from_str::<Entry>("{\"entry\":\"none\"}").unwrap_err();
    let unknown = unknown.to_string();
    let (_, kinds) = unknown.split_once("expected one of ").unwrap();
    for kind in kinds.split('`').skip(1).step_by(2) {
        assert!(json.contains(&format!("{{\"entry\":\"{kind}\"")), "{kind}");
    }
    assert_eq!(kinds.matches('`').count(), 20, "{kinds}");
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(read_entries(&written(&entries(FORMAT))), entries(FORMAT));
}

/// Written by a program of format 1. What has changed in the core since is refused, and nothing is misread.
#[test]
fn a_journal_of_format_1_is_read_rightly_or_refused_by_name() {
    let text = include_str!("golden/journal-1.txt");
    let plain = plain_entries(1);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    assert_eq!(read_entries(&lines[..plain.len()].concat()), plain);
    match read(text) {
        Ok(_) => assert_eq!(read_entries(text), entries(1)),
        Err(refused) => {
            let text = refused.to_string();
            assert!(
                matches!(refused, JournalError::OtherSchema { .. }),
                "{text}"
            );
            assert!(text.contains("a program of format 1, which names no schema"));
        }
    }
}

#[test]
fn a_line_that_would_be_read_otherwise_is_refused_by_name() {
    let ours = journal::schema().unwrap().id().to_string();
    let theirs = "0123456789abcdef";
    let all = entries(FORMAT);
    let renamed = |json: &str| json.replace(&ours, theirs);
    // As long as each line means the same, another core may have written it.
    assert_eq!(read_entries(&forged(&all, renamed)).len(), all.len());
    let changes: [(&str, &str, &str); 3] = [
        // A field more, one less, and one with another name, which would be read as if it were `None`.
        ("\"accepted\":", "\"epoch\":1,\"accepted\":", "record"),
        ("\"round\":null,", "", "record"),
        ("\"round\":null,", "\"attempt\":3,", "record"),
    ];
    for (from, to, kind) in changes {
        let changed = |json: &str| {
            let json = renamed(json);
            if json.contains(kind) {
                json.replace(from, to)
            } else {
                json
            }
        };
        let refused = read(&forged(&all, changed)).unwrap_err();
        let text = refused.to_string();
        assert!(
            matches!(refused, JournalError::OtherSchema { .. }),
            "{text}"
        );
        assert!(text.contains(theirs) && text.contains(&ours), "{text}");
        assert!(!text.contains('\n'), "{text}");
    }
}

#[test]
fn a_format_to_come_is_refused_by_name() {
    let json = |json: &str| json.replace("\"format\":2,", "\"format\":9,\"colour\":\"red\",");
    let refused = read(&forged(&plain_entries(FORMAT), json)).unwrap_err();
    let text = refused.to_string();
    assert!(
        matches!(refused, JournalError::Format { found: 9, .. }),
        "{text}"
    );
    assert!(
        text.contains("wrote format 9, and this program reads formats up to 2"),
        "{text}"
    );
}

/// One file can hold processes of several programs.
#[test]
fn each_process_is_read_by_its_own_schema() {
    let mut all = entries(FORMAT);
    all.extend(entries(1));
    all.extend(entries(FORMAT));
    assert_eq!(read_entries(&written(&all)), all);
    // That of the process before is none of this one's.
    let first = entries(FORMAT).len();
    let line = std::cell::Cell::new(0);
    let changed = |json: &str| {
        line.set(line.get() + 1);
        if line.get() > first {
            json.replace("\"round\":null,", "")
        } else {
            json.to_owned()
        }
    };
    all.truncate(first + entries(1).len());
    let refused = read(&forged(&all, changed)).unwrap_err();
    assert!(
        matches!(refused, JournalError::OtherSchema { .. }),
        "{refused}"
    );
}

#[test]
fn the_schema_names_what_the_core_writes() {
    let text = journal::schema().map(Schema::text).unwrap();
    for name in [
        "Durable {",
        "Proposer {",
        "Learner =",
        "Message =",
        "Effects {",
    ] {
        assert!(text.contains(name), "{name} is not in {text}");
    }
}
