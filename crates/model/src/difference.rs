//! Where two states differ, in words.

use std::collections::BTreeMap;

use paxos::client::Known;
use paxos::{Durable, Learner, NodeId, NodeSet, Progress};

use crate::reads::{answers_in_words, heard};
use crate::{
    Call, Clients, Letter, Letters, Outcome, Parcel, ReadStatus, Reading, Replies, Server, State,
    World, properties,
};

/// One thing in which two states differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it shows.
    pub place: Place,
    /// What it is: "n2's vote".
    pub what: String,
    /// As the first state has it.
    pub a: String,
    /// As the second state has it.
    pub b: String,
}

/// Where a difference shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In what a node remembers: nobody else sees it yet.
    Memory,
    /// On a node's disk.
    Disk,
    /// In what has been sent.
    Network,
    /// In what a node has announced to be chosen.
    News,
    /// In what a client knows.
    Client,
    /// In what the scenario's bounds and judges count: time-outs, crashes, losses, who has stopped.
    Count,
}

impl Place {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Place::Memory => "memory",
            Place::Disk => "disk",
            Place::Network => "network",
            Place::News => "news",
            Place::Client => "client",
            Place::Count => "count",
        }
    }

    /// Whether somebody other than the node itself can tell: by its disk, by a message, by what is announced.
    pub fn is_observable(self) -> bool {
        match self {
            Place::Disk | Place::Network | Place::News | Place::Client => true,
            Place::Memory | Place::Count => false,
        }
    }
}

/// Everything in which two states of one world differ: node by node, then what was sent, then what clients know, then
/// what is counted.
pub fn differences(a: &State, b: &State) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    for ((node, of_a), (_, of_b)) in a.servers().zip(b.servers()) {
        found.server(node, &of_a, &of_b);
    }
    found.mail("message", &a.mail, &b.mail);
    found.mail("statement", &a.ledger, &b.ledger);
    for (index, (of_a, of_b)) in a.asks.iter().zip(&b.asks).enumerate() {
        found.note(
            Place::Client,
            format!("request {index}"),
            of_a,
            of_b,
            |asked: &Outcome| asked.to_string(),
        );
    }
    found.counts(a, b);
    if let (Some(of_a), Some(of_b)) = (&a.clients, &b.clients) {
        found.clients(of_a, of_b);
    }
    for (index, (of_a, of_b)) in a.reads.iter().zip(&b.reads).enumerate() {
        found.reading(index, of_a, of_b);
    }
    found.0
}

/// What a step has changed, for people: a line each, as it was and as it is.
pub(crate) fn changes(world: &World, before: &State, after: &State) -> String {
    let mut rows: Vec<[String; 3]> = differences(before, after)
        .into_iter()
        .map(|one| [one.what, one.a, one.b])
        .collect();
    let [was, is] = [before, after].map(|state| listed(properties::chosen(world, state)));
    if was != is {
        rows.push(["chosen".to_owned(), was, is]);
    }
    let widest = |of: usize| rows.iter().map(|row| row[of].chars().count()).max();
    let (whats, befores) = (widest(0).unwrap_or(0), widest(1).unwrap_or(0));
    let lines: Vec<String> = rows
        .iter()
        .map(|[what, was, is]| format!("{what:whats$}  {was:befores$} → {is}"))
        .collect();
    lines.join("\n")
}

struct Found(Vec<Difference>);

impl Found {
    fn note<T: PartialEq>(
        &mut self,
        place: Place,
        what: String,
        a: &T,
        b: &T,
        words: impl Fn(&T) -> String,
    ) {
        if a != b {
            let (a, b) = (words(a), words(b));
            self.0.push(Difference { place, what, a, b });
        }
    }

