//! Every property can fail, and each says the same as a second, naive formulation of it.

use std::collections::BTreeSet;

use checker::Until;
use model::properties::{self, Known};
use model::{Letter, Mutant, Outcome, State, World};
use paxos::{Ballot, Message, NodeId, NodeSet, Phase, Round};
use stateright::Model as _;

use crate::common::{explored, reachable, shipped, small, steps};

/// Whether a property is true in a state.
fn is_true(name: &str, world: &World, state: &State) -> bool {
    (Known::named(name).unwrap().property().condition)(world, state)
}

/// A world, and each invariant that does not hold in it with the length of the shortest
/// counterexample. The others hold.
struct Failing {
    world: World,
    violated: &'static [(&'static str, usize)],
}

/// The first invariant of each row is the one it is here for.
fn failing() -> Vec<Failing> {
    // Phase 2 needs all three votes, and one of the three never runs: nothing is ever chosen.
    let never_chosen = |proposers: usize| {
        small(
            &format!("proposers = {proposers}\nacceptors = 3"),
            &format!(
                "[protocol]\nprepare-quorum = 1\naccept-quorum = 3\n[world]\ndown = [{}]",
                proposers + 2
            ),
        )
    };
    vec![
        Failing {
            world: shipped("one-acceptor").with_mutant(Mutant::Phase1Skipped),
            violated: &[("agreement", 4), ("votes-are-safe", 4), ("stability", 7)],
        },
        Failing {
            world: shipped("one-acceptor").with_mutant(Mutant::DefaultValue),
            violated: &[("validity", 4)],
        },
        // A node that changes its mind has announced two values, so agreement fails with it.
        Failing {
            world: shipped("one-acceptor").with_mutant(Mutant::OwnValue),
            violated: &[("stability", 11), ("agreement", 8), ("votes-are-safe", 8)],
        },
        Failing {
            world: small("proposers = 1\nacceptors = 2", "").with_mutant(Mutant::FirstVoteIsChosen),
            violated: &[("announced-is-chosen", 7)],
        },
        Failing {
            world: small("proposers = 1\nacceptors = 1", "[world]\ncrashes = 1")
                .with_mutant(Mutant::PromiseNotDurable),
            violated: &[("promises-rise", 3)],
        },
        Failing {
            world: shipped("one-proposer-restarts").with_mutant(Mutant::VoteNotDurable),
            violated: &[("no-vote-below-promise", 7)],
        },
        Failing {
            world: never_chosen(1).with_mutant(Mutant::TwoValuesOneBallot),
            violated: &[("one-value-per-ballot", 3)],
        },
        Failing {
            world: never_chosen(2).with_mutant(Mutant::OwnValue),
            violated: &[("votes-are-safe", 8)],
        },
        Failing {
            world: shipped("clients-and-faults").with_mutant(Mutant::SilenceIsFailure),
            violated: &[("failure-is-true", 2)],
        },
        Failing {
            world: shipped("one-acceptor").with_mutant(Mutant::NoTimer),
            violated: &[("waits-with-timer", 1)],
        },
        Failing {
            world: shipped("one-acceptor").with_mutant(Mutant::AdoptedNotAnnounced),
            violated: &[("learned-is-announced", 9)],
        },
        Failing {
            world: shipped("clients-read").with_mutant(Mutant::ReadFromOne),
            violated: &[("linearizable", 12)],
        },
    ]
}

#[test]
fn every_invariant_can_fail() {
    let rows = failing();
    for known in properties::ALL.iter().filter(|known| known.is_invariant()) {
        let first = |row: &Failing| row.violated[0].0 == known.name;
        assert!(rows.iter().any(first), "no row for {}", known.name);
    }
    for Failing { world, violated } in rows {
        let run = explored(&world, Until::Exhausted);
        for known in properties::ALL.iter().filter(|known| known.is_invariant()) {
            let expected = violated.iter().find(|row| row.0 == known.name);
            assert_eq!(
                steps(&run, known.name),
                expected.map(|row| row.1),
                "{} in {} by {:?}",
                known.name,
                world.scenario().name,
                world.rules()
            );
        }
    }
}

