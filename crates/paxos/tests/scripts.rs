//! Conversations between nodes, as files that are read like a story: `tests/scripts/*.txt`.
//!
//! A script opens with its story in words and its set-up; then every command stands above what it
//! brings about, one line one event, in the order the host carries out the effects. A changed
//! conversation fails here; `UPDATE_SCRIPTS=1 cargo test -p paxos --test scripts` writes the new
//! one, to be read as a diff.
//!
//! | line | meaning |
//! |---|---|
//! | `# …` | for the reader |
//! | `cluster 3` | that many servers, all roles on each |
//! | `cluster proposers=0 acceptors=1,2,3 learners=4` | roles apart |
//! | `rules lamport`, `rules notes`, `rules flexible 3 2` | the rules; Lamport's unless said |
//! | `ask n0 A` | a client asks n0 for the value A |
//! | `timeout n0` | n0's retry timer ends |
//! | `deliver n0 n1 Prepare 1.0` | a message that was sent arrives; once more if it had already |
//! | `deliver n0 n1 Prepare 1.0 at n2` | … at a node it is not for |
//! | `deliver all` | all that never arrived and is not lost, in the order of sending, until quiet |
//! | `lose n0 n1 Prepare 1.0` | a message that was sent is passed over by `deliver all` |
//! | `forge n3 n1 Prepare 1.0` | a message arrives that nobody sent |
//! | `crash n1` | the memory of n1 is lost; it starts with its disk |
//! | `torn n1 after-persist: <command>` | n1 handles the command's input, persists, crashes |
//! | `torn n1 after-sends 2: <command>` | … crashes when two of the envelopes are out |
//! | `show n1` | what n1 has in memory |

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::{Debug, Write};
use std::path::Path;
use std::{env, fs};

use paxos::{
    Ballot, Broadcast, Cluster, Durable, Envelope, Flexible, Input, Lamport, Learner, Message,
    Node, NodeId, NodeSet, Progress, Round, Rules, StrictAccept, Timer, Vote,
};

/// What a command brings about: one line one event.
type Events = Vec<String>;

/// A message somebody sent. It stays, so that it can arrive twice.
struct Letter {
    envelope: Envelope<char>,
    /// It arrived, or is lost: `deliver all` passes it over.
    done: bool,
}

/// The nodes of a script, their disks, and all that was ever sent.
struct Stage<R> {
    rules: R,
    cluster: Cluster,
    nodes: Vec<Node<char>>,
    disks: Vec<Durable<char>>,
    mail: Vec<Letter>,
}

impl<R: Rules> Stage<R> {
    fn new(rules: R, cluster: Cluster) -> Stage<R> {
        let ids = (0..NodeId::LIMIT).map_while(NodeId::new);
        Stage {
            nodes: ids
                .map(|id| Node::start(id, cluster, &rules, Durable::EMPTY))
                .collect(),
            disks: vec![Durable::EMPTY; NodeId::LIMIT],
            mail: Vec::new(),
            rules,
            cluster,
        }
    }

    /// Handles an input and carries out the effects in their order; with `sends`, only so many of
    /// the envelopes, and then a crash.
    fn step(&mut self, id: NodeId, input: Input<char>, sends: Option<usize>) -> Events {
        let effects = self.nodes[id.index()].handle(&self.rules, input);
        let mut events = Events::new();
        if let Some(durable) = effects.persist {
            self.disks[id.index()] = durable;
            events.push(format!("{id} persist {}", on_disk(&durable)));
        }
        let envelopes = effects.send.iter().flat_map(Broadcast::envelopes);
        for envelope in envelopes.take(sends.unwrap_or(NodeId::LIMIT)) {
            events.push(envelope.to_string());
            self.mail.push(Letter {
                envelope,
                done: false,
            });
        }
        if sends.is_some() {
            events.extend(self.crash(id));
            return events;
        }
        if let Some(timer) = effects.set_timer {
            events.push(format!("{id} timer {timer:?}"));
        }
        if let Some(value) = effects.chosen {
            events.push(format!("{id} chosen {value}"));
        }
        if events.is_empty() {
            events.push("(nothing)".into());
        }
        events
    }