    fn server(&mut self, node: NodeId, a: &Server, b: &Server) {
        self.durable(Place::Memory, node, &a.durable(), &b.durable());
        self.durable(Place::Disk, node, &a.disk, &b.disk);
        // The round is told already.
        let (proposes_a, proposes_b) = (proposes(a), proposes(b));
        let proposer = format!("{node}'s proposer");
        self.note(
            Place::Memory,
            proposer,
            &proposes_a,
            &proposes_b,
            String::clone,
        );
        let learner = format!("{node}'s learner");
        self.note(Place::Memory, learner, &a.learner, &b.learner, learnt);
        let announced = format!("announced by {node}");
        self.note(
            Place::News,
            announced,
            &a.announced,
            &b.announced,
            |letters| listed(*letters),
        );
        let retries = format!("{node}'s time-outs");
        self.note(Place::Count, retries, &a.retries, &b.retries, u8::to_string);
    }

    /// What is counted of the whole world.
    fn counts(&mut self, a: &State, b: &State) {
        let mut count = |what: &str, a: String, b: String| {
            self.note(Place::Count, what.to_owned(), &a, &b, String::clone);
        };
        let yes_or_no = |is_so| if is_so { "yes" } else { "no" }.to_owned();
        count("crashes", a.crashes.to_string(), b.crashes.to_string());
        count(
            "a crash during a ballot",
            yes_or_no(a.mid_ballot),
            yes_or_no(b.mid_ballot),
        );
        count("stopped for ever", names(a.stopped), names(b.stopped));
        count(
            "one proposer alone tries again",
            yes_or_no(a.settled),
            yes_or_no(b.settled),
        );
        count("messages lost", a.losses.to_string(), b.losses.to_string());
    }

    /// What is under way between clients and nodes.
    fn clients(&mut self, a: &Clients, b: &Clients) {
        for (index, (of_a, of_b)) in a.calls.iter().zip(&b.calls).enumerate() {
            self.call(index, of_a, of_b);
        }
        let (faults, again) = ("failures".to_owned(), "asked again".to_owned());
        self.note(Place::Count, faults, &a.faults, &b.faults, u8::to_string);
        self.note(Place::Count, again, &a.again, &b.again, u8::to_string);
        let stopped = "stopped for good".to_owned();
        let (of_a, of_b) = (names(a.stopped()), names(b.stopped()));
        self.note(Place::Count, stopped, &of_a, &of_b, String::clone);
    }

    fn reading(&mut self, index: usize, a: &Reading, b: &Reading) {
        let Reading {
            status,
            after_news,
            answers,
            answered,
            on_way,
        } = a;
        let what = |what: &str| format!("read {index}{what}");
        let yes_or_no = |is_so: &bool| if *is_so { "yes" } else { "no" }.to_owned();
        let (client, memory) = (Place::Client, Place::Memory);
        self.note(client, what(""), status, &b.status, ReadStatus::to_string);
        let news = what(": a client had been told");
        self.note(client, news, after_news, &b.after_news, yes_or_no);
        self.note(memory, what(" has heard"), answers, &b.answers, heard);
        let who = what(": has answered");
        self.note(Place::Network, who, answered, &b.answered, |all| {
            names(*all)
        });
        let on_its_way = what(": on its way");
        self.note(Place::Network, on_its_way, on_way, &b.on_way, |all| {
            answers_in_words(all)
        });
    }

    fn call(&mut self, index: usize, a: &Call, b: &Call) {
        let Call {
            attempt,
            is_owed,
            is_done,
            was_unknown,
            replies,
            stale,
        } = a;
        let yes_or_no = |is_so: &bool| if *is_so { "yes" } else { "no" }.to_owned();
        let what = |what: &str| format!("request {index}{what}");
        let seen = what(": seen by its client");
        let (of_a, of_b) = (attempt.known(), b.attempt.known());
        self.note(Place::Client, seen, &of_a, &of_b, known);
        let owed = what(" is to be answered");
        self.note(Place::Memory, owed, is_owed, &b.is_owed, yes_or_no);
        let done = what(" was taken in");
        self.note(Place::Count, done, is_done, &b.is_done, yes_or_no);
        let unknown = what(" was ever UNKNOWN");
        self.note(
            Place::Count,
            unknown,
            was_unknown,
            &b.was_unknown,
            yes_or_no,
        );
        let answers = what(": answers on their way");
        self.note(Place::Network, answers, replies, &b.replies, on_their_way);
        let old = what(": stale answers on their way");
        self.note(Place::Network, old, stale, &b.stale, on_their_way);
    }