#[test]
fn every_witness_can_be_missing() {
    let rows = [
        (
            "value-chosen",
            shipped("one-acceptor").with_mutant(Mutant::AcceptStrict),
        ),
        (
            "learner-learns",
            shipped("one-acceptor").with_mutant(Mutant::VotesToProposerOnly),
        ),
        (
            "client-told",
            shipped("one-acceptor").with_mutant(Mutant::AcceptStrict),
        ),
        (
            "value-adopted",
            shipped("one-acceptor").with_mutant(Mutant::OwnValue),
        ),
        (
            "vote-superseded",
            shipped("one-acceptor").with_mutant(Mutant::BallotsNotUnique),
        ),
        (
            "restart-mid-ballot",
            small("proposers = 2\nacceptors = 1", ""),
        ),
        (
            "told-after-unknown",
            shipped("clients-and-faults").with_mutant(Mutant::NeverAsksAgain),
        ),
    ];
    for known in properties::ALL.iter().filter(|known| !known.is_invariant()) {
        let world = &rows.iter().find(|row| row.0 == known.name).unwrap().1;
        let run = explored(world, Until::Exhausted);
        assert_eq!(steps(&run, known.name), None, "{}", known.name);
        let found = ["one-acceptor", "clients-and-faults"].map(|name| {
            let run = explored(&shipped(name), Until::Exhausted);
            steps(&run, known.name).is_some()
        });
        assert!(found.contains(&true), "{}", known.name);
    }
}

fn announce(state: &mut State, node: usize, value: Letter) {
    let node = NodeId::new(node).unwrap();
    let mut server = state.server(node);
    server.announced = server.announced.with(value);
    state.set_server(node, &server);
}

/// What is announced counts, by nodes and to clients, even where nobody voted.
#[test]
fn announcements_are_judged_without_votes() {
    let world = small("proposers = 2\nacceptors = 1", "");
    let start = world.init_states().remove(0);
    let letter = |index| Letter::new(index).unwrap();
    let announced = |node: usize, index| {
        let mut state = start.clone();
        announce(&mut state, node, letter(index));
        state
    };
    let told = |index| {
        let mut state = start.clone();
        state.asks[0] = Outcome::Success(letter(index));
        state
    };
    for state in [announced(0, 0), told(0)] {
        assert!(is_true("agreement", &world, &state));
        assert!(is_true("validity", &world, &state));
        assert!(!is_true("announced-is-chosen", &world, &state));
    }
    for state in [announced(0, 7), told(7)] {
        assert!(!is_true("validity", &world, &state), "nobody asked for H");
    }
    // Two nodes apart, and a client otherwise than a node.
    let mut apart = announced(0, 0);
    announce(&mut apart, 1, letter(1));
    let mut told_otherwise = announced(0, 0);
    told_otherwise.asks[1] = Outcome::Success(letter(1));
    for state in [apart, told_otherwise] {
        assert!(!is_true("agreement", &world, &state));
        assert!(is_true("stability", &world, &state));
    }
    let mut torn = announced(0, 0);
    announce(&mut torn, 0, letter(1));
    assert!(!is_true("stability", &world, &torn));
}

/// What acceptors have said, as plain sets.
struct Said {
    acceptors: Vec<NodeId>,
    votes: BTreeSet<(NodeId, Ballot, Letter)>,
    promises: BTreeSet<(NodeId, Ballot, Option<Ballot>)>,
    announced: BTreeSet<Letter>,
    /// The highest ballot on each disk, as a number.
    disks: Vec<(NodeId, u32)>,
    /// Every ballot that a proposer can have, as a number.
    ballots: Vec<u32>,
    /// All sets of acceptors that are a quorum of phase 2.
    quorums: Vec<NodeSet>,
}