    fn crash(&mut self, id: NodeId) -> Events {
        let disk = self.disks[id.index()];
        self.nodes[id.index()] = Node::start(id, self.cluster, &self.rules, disk);
        vec![format!("{id} starts {}", on_disk(&disk))]
    }

    /// The letter with this envelope: one that has not arrived, or else one that has.
    fn letter(&mut self, envelope: &Envelope<char>) -> Option<&mut Letter> {
        let matching = self.mail.iter_mut().filter(|l| l.envelope == *envelope);
        matching.min_by_key(|letter| letter.done)
    }

    fn deliver_all(&mut self) -> Events {
        let mut events = Events::new();
        while let Some(letter) = self.mail.iter_mut().find(|letter| !letter.done) {
            letter.done = true;
            let envelope = letter.envelope;
            let Envelope { from, to, message } = envelope;
            events.push(format!("deliver {from} {to} {message}"));
            let brought_about = self.step(to, Input::Receive(envelope), None);
            events.extend(brought_about.iter().map(|event| format!("  {event}")));
        }
        if events.is_empty() {
            events.push("(nothing)".into());
        }
        events
    }

    /// A command that gives one node one input.
    fn input(&mut self, words: &[&str]) -> Option<(NodeId, Input<char>)> {
        match words {
            ["ask", id, value] => Some((node(id)?, Input::Propose(letter(value)?))),
            ["timeout", id] => Some((node(id)?, Input::Timeout(Timer::Retry))),
            ["forge", envelope @ ..] => {
                let envelope = parse_envelope(envelope)?;
                Some((envelope.to, Input::Receive(envelope)))
            }
            ["deliver", envelope @ .., "at", id] => {
                let letter = self.letter(&parse_envelope(envelope)?)?;
                Some((node(id)?, Input::Receive(letter.envelope)))
            }
            ["deliver", envelope @ ..] => {
                let letter = self.letter(&parse_envelope(envelope)?)?;
                letter.done = true;
                Some((letter.envelope.to, Input::Receive(letter.envelope)))
            }
            _ => None,
        }
    }

    /// What the command brings about; `None` if there is no such command, or no such message.
    fn perform(&mut self, command: &str) -> Option<Events> {
        if let Some(torn) = command.strip_prefix("torn ") {
            let (tear, command) = torn.split_once(": ")?;
            let words: Vec<&str> = tear.split_whitespace().collect();
            let (id, sends) = match words.as_slice() {
                [id, "after-persist"] => (node(id)?, 0),
                [id, "after-sends", sends] => (node(id)?, sends.parse().ok()?),
                _ => return None,
            };
            let words: Vec<&str> = command.split_whitespace().collect();
            let (at, input) = self.input(&words)?;
            return (at == id).then(|| self.step(id, input, Some(sends)));
        }
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["deliver", "all"] => Some(self.deliver_all()),
            ["lose", envelope @ ..] => {
                self.letter(&parse_envelope(envelope)?)?.done = true;
                Some(vec!["(nothing)".into()])
            }
            ["crash", id] => Some(self.crash(node(id)?)),
            ["show", id] => Some(in_memory(&self.nodes[node(id)?.index()])),
            other => {
                let (id, input) = self.input(other)?;
                Some(self.step(id, input, None))
            }
        }
    }
}

/// `-` for none.
fn or_dash<T: Debug>(thing: Option<T>) -> String {
    thing.map_or("-".into(), |thing| format!("{thing:?}"))
}

fn vote(vote: Option<Vote<char>>) -> String {
    vote.map_or("-".into(), |vote| vote.to_string())
}

fn on_disk(durable: &Durable<char>) -> String {
    let Durable {
        round,
        promised,
        accepted,
    } = durable;
    let (round, promised) = (or_dash(*round), or_dash(*promised));
    format!(
        "round {round} promised {promised} accepted {}",
        vote(*accepted)
    )
}