    fn durable(&mut self, place: Place, node: NodeId, a: &Durable<Letter>, b: &Durable<Letter>) {
        let whose = match place {
            Place::Disk => format!("on {node}'s disk: "),
            Place::Memory | Place::Network | Place::News | Place::Client | Place::Count => {
                format!("{node}'s ")
            }
        };
        self.note(
            place,
            format!("{whose}round"),
            &a.round,
            &b.round,
            |round| or_nothing(round.map_or(String::new(), |round| round.number().to_string())),
        );
        self.note(
            place,
            format!("{whose}promise"),
            &a.promised,
            &b.promised,
            |promised| or_nothing(promised.map_or(String::new(), |ballot| ballot.to_string())),
        );
        self.note(
            place,
            format!("{whose}vote"),
            &a.accepted,
            &b.accepted,
            |vote| or_nothing(vote.map_or(String::new(), |vote| vote.to_string())),
        );
    }

    /// What is in the one and not in the other.
    fn mail(&mut self, what: &str, a: &[Parcel], b: &[Parcel]) {
        // How many copies of each there are, addressee by addressee.
        let mut copies: BTreeMap<(String, Option<NodeId>), [usize; 2]> = BTreeMap::new();
        for (side, mail) in [a, b].into_iter().enumerate() {
            for parcel in mail {
                let said = format!("{what} from {}: {}", parcel.from(), parcel.message());
                match parcel.to().is_empty() {
                    true => copies.entry((said, None)).or_default()[side] += 1,
                    false => parcel.to().iter().for_each(|to| {
                        copies.entry((said.clone(), Some(to))).or_default()[side] += 1;
                    }),
                }
            }
        }
        // Those to whom it was said in one go are told together.
        let mut told: BTreeMap<(String, [usize; 2]), NodeSet> = BTreeMap::new();
        for ((said, to), copies) in copies {
            let nodes = told.entry((said, copies)).or_insert(NodeSet::EMPTY);
            *nodes = to.map_or(*nodes, |to| nodes.with(to));
        }
        for ((said, [in_a, in_b]), to) in told {
            let said = match to.is_empty() {
                true => said,
                false => format!("{said} to {}", names(to)),
            };
            self.note(Place::Network, said, &in_a, &in_b, |copies| match copies {
                0 => "no".to_owned(),
                1 => "yes".to_owned(),
                copies => format!("{copies} times"),
            });
        }
    }
}

fn listed(letters: Letters) -> String {
    let letters: Vec<String> = letters.iter().map(|letter| letter.to_string()).collect();
    or_nothing(letters.join(" "))
}

/// What a client knows of a node's part in its request.
fn known(known: &Known) -> String {
    match known {
        Known::NotAsked => "the node was not asked",
        Known::Unknown => "the node may have it",
        Known::NotDelivered => "the node did not get it",
        Known::Busy => "the node was busy",
        Known::Refused => "the node refused it",
    }
    .to_owned()
}

fn on_their_way(replies: &Replies) -> String {
    let replies: Vec<String> = replies.iter().map(|reply| reply.to_string()).collect();
    or_nothing(replies.join(", "))
}

fn or_nothing(text: String) -> String {
    match text.is_empty() {
        true => "none".to_owned(),
        false => text,
    }
}