impl Said {
    fn new(world: &World, state: &State) -> Said {
        let (mut votes, mut promises) = (BTreeSet::new(), BTreeSet::new());
        for parcel in state.mail.iter().chain(&state.ledger) {
            match parcel.message() {
                Message::Accepted { ballot, value } => {
                    votes.insert((parcel.from(), ballot, value));
                }
                Message::Promise { ballot, accepted } => {
                    let reported = accepted.map(|vote| vote.ballot);
                    promises.insert((parcel.from(), ballot, reported));
                }
                Message::Prepare { .. } | Message::Propose { .. } | Message::Nack { .. } => {}
            }
        }
        let by_nodes = state
            .servers()
            .flat_map(|(_, server)| server.announced.iter().collect::<Vec<_>>());
        let to_clients = state.asks.iter().filter_map(|outcome| match outcome {
            Outcome::Success(value) => Some(*value),
            Outcome::NotAsked
            | Outcome::Asked
            | Outcome::PostFailed
            | Outcome::Retryable
            | Outcome::Fatal
            | Outcome::Unknown => None,
        });
        let all = world.cluster().acceptors();
        let disks = state.servers().filter_map(|(id, server)| {
            let voted = server.disk.accepted.map(|vote| vote.ballot);
            Some((id, number(server.disk.promised.max(voted)?)))
        });
        let rounds = (1..=world.scenario().world.rounds).filter_map(Round::new);
        let ballots = rounds.flat_map(|round| {
            let proposers = world.cluster().proposers().iter();
            let own = proposers.map(move |node| number(world.rules().ballot(round, node)));
            own.collect::<Vec<u32>>()
        });
        Said {
            disks: disks.collect(),
            ballots: ballots.collect(),
            acceptors: all.iter().collect(),
            votes,
            promises,
            announced: by_nodes.chain(to_clients).collect(),
            quorums: (1..=all.bits())
                .map(NodeSet::from_bits)
                .filter(|set| set.intersection(all) == *set)
                .filter(|set| {
                    world
                        .rules()
                        .is_quorum(Phase::Accept, world.cluster(), *set)
                })
                .collect(),
        }
    }

    fn agreement(&self) -> bool {
        let mut chosen = self.announced.clone();
        for &(_, ballot, value) in &self.votes {
            let all_voted = |quorum: &&NodeSet| {
                quorum
                    .iter()
                    .all(|a| self.votes.contains(&(a, ballot, value)))
            };
            if self.quorums.iter().any(|quorum| all_voted(&quorum)) {
                chosen.insert(value);
            }
        }
        chosen.len() <= 1
    }

    fn no_vote_below_promise(&self) -> bool {
        self.promises.iter().all(|&(acceptor, promised, reported)| {
            !self.votes.iter().any(|&(voter, ballot, _)| {
                voter == acceptor && Some(ballot) > reported && ballot < promised
            })
        })
    }

    fn one_value_per_ballot(&self) -> bool {
        self.votes
            .iter()
            .all(|a| self.votes.iter().all(|b| a.1 != b.1 || a.2 == b.2))
    }

    /// The ballots below one that a proposer can have, as numbers.
    fn below(&self, ballot: Ballot) -> impl Iterator<Item = u32> {
        let lower = self.ballots.iter().copied();
        lower.filter(move |other| *other < number(ballot))
    }

    fn max_bal(&self, acceptor: NodeId) -> Option<u32> {
        let votes = self.votes.iter().map(|&(who, ballot, _)| (who, ballot));
        let promises = self.promises.iter().map(|&(who, ballot, _)| (who, ballot));
        votes
            .chain(promises)
            .map(|(who, ballot)| (who, number(ballot)))
            .chain(self.disks.iter().copied())
            .filter(|said| said.0 == acceptor)
            .map(|said| said.1)
            .max()
    }

    fn voted(&self, acceptor: NodeId, at: u32, value: Letter) -> bool {
        self.votes
            .iter()
            .any(|&(who, ballot, v)| who == acceptor && number(ballot) == at && v == value)
    }

    fn cannot_vote(&self, acceptor: NodeId, at: u32) -> bool {
        self.max_bal(acceptor) > Some(at)
            && !self
                .votes
                .iter()
                .any(|&(who, ballot, _)| who == acceptor && number(ballot) == at)
    }

    /// SafeAt as in Lamport's Voting.tla: at each ballot below there is a quorum of which each
    /// member has voted for this value or cannot vote any more.
    fn safe_at(&self, ballot: Ballot, value: Letter) -> bool {
        self.below(ballot).all(|at| {
            self.quorums.iter().any(|quorum| {
                quorum
                    .iter()
                    .all(|a| self.voted(a, at, value) || self.cannot_vote(a, at))
            })
        })
    }

    /// Its dual, which asks nothing of the quorums of phase 1: at no ballot below is there a quorum
    /// of which each member has voted for some other value or may yet. Another value is one
    /// that somebody voted for there, or any if nobody did.
    fn nothing_else_choosable(&self, ballot: Ballot, value: Letter) -> bool {
        self.below(ballot).all(|at| {
            let stated: BTreeSet<Letter> = self
                .votes
                .iter()
                .filter(|vote| number(vote.1) == at)
                .map(|vote| vote.2)
                .collect();
            let all = (0..Letter::LIMIT).filter_map(Letter::new);
            let mut others = all
                .filter(|other| *other != value)
                .filter(|other| stated.is_empty() || stated.contains(other));
            !others.any(|other| {
                let may = |a: NodeId| {
                    let elsewhere = stated.iter().any(|v| *v != other && self.voted(a, at, *v));
                    self.voted(a, at, other) || !self.cannot_vote(a, at) && !elsewhere
                };
                self.quorums.iter().any(|quorum| quorum.iter().all(may))
            })
        })
    }
}

