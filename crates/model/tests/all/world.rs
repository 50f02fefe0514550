//! What a World does with what happens: the network, the disks, the clients, the bounds.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{Hash, Hasher};

use checker::{Ending, Limits, Reductions, Storage, Until};
use model::properties;
use model::{
    Action, Event, Expected, Kind, Letter, Mutant, Network, Outcome, Reaction, Scenario, Server,
    State, World,
};
use paxos::{Envelope, Message, NodeId, Progress};
use stateright::Model as _;

use crate::common::{explored, folder, reachable, shipped, small, steps};

/// Small worlds in which, between them, everything happens that can.
fn worlds() -> Vec<World> {
    let duel = "proposers = 2\nacceptors = 1\nlearners = 1";
    let nack = "[protocol]\nnack = true\n";
    let torn = "crashes = 1\ntorn = true";
    vec![
        shipped("one-acceptor"),
        shipped("one-proposer-restarts"),
        shipped("one-acceptor").with_mutant(Mutant::SendFirst),
        small(
            "servers = 1",
            "[world]\ncrashes = 2\ntorn = true\nrounds = 3\nretries = 1",
        ),
        small("servers = 2", "[world]\ndown = [1]\ncrashes = 1"),
        small(
            "servers = 2",
            "[world]\ncrashes = 1\ncrash-nodes = [0]\nnetwork = \"bag\"",
        ),
        small(duel, &format!("{nack}[world]\nrounds = 3\nretries = 1")),
        small(duel, &format!("{nack}[world]\nrounds = 2")),
        small(
            duel,
            &format!("{nack}[world]\nnetwork = \"bag\"\nrounds = 2\nretries = 1"),
        ),
        small(duel, &format!("[world]\nnetwork = \"bag\"\n{torn}")),
        small(duel, &format!("[world]\nnetwork = \"ordered\"\n{torn}")),
        small(
            duel,
            &format!("{nack}[world]\nnetwork = \"ordered\"\nloss = true\n{torn}"),
        ),
        small(
            "servers = 3",
            "[world]\nnetwork = \"ordered\"\ndown = [1, 2]\nloss = true",
        ),
    ]
}

/// Each transition there is: from where, by what, to where.
fn each_transition(world: &World, mut look: impl FnMut(&State, Action, &State)) {
    for state in reachable(world) {
        for action in actions(world, &state) {
            if let Some(next) = world.next_state(&state, action) {
                look(&state, action, &next);
            }
        }
    }
}

fn actions(world: &World, state: &State) -> Vec<Action> {
    let mut actions = Vec::new();
    world.actions(state, &mut actions);
    actions
}

/// All envelopes under way, an entry a copy.
fn envelopes(state: &State) -> Vec<Envelope<Letter>> {
    let parcels = state.mail.iter();
    parcels.flat_map(|parcel| parcel.envelopes()).collect()
}

fn sent(reaction: &Reaction) -> Vec<Envelope<Letter>> {
    let said: Vec<_> = reaction.said().collect();
    said.iter().flat_map(|said| said.envelopes()).collect()
}

/// Whom it happens to, and what: a whole or a torn step, or neither.
fn event_of(action: Action) -> Option<(Event, Option<usize>)> {
    match action {
        Action::Step(event) => Some((event, None)),
        Action::Torn { event, sends } => Some((event, Some(usize::from(sends)))),
        Action::Crash(_)
        | Action::Lose(_)
        | Action::Answer { .. }
        | Action::GiveUp(_)
        | Action::Read { .. }
        | Action::Fail { .. }
        | Action::Repeat(_)
        | Action::Stop(_)
        | Action::Settle => None,
    }
}

/// What a hasher is fed.
#[derive(Default)]
struct Words(Vec<u64>);

impl Hasher for Words {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.extend(bytes.iter().map(|byte| u64::from(*byte)));
    }

    fn write_u64(&mut self, word: u64) {
        self.0.push(word);
    }
}

#[test]
fn different_states_are_different_words() {
    for world in worlds() {
        let states = reachable(&world);
        let words: HashSet<Vec<u64>> = states
            .iter()
            .map(|state| {
                let mut words = Words::default();
                state.hash(&mut words);
                words.0
            })
            .collect();
        assert!(states.len() > 5, "{}", states.len());
        assert_eq!(words.len(), states.len(), "{:?}", world.scenario().world);
    }
}