fn in_memory(node: &Node<char>) -> Events {
    let id = node.id();
    let proposer = node.proposer();
    let own = proposer.client_value.map_or('-', |value| value);
    let progress = match proposer.progress {
        Progress::Idle => "Idle".into(),
        Progress::Preparing {
            ballot,
            promises,
            best,
        } => format!("Preparing {ballot} promises {promises} best {}", vote(best)),
        Progress::Proposing { ballot } => format!("Proposing {ballot}"),
    };
    let learner = match node.learner() {
        Learner::Unaware => "Unaware".into(),
        Learner::Counting {
            ballot,
            value,
            voters,
        } => format!("Counting {ballot}={value} voters {voters}"),
        Learner::Chosen(value) => format!("Chosen {value}"),
    };
    let seen = or_dash(proposer.highest_nack);
    vec![
        format!("{id} remembers {}", on_disk(&node.durable())),
        format!("{id} proposer own {own} seen {seen} {progress}"),
        format!("{id} learner {learner}"),
    ]
}

fn node(word: &str) -> Option<NodeId> {
    NodeId::new(word.strip_prefix('n')?.parse().ok()?)
}

fn letter(word: &str) -> Option<char> {
    let mut letters = word.chars();
    letters.next().filter(|_| letters.as_str().is_empty())
}

fn parse_ballot(word: &str) -> Option<Ballot> {
    let (round, node) = word.split_once('.')?;
    Some(Ballot {
        round: Round::new(round.parse().ok()?)?,
        node: NodeId::new(node.parse().ok()?)?,
    })
}

fn parse_vote(word: &str) -> Option<Vote<char>> {
    let (ballot, value) = word.split_once('=')?;
    Some(Vote {
        ballot: parse_ballot(ballot)?,
        value: letter(value)?,
    })
}

/// A message as its `Display` writes it.
fn parse_message(words: &[&str]) -> Option<Message<char>> {
    Some(match words {
        ["Prepare", ballot] => Message::Prepare {
            ballot: parse_ballot(ballot)?,
        },
        ["Promise", ballot] => Message::Promise {
            ballot: parse_ballot(ballot)?,
            accepted: None,
        },
        ["Promise", ballot, "accepted", vote] => Message::Promise {
            ballot: parse_ballot(ballot)?,
            accepted: Some(parse_vote(vote)?),
        },
        ["Propose", vote] => {
            let Vote { ballot, value } = parse_vote(vote)?;
            Message::Propose { ballot, value }
        }
        ["Accepted", vote] => {
            let Vote { ballot, value } = parse_vote(vote)?;
            Message::Accepted { ballot, value }
        }
        ["Nack", ballot, "promised", promised] => Message::Nack {
            ballot: parse_ballot(ballot)?,
            promised: parse_ballot(promised)?,
        },
        _ => return None,
    })
}

fn parse_envelope(words: &[&str]) -> Option<Envelope<char>> {
    let [from, to, message @ ..] = words else {
        return None;
    };
    Some(Envelope {
        from: node(from)?,
        to: node(to)?,
        message: parse_message(message)?,
    })
}

/// `proposers=0,1`
fn parse_role(word: &str, role: &str) -> Option<NodeSet> {
    let list = word.strip_prefix(role)?.strip_prefix('=')?;
    let numbers = list.split(',').filter(|number| !number.is_empty());
    numbers
        .map(|number| NodeId::new(number.parse().ok()?))
        .collect()
}

fn parse_cluster(words: &[&str]) -> Option<Cluster> {
    match words {
        [servers] => Cluster::all_roles(servers.parse().ok()?),
        [proposers, acceptors, learners] => Cluster::apart(
            parse_role(proposers, "proposers")?,
            parse_role(acceptors, "acceptors")?,
            parse_role(learners, "learners")?,
        ),
        _ => None,
    }
}

/// The commands and comments of a script with what the commands bring about beneath them; what
/// stood there before is not looked at. The error names the line.
fn perform(script: &str) -> Result<String, String> {
    let mut setup = (None, vec!["lamport"]);
    for (i, line) in script.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["cluster", words @ ..] => {
                let cluster = parse_cluster(words);
                setup.0 = Some(cluster.ok_or_else(|| format!("{}: no cluster: {line}", i + 1))?);
            }
            ["rules", words @ ..] => setup.1 = words.to_vec(),
            _ => {}
        }
    }
    let cluster = setup
        .0
        .ok_or("no line says which cluster, as `cluster 3` does")?;
    match setup.1.as_slice() {
        ["lamport"] => play(script, Stage::new(Lamport, cluster)),
        ["notes"] => play(script, Stage::new(StrictAccept, cluster)),
        ["flexible", prepare, accept] => {
            let size = |word: &str| word.parse().map_err(|_| format!("no quorum size: {word}"));
            let rules = Flexible {
                prepare: size(prepare)?,
                accept: size(accept)?,
            };
            play(script, Stage::new(rules, cluster))
        }
        other => Err(format!("no such rules: {}", other.join(" "))),
    }
}