/// A ballot as an even number, ordered as ballots are.
fn number(ballot: Ballot) -> u32 {
    ((ballot.round.number() - 1) * 4 + ballot.node.index() as u32) * 2 + 2
}

/// How often a judgement was true, and how often false.
#[derive(Debug, Default)]
struct Count {
    yes: usize,
    no: usize,
}

impl Count {
    fn add(&mut self, verdict: bool) {
        match verdict {
            true => self.yes += 1,
            false => self.no += 1,
        }
    }
}

/// Worlds of at most 4 proposers, as [`number`] wants.
fn compared() -> Vec<World> {
    let duel = |acceptors: usize, rest: &str| {
        small(&format!("proposers = 2\nacceptors = {acceptors}"), rest)
    };
    let crash = "[world]\ncrashes = 1\ntorn = true";
    let bag = "[world]\nnetwork = \"bag\"";
    let flexible = "[protocol]\nprepare-quorum = 2\naccept-quorum = 1";
    let mutants = |world: World, mutants: &[Mutant]| -> Vec<World> {
        let each = mutants.iter();
        each.map(|mutant| world.clone().with_mutant(*mutant))
            .collect()
    };
    let mut worlds = vec![
        duel(1, crash),
        duel(1, "[world]\nrounds = 2\nretries = 1"),
        duel(1, bag),
        duel(2, ""),
        duel(2, flexible),
        duel(2, "[protocol]\nprepare-quorum = 1\naccept-quorum = 1"),
        duel(2, "[world]\nnetwork = \"ordered\"\nloss = true"),
        duel(3, "[world]\nnetwork = \"ordered\""),
        shipped("one-proposer-restarts"),
    ];
    worlds.extend(mutants(duel(1, crash), Mutant::ALL));
    worlds.extend(mutants(
        duel(1, bag),
        &[Mutant::AcceptStale, Mutant::TwoValuesOneBallot],
    ));
    worlds.extend(mutants(
        duel(2, "[world]\nnetwork = \"ordered\""),
        &[
            Mutant::AcceptStale,
            Mutant::PromiseHidesVote,
            Mutant::HalfQuorums,
            Mutant::BallotsNotUniquePromiseEqual,
        ],
    ));
    worlds.extend(mutants(
        duel(3, "[world]\nnetwork = \"ordered\""),
        &[Mutant::OwnValue, Mutant::Phase1Skipped],
    ));
    worlds
}

#[test]
fn each_says_the_same_as_its_naive_formulation() {
    let mut counts: [Count; 4] = Default::default();
    for world in compared() {
        let states = reachable(&world);
        for state in &states {
            let said = Said::new(&world, state);
            let judge = |name: &str| is_true(name, &world, state);
            let context = || format!("by {:?} in\n{state:#?}", world.rules());

            let agreement = judge("agreement");
            assert_eq!(agreement, said.agreement(), "agreement {}", context());
            counts[0].add(agreement);

            let open = judge("no-vote-below-promise");
            assert_eq!(open, said.no_vote_below_promise(), "promise {}", context());
            counts[1].add(open);

            let safe = judge("votes-are-safe");
            let dual = said
                .votes
                .iter()
                .all(|vote| said.nothing_else_choosable(vote.1, vote.2));
            assert_eq!(safe, dual, "votes-are-safe {}", context());
            counts[2].add(safe);

            // Where the complement of what holds no majority is a majority, and a ballot stands
            // for one value, the dual is Lamport's own.
            let majority = said.acceptors.len() / 2 + 1;
            let odd = said.acceptors.len() % 2 == 1;
            let majorities = said.quorums.iter().all(|quorum| quorum.len() >= majority);
            if odd && majorities && said.one_value_per_ballot() {
                let lamport = said.votes.iter().all(|vote| said.safe_at(vote.1, vote.2));
                assert_eq!(safe, lamport, "SafeAt {}", context());
                counts[3].add(lamport);
            }
        }
    }
    println!("agreement, no-vote-below-promise, votes-are-safe, SafeAt: {counts:?}");
    for Count { yes, no } in counts {
        assert!(yes > 1000 && no > 1000, "both are seen often: {yes} {no}");
    }
}