#[test]
fn actions_are_listed_alike_and_do_something() {
    for world in worlds() {
        for state in reachable(&world) {
            let actions_listed = actions(&world, &state);
            assert_eq!(actions_listed, actions(&world, &state));
            let distinct: BTreeSet<&Action> = actions_listed.iter().collect();
            assert_eq!(distinct.len(), actions_listed.len(), "one of each");
            for &action in &actions_listed {
                let next = world.next_state(&state, action);
                assert_eq!(next, world.next_state(&state, action));
                match action {
                    // A node may pass over a message.
                    Action::Step(Event::Deliver(_)) => {}
                    // There may be nothing to lose.
                    Action::Crash(at) => {
                        let server = state.server(at);
                        let rules = world.rules();
                        let cluster = *world.cluster();
                        let fresh = rules.start(at, cluster, server.disk);
                        let down = world.scenario().world.down.contains(&at.index());
                        let acceptor = server.acceptor;
                        let is_under_way = server.proposer.progress != Progress::Idle
                            || acceptor.promised > acceptor.accepted.map(|vote| vote.ballot);
                        let shows = !state.mid_ballot && is_under_way;
                        let changes = server.node(at, cluster) != fresh || shows;
                        assert_eq!(next.is_some(), changes && !down);
                    }
                    Action::Step(Event::Ask { .. } | Event::Timeout(_))
                    | Action::Torn { .. }
                    | Action::Lose(_)
                    | Action::Answer { .. }
                    | Action::GiveUp(_)
                    | Action::Read { .. }
                    | Action::Fail { .. }
                    | Action::Repeat(_)
                    | Action::Stop(_)
                    | Action::Settle => {
                        assert!(next.is_some_and(|next| next != state), "{action}");
                    }
                }
            }
        }
    }
}

#[test]
fn bounds_are_kept_and_reached() {
    let (mut crashed, mut retried, mut rounds) = (0, 0, 0);
    for world in worlds() {
        let bounds = &world.scenario().world;
        for state in reachable(&world) {
            assert!(state.crashes <= bounds.crashes);
            crashed = state.crashes.max(crashed);
            let retries: u32 = state.servers().map(|(_, s)| u32::from(s.retries)).sum();
            assert!(retries <= bounds.retries.map_or(0, u32::from));
            retried = retries.max(retried);
            for (_, server) in state.servers() {
                let last = server.proposer.last_round.map_or(0, |r| r.number());
                assert!(last <= bounds.rounds);
                rounds = last.max(rounds);
            }
            for action in actions(&world, &state) {
                let Action::Crash(at) = action else { continue };
                let nodes = bounds.crash_nodes.as_ref();
                assert!(nodes.is_none_or(|nodes| nodes.contains(&at.index())));
            }
        }
    }
    assert_eq!((crashed, retried, rounds), (2, 1, 3));
}