fn play<R: Rules>(script: &str, mut stage: Stage<R>) -> Result<String, String> {
    let mut played = String::new();
    for (i, line) in script.lines().enumerate() {
        if line.starts_with(' ') {
            continue;
        }
        played.push_str(line);
        played.push('\n');
        let setup = line.starts_with("cluster ") || line.starts_with("rules ");
        if line.is_empty() || line.starts_with('#') || setup {
            continue;
        }
        let events = stage
            .perform(line)
            .ok_or_else(|| format!("{}: no such command, or no such message: {line}", i + 1))?;
        for event in events {
            writeln!(played, "  {event}").unwrap();
        }
    }
    Ok(played)
}

/// Plays a script; the error says where it differs from what is written, in the words of both.
fn check(script: &str) -> Result<(), String> {
    if !script.starts_with("# ") {
        return Err("1: a script opens with its story, `# …`".into());
    }
    let played = perform(script)?;
    let (mut expected, mut found) = (script.lines(), played.lines());
    for number in 1.. {
        let (expected, found) = (expected.next(), found.next());
        if expected.is_none() && found.is_none() {
            break;
        }
        if expected != found {
            let [expected, found] = [expected, found].map(|line| line.unwrap_or("(the end)"));
            return Err(format!(
                "{number}: expected\n{expected}\nfound\n{found}\n(UPDATE_SCRIPTS=1 writes what is found)"
            ));
        }
    }
    Ok(())
}

#[test]
fn the_scripts_are_what_the_nodes_say() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    let mut errors = Vec::new();
    for path in paths {
        let mut script = fs::read_to_string(&path).unwrap();
        if env::var_os("UPDATE_SCRIPTS").is_some() {
            match perform(&script) {
                Ok(played) => script = played,
                Err(error) => errors.push(format!("{}:{error}", path.display())),
            }
            fs::write(&path, &script).unwrap();
        }
        if let Err(error) = check(&script) {
            errors.push(format!("{}:{error}", path.display()));
        }
    }
    assert!(errors.is_empty(), "{}", errors.join("\n\n"));
}

#[test]
fn a_difference_is_reported_with_its_line() {
    let script = "# One server.\ncluster 1\nask n0 A\n";
    let played = perform(script).unwrap();
    assert_eq!(check(&played), Ok(()));
    let missing = check(script).unwrap_err();
    assert!(missing.starts_with("4: expected\n(the end)\nfound\n  n0 persist"));
    let wrong = check(&played.replace("Prepare 1.0", "Prepare 2.0")).unwrap_err();
    assert!(wrong.starts_with("5: expected\n  n0 → n0 Prepare 2.0\nfound\n  n0 → n0 Prepare 1.0"));
    let surplus = check(&format!("{played}  n0 chosen A\n")).unwrap_err();
    assert!(surplus.starts_with("7: expected\n  n0 chosen A\nfound\n(the end)"));
    let unexplained = check("cluster 1\n").unwrap_err();
    assert!(unexplained.starts_with("1: "));
}

#[test]
fn what_cannot_be_performed_is_refused_with_its_line() {
    for command in [
        "shout n0",
        "ask n0",
        "ask n0 AB",
        "ask n16 A",
        "timeout 0",
        "deliver n0 n1 Prepare 1.0",
        "deliver n0 n1 Prepare 0.0",
        "forge n0 n1 Vote 1.0",
        "torn n1 after-persist: timeout n0",
        "torn n0 before-persist: timeout n0",
        "crash",
        "show n99",
    ] {
        let script = format!("# A story.\ncluster 3\n{command}\n");
        let expected = format!("3: no such command, or no such message: {command}");
        assert_eq!(perform(&script), Err(expected));
    }
    for setup in [
        "",
        "cluster 0",
        "cluster 3\nrules best",
        "cluster 3\nrules flexible 2",
    ] {
        assert!(
            perform(&format!("# A story.\n{setup}\n")).is_err(),
            "{setup}"
        );
    }
}
