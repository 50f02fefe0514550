//! Where two states differ, in words.

use std::collections::BTreeMap;

use model::{Letter, Outcome, Parcel, Server, State};
use paxos::{Durable, Learner, NodeId, NodeSet, Progress, Proposer};

/// One thing in which two states differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it shows.
    pub place: Place,
    /// What it is: "n2's vote".
    pub what: String,
    /// As the first side has it.
    pub a: String,
    /// As the second side has it.
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
    /// In what the scenario's bounds and judges count: time-outs and crashes.
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

/// Everything in which two states differ, node by node, then what was sent, then the clients.
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
    found.note(
        Place::Count,
        "crashes".to_owned(),
        &a.crashes,
        &b.crashes,
        u8::to_string,
    );
    let struck = "a crash during a ballot".to_owned();
    found.note(Place::Count, struck, &a.mid_ballot, &b.mid_ballot, |was| {
        if *was { "yes" } else { "no" }.to_owned()
    });
    found.0
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
        let (proposes_a, proposes_b) = (proposes(&a.proposer), proposes(&b.proposer));
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
            |letters| {
                let letters: Vec<String> =
                    letters.iter().map(|letter| letter.to_string()).collect();
                or_nothing(letters.join(" "))
            },
        );
        let retries = format!("{node}'s time-outs");
        self.note(Place::Count, retries, &a.retries, &b.retries, u8::to_string);
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
        let mut copies: BTreeMap<String, [usize; 2]> = BTreeMap::new();
        for (side, mail) in [a, b].into_iter().enumerate() {
            for parcel in mail {
                let said = format!("{what} from {}: {}", parcel.from(), parcel.message());
                match parcel.to().is_empty() {
                    true => copies.entry(said).or_default()[side] += 1,
                    false => parcel.to().iter().for_each(|to| {
                        copies.entry(format!("{said} to {to}")).or_default()[side] += 1;
                    }),
                }
            }
        }
        for (said, [in_a, in_b]) in copies {
            self.note(Place::Network, said, &in_a, &in_b, |copies| match copies {
                0 => "no".to_owned(),
                1 => "yes".to_owned(),
                copies => format!("{copies} times"),
            });
        }
    }
}

fn or_nothing(text: String) -> String {
    match text.is_empty() {
        true => "none".to_owned(),
        false => text,
    }
}

fn proposes(proposer: &Proposer<Letter>) -> String {
    let own = proposer.own.map(|own| format!("wants {own}"));
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
    let seen = proposer.seen.map(|seen| format!("refused for {seen}"));
    let parts: Vec<String> = [own, progress, seen].into_iter().flatten().collect();
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