#[test]
fn nodes_that_are_down_never_change() {
    let mut seen = 0;
    for world in worlds() {
        let start = world.init_states().remove(0);
        let down = &world.scenario().world.down;
        for state in reachable(&world) {
            for &node in down {
                let node_id = NodeId::new(node).unwrap();
                assert_eq!(state.server(node_id), start.server(node_id));
                let speaks = |envelope: &Envelope<Letter>| envelope.from.index() == node;
                assert!(!envelopes(&state).iter().any(speaks));
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

/// What the network should hold after an action, by the plainest rules; a list to be compared as
/// the network demands.
fn mail_expected(world: &World, state: &State, action: Action) -> Vec<Envelope<Letter>> {
    let network = world.scenario().world.network;
    let mut mail = envelopes(state);
    let mut take = |envelope: &Envelope<Letter>| {
        if network != Network::Set {
            let at = mail.iter().position(|other| other == envelope).unwrap();
            mail.remove(at);
        }
    };
    match (action, event_of(action)) {
        (Action::Lose(envelope), _) | (_, Some((Event::Deliver(envelope), _))) => take(&envelope),
        (_, Some((Event::Ask { .. } | Event::Timeout(_), _)) | None) => {}
    }
    if let Some((event, torn_after)) = event_of(action) {
        let reaction = world.react(state, event).unwrap();
        let all = sent(&reaction);
        let left = torn_after.unwrap_or(all.len());
        mail.extend(all.into_iter().take(left));
    }
    mail
}

#[test]
fn networks_deliver_as_they_say() {
    let (mut lost, mut reordered) = (0, 0);
    for world in worlds() {
        let bounds = world.scenario().world.clone();
        each_transition(&world, |state, action, next| {
            let expected = mail_expected(&world, state, action);
            let found = envelopes(next);
            match bounds.network {
                // Nothing is ever lost from a set, and twice sent is once sent.
                Network::Set => {
                    let set: BTreeSet<_> = found.iter().collect();
                    assert_eq!(set, expected.iter().collect());
                    assert_eq!(set.len(), found.len());
                    assert!(envelopes(state).iter().all(|old| set.contains(old)));
                }
                Network::Bag => assert_eq!(sorted(&found), sorted(&expected), "{action}"),
                Network::Ordered => {
                    assert_eq!(by_link(&found), by_link(&expected), "{action}");
                    reordered += usize::from(by_link(&found).values().any(|link| link.len() > 1));
                }
            }
            if let Some((Event::Deliver(envelope), _)) = event_of(action) {
                let old = envelopes(state);
                assert!(old.contains(&envelope));
                if bounds.network == Network::Ordered {
                    let links = by_link(&old);
                    assert_eq!(links[&(envelope.from, envelope.to)][0], envelope);
                }
            }
            if let Action::Lose(envelope) = action {
                assert!(bounds.loss, "only where the scenario says so");
                let links = by_link(&envelopes(state));
                assert_eq!(links[&(envelope.from, envelope.to)][0], envelope);
                assert!(next.servers().eq(state.servers()));
                assert_eq!(next.asks, state.asks);
                lost += 1;
            }
        });
    }
    assert!(lost > 50 && reordered > 50, "{lost} {reordered}");
}

fn sorted(mail: &[Envelope<Letter>]) -> Vec<Envelope<Letter>> {
    let mut mail = mail.to_vec();
    mail.sort_unstable();
    mail
}

type Links = BTreeMap<(NodeId, NodeId), Vec<Envelope<Letter>>>;

/// The envelopes of each link, in order.
fn by_link(mail: &[Envelope<Letter>]) -> Links {
    let mut links = Links::new();
    for envelope in mail {
        let link = links.entry((envelope.from, envelope.to)).or_default();
        link.push(*envelope);
    }
    links
}

/// What acceptors say is kept: in a set by the network itself, elsewhere by the ledger.
#[test]
fn testimony_is_never_lost() {
    for world in worlds() {
        each_transition(&world, |state, action, next| {
            let said = |state: &State| -> BTreeSet<(NodeId, Message<Letter>)> {
                let parcels = world.testimony(state).iter();
                parcels.map(|p| (p.from(), p.message())).collect()
            };
            let mut expected = said(state);
            if let Some((event, torn_after)) = event_of(action) {
                let all = sent(&world.react(state, event).unwrap());
                let left = torn_after.unwrap_or(all.len());
                expected.extend(all.iter().take(left).filter_map(|e| match e.message {
                    Message::Promise { .. } | Message::Accepted { .. } => Some((e.from, e.message)),
                    Message::Prepare { .. } | Message::Propose { .. } | Message::Nack { .. } => {
                        None
                    }
                }));
            }
            assert_eq!(said(next), expected, "{action}");
        });
    }
}

#[test]
fn a_whole_step_persists_and_sends_and_tells() {
    for world in worlds() {
        each_transition(&world, |state, action, next| {
            let Action::Step(event) = action else { return };
            let reaction = world.react(state, event).unwrap();
            let (before, after) = at(state, next, reaction.at);
            assert_eq!(after.node(reaction.at, *world.cluster()), reaction.node);
            assert_eq!(after.disk, reaction.effects.persist.unwrap_or(before.disk));
            if world.rules().mutant.is_none() {
                assert_eq!(after.disk, after.durable(), "the disk is up to date");
            }
            assert_eq!(next.crashes, state.crashes);
            assert_eq!(next.mid_ballot, state.mid_ballot);
            match reaction.effects.chosen {
                None => assert_eq!(after.announced, before.announced),
                Some(value) => {
                    assert_eq!(after.announced, before.announced.with(value));
                    for (ask, outcome) in world.scenario().ask.iter().zip(next.asks) {
                        let waits = ask.of == reaction.at.index() && outcome == Outcome::Asked;
                        assert!(!waits, "whoever waits is told");
                    }
                }
            }
            assert_others_are_alike(state, next, reaction.at);
        });
    }
}

fn at(state: &State, next: &State, node: NodeId) -> (Server, Server) {
    (state.server(node), next.server(node))
}

fn assert_others_are_alike(state: &State, next: &State, node: NodeId) {
    for (before, after) in state.servers().zip(next.servers()) {
        assert!(before.0 == node || before == after);
    }
}

/// The disk is written before the first envelope leaves; by a host that sends first, after the
/// last one, so never.
#[test]
fn a_torn_step_persists_before_it_sends() {
    let (mut unsent, mut unsaved) = (0, 0);
    for world in worlds() {
        let sends_first = world.rules().mutant == Some(Mutant::SendFirst);
        each_transition(&world, |state, action, next| {
            let Action::Torn { event, sends } = action else {
                return;
            };
            let reaction = world.react(state, event).unwrap();
            let (before, after) = at(state, next, reaction.at);
            let all = sent(&reaction).len();
            if sends_first {
                assert_eq!(after.disk, before.disk);
                assert!((1..=all).contains(&usize::from(sends)));
                unsaved += usize::from(reaction.effects.persist.is_some());
            } else {
                assert_eq!(after.disk, reaction.effects.persist.unwrap_or(before.disk));
                assert!(
                    usize::from(sends) < all,
                    "else it would be whole, and a crash"
                );
                unsent += 1;
            }
            assert_restarted(&world, next, reaction.at);
            assert_eq!(after.announced, before.announced, "too late to announce");
            assert_eq!(next.crashes, state.crashes + 1);
            assert_others_are_alike(state, next, reaction.at);
        });
    }
    assert!(unsent > 100 && unsaved > 10, "{unsent} {unsaved}");
}

/// A node that knows what its disk holds, and nothing else.
fn assert_restarted(world: &World, state: &State, node: NodeId) {
    let server = state.server(node);
    assert_eq!(server.durable(), server.disk);
    let node = server.node(node, *world.cluster());
    assert_eq!(node.chosen(), None);
    let proposer = node.proposer();
    assert_eq!(proposer.progress, Progress::Idle);
    assert_eq!((proposer.client_value, proposer.highest_nack), (None, None));
    assert_eq!(node.cluster(), world.cluster());
}

#[test]
fn a_crash_leaves_the_disk_and_forgets_the_clients() {
    let (mut unknown, mut mid_ballot) = (0, 0);
    for world in worlds() {
        each_transition(&world, |state, action, next| {
            let Action::Crash(node) = action else { return };
            let (before, after) = at(state, next, node);
            assert_restarted(&world, next, node);
            assert_eq!(after.disk, before.disk);
            assert_eq!(after.announced, before.announced, "what was said was said");
            assert_eq!(after.retries, before.retries);
            assert_eq!((&next.mail, &next.ledger), (&state.mail, &state.ledger));
            assert_eq!(next.crashes, state.crashes + 1);
            mid_ballot += usize::from(next.mid_ballot && !state.mid_ballot);
            for (i, ask) in world.scenario().ask.iter().enumerate() {
                let expected = match state.asks[i] {
                    Outcome::Asked if ask.of == node.index() => Outcome::Unknown,
                    other @ (Outcome::NotAsked
                    | Outcome::Asked
                    | Outcome::PostFailed
                    | Outcome::Retryable
                    | Outcome::Fatal
                    | Outcome::Unknown
                    | Outcome::Success(_)) => other,
                };
                assert_eq!(next.asks[i], expected);
                unknown += usize::from(next.asks[i] != state.asks[i]);
            }
            assert_others_are_alike(state, next, node);
        });
    }
    assert!(unknown > 100 && mid_ballot > 100, "{unknown} {mid_ballot}");
}

/// A client that waits is one whose proposer has its own or another's request in hand, so that
/// no crash it should hear of is passed over.
#[test]
fn nobody_waits_at_a_node_that_knows_nothing() {
    for world in worlds() {
        for state in reachable(&world) {
            for (ask, outcome) in world.scenario().ask.iter().zip(state.asks) {
                let server = state.server(NodeId::new(ask.of).unwrap());
                assert!(outcome != Outcome::Asked || server.proposer.client_value.is_some());
            }
        }
    }
}

#[test]
fn refusals_are_told_only_where_the_scenario_says_so() {
    let (mut told, mut silent) = (0, 0);
    for world in worlds() {
        let nack = world.scenario().protocol.nack;
        for state in reachable(&world) {
            let is_nack = |envelope: &Envelope<Letter>| match envelope.message {
                Message::Nack { .. } => true,
                Message::Prepare { .. }
                | Message::Promise { .. }
                | Message::Propose { .. }
                | Message::Accepted { .. } => false,
            };
            let found = envelopes(&state).iter().any(is_nack);
            assert!(nack || !found);
            told += usize::from(found);
            silent += usize::from(!found);
        }
    }
    assert!(told > 100 && silent > 100, "{told} {silent}");
}

fn scenarios() -> Vec<Scenario> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let paths: BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).collect();
    let toml = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "toml"));
    toml.map(|path| Scenario::read(path).unwrap_or_else(|error| panic!("{error}")))
        .collect()
}