fn proposes(server: &Server) -> String {
    let proposer = &server.proposer;
    let own = proposer.client_value.map(|own| format!("wants {own}"));
    let progress = match proposer.progress {
        Progress::Idle => None,
        Progress::Preparing {
            ballot,
            promises,
            best,
        } => {
            let best = best.map_or(String::new(), |best| format!(", must respect {best}"));
            Some(format!(
                "prepares {ballot}, promised by {}{best}",
                names(promises)
            ))
        }
        Progress::Proposing { ballot } => Some(format!("proposes {ballot}")),
    };
    let seen = proposer
        .highest_nack
        .map(|seen| format!("refused for {seen}"));
    // A timer runs as long as it is of use: only its want is worth a word.
    let is_waiting = proposer.progress != Progress::Idle;
    let timer = (is_waiting && server.timer.is_none()).then(|| "without a timer".to_owned());
    let parts: Vec<String> = [own, progress, seen, timer].into_iter().flatten().collect();
    match parts.is_empty() {
        true => "idle".to_owned(),
        false => parts.join("; "),
    }
}

fn learnt(learner: &Learner<Letter>) -> String {
    match learner {
        Learner::Unaware => "knows nothing".to_owned(),
        Learner::Counting {
            ballot,
            value,
            voters,
        } => format!("counts {ballot}={value} from {}", names(*voters)),
        Learner::Chosen(value) => format!("knows {value} is chosen"),
    }
}

fn names(nodes: NodeSet) -> String {
    let names: Vec<String> = nodes.iter().map(|node| node.to_string()).collect();
    or_nothing(names.join(" ")).replace("none", "nobody")
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use stateright::Model as _;

    use super::*;
    use crate::Scenario;

    fn shipped(name: &str) -> World {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"));
        let scenario = Scenario::read(&folder.join(format!("{name}.toml"))).unwrap();
        World::new(Arc::new(scenario)).unwrap()
    }

    #[test]
    fn a_step_is_told_with_what_it_changes() {
        let text =
            "title = \"\"\nabout = \"\"\ncluster.servers = 1\nask = [{ value = \"A\", of = 0 }]\n";
        let scenario = Scenario::parse(Path::new("alone.toml"), text).unwrap();
        let world = World::new(Arc::new(scenario)).unwrap();
        let mut state = world.init_states().remove(0);
        let mut told = Vec::new();
        while let Some((action, next)) = world.next_steps(&state).into_iter().next() {
            told.push(world.format_step(&state, action).unwrap());
            state = next;
        }
        assert_eq!(
            told[0],
            "client asks n0 for A  ⇒ n0 saves round 1; sends Prepare 1.0 to n0\n\n\
             n0's round                          none      → 1\n\
             on n0's disk: round                 none      → 1\n\
             n0's proposer                       idle      → wants A; prepares 1.0, promised by nobody\n\
             message from n0: Prepare 1.0 to n0  no        → yes\n\
             request 0                           not asked → asked"
        );
        assert_eq!(
            told[3],
            "n0 → n0 Propose 1.0=A  ⇒ n0 saves vote 1.0=A; sends Accepted 1.0=A to n0\n\n\
             n0's vote                              none → 1.0=A\n\
             on n0's disk: vote                     none → 1.0=A\n\
             message from n0: Accepted 1.0=A to n0  no   → yes\n\
             chosen                                 none → A"
        );
    }

    /// A part of a state that is not compared would make some step seem to change nothing.
    #[test]
    fn no_step_seems_to_change_nothing() {
        for name in [
            "clients-and-faults",
            "clients-ask-again",
            "disks-fail",
            "ordered-network",
            "liveness/lossy-once",
            "liveness/minority-of-3",
            "liveness/settles",
        ] {
            let world = shipped(name);
            let mut level = world.init_states();
            for _ in 0..5 {
                let mut next_level = Vec::new();
                for before in &level {
                    for (action, after) in world.next_steps(before) {
                        let told = changes(&world, before, &after);
                        assert!(!told.is_empty(), "{name}: {action} changes nothing");
                        next_level.push(after);
                    }
                }
                next_level.truncate(2_000);
                level = next_level;
            }
        }
    }
}