/// What is not tagged `large` states what is to be found, in full.
#[test]
fn the_suite_says_what_it_expects() {
    let all = scenarios();
    assert!(all.len() > 20);
    let names: BTreeSet<&str> = all.iter().map(|scenario| scenario.name.as_str()).collect();
    let titles: BTreeSet<&str> = all.iter().map(|scenario| scenario.title.as_str()).collect();
    assert_eq!((names.len(), titles.len()), (all.len(), all.len()));
    for scenario in &all {
        let Scenario { name, expect, .. } = scenario;
        assert!(!scenario.about.trim().is_empty(), "{name}");
        let stated = expect.verdicts.len();
        let reduced = expect.reduced.unwrap_or_default();
        let is_reduced = reduced.states.is_some() && reduced.depth.is_some();
        let is_full = expect.states.is_some() && expect.depth.is_some();
        let is_sized = is_full || is_reduced && scenario.has_tag("large-unreduced");
        assert!(
            is_sized && stated == properties::ALL.len() || scenario.has_tag("large"),
            "{name} expects {expect:?}"
        );
    }
}

/// The small ones are explored here as well, so that a change of a count shows where it was made;
/// with `SLOW_TESTS=1` those of some size, too.
#[test]
fn small_scenarios_are_as_expected() {
    let slow = std::env::var_os("SLOW_TESTS").is_some_and(|value| value == "1");
    let states_max = if slow { 250_000 } else { 100_000 };
    let mut small = 0;
    for scenario in scenarios() {
        if scenario
            .expect
            .states
            .is_none_or(|states| states > states_max)
        {
            println!("left out: {}", scenario.name);
            continue;
        }
        small += 1;
        let Scenario { name, expect, .. } = scenario;
        let run = explored(&shipped(&name), Until::Exhausted);
        assert_eq!(run.ending, Ending::Exhausted, "{name}");
        let counts = (Some(run.unique), Some(run.depth));
        assert_eq!(counts, (expect.states, expect.depth), "{name}");
        for known in properties::ALL {
            let found = match (known.is_invariant(), steps(&run, known.name)) {
                (true, None) => Expected::Holds,
                (true, Some(_)) => Expected::Violated,
                (false, Some(_)) => Expected::Witnessed,
                (false, None) => Expected::Never,
            };
            assert_eq!(expect.verdicts[known.name], found, "{name}: {}", known.name);
        }
    }
    assert!(small >= 5, "{small}");
}

#[test]
fn each_transition_is_of_one_kind_in_any_form() {
    let mut seen = vec![0; Kind::ALL.len()];
    let failing = ["clients-and-faults", "disks-fail", "two-clients-read"].map(shipped);
    let endless = crate::endless::with_all();
    for world in worlds().into_iter().chain(failing).chain([endless]) {
        let limits = Limits::default();
        let name = &world.scenario().title;
        let plain = checker::explore_offering(&world, Reductions::NONE, &limits, &|_| {}).unwrap();
        let best = model::explore(
            &world,
            Reductions::NONE,
            &Storage::default(),
            &limits,
            &|_| {},
        );
        assert_eq!(best.unwrap().kinds, plain.kinds, "{name}");
        let mut counted = vec![0; Kind::ALL.len()];
        each_transition(&world, |before, action, _| {
            counted[world.kind(before, action) as usize] += 1;
        });
        for ((kind, counted), (_, found)) in Kind::ALL.iter().zip(counted).zip(plain.kinds) {
            // Ignoring is a transition only where it makes room on a link.
            match kind.name().ends_with("ignored") {
                true => assert!(found >= counted, "{kind:?}: {found} {counted}"),
                false => assert_eq!(found, counted, "{kind:?}"),
            }
            seen[*kind as usize] += found;
        }
    }
    for (kind, seen) in Kind::ALL.iter().zip(seen) {
        assert!(seen > 0, "nothing here does this: {}", kind.name());
    }
}
