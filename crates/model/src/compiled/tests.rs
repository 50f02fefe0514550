//! Whether the compiled world is the World, and whether what the reductions leave out is no loss:
//! by brute force, in every state of small worlds, right and wrong ones. And whether such a test would
//! notice, by reductions that are wrong on purpose.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use checker::{Offers as _, Reduction, Reductions};
use paxos::{Learner, NodeId, NodeSet, Progress};
use stateright::{Expectation, Model as _};

use super::orbit::Symmetry;
use super::{Asking, Beyond, Code, Compiled, Move, Plan};
use crate::network::insert;
use crate::{Action, Letters, Mutant, Parcel, Scenario, State, World};

const W: usize = 8;

/// A world with roles apart, each proposer asked for a letter of its own; `more` goes into `[world]`.
fn world(roles: &str, asked: usize, more: &str) -> World {
    let mut text = format!("title = ''\nabout = ''\n[cluster]\n{roles}\n{more}\n");
    for (of, value) in ["A", "B", "C"].into_iter().enumerate().take(asked) {
        text.push_str(&format!("[[ask]]\nvalue = '{value}'\nof = {of}\n"));
    }
    let scenario = Scenario::parse(std::path::Path::new("small.toml"), &text).unwrap();
    World::new(Arc::new(scenario)).unwrap()
}

fn compiled(world: &World) -> Compiled<W> {
    Plan::new(world.clone()).unwrap().compile()
}

/// The same, held against what these reductions take for granted.
fn asking(world: &World, reductions: Reductions) -> Compiled<W> {
    let plan = Plan::asking(
        world.clone(),
        &Beyond::default(),
        Asking::Everything,
        reductions,
    );
    plan.unwrap().compile()
}

/// Worlds of some hundreds to some thousands of states, with everything that a scenario can set.
fn worlds() -> Vec<(&'static str, World)> {
    let three = "proposers = 2\nacceptors = 3";
    vec![
        (
            "crash",
            world(
                "proposers = 2\nacceptors = 1\nlearners = 1",
                2,
                "[world]\ncrashes = 1\ntorn = true",
            ),
        ),
        (
            "repeats",
            world(
                "proposers = 2\nacceptors = 1\nlearners = 1",
                2,
                "[world]\ncrashes = 1\ntorn = true\nrepeats = true",
            ),
        ),
        (
            "crashes",
            world("proposers = 2\nacceptors = 1", 2, "[world]\ncrashes = 2"),
        ),
        (
            "acceptors crash",
            world(
                "proposers = 1\nacceptors = 3",
                1,
                "[world]\ncrashes = 1\ncrash-nodes = [1, 2, 3]",
            ),
        ),
        (
            "restarts",
            world(
                "proposers = 1\nacceptors = 2",
                1,
                "[world]\nrounds = 2\ncrashes = 1\ntorn = true",
            ),
        ),
        (
            "rounds",
            world(
                "proposers = 1\nacceptors = 2\nlearners = 1",
                1,
                "[world]\nrounds = 2",
            ),
        ),
        (
            "retry",
            world(
                "proposers = 2\nacceptors = 1",
                2,
                "[world]\nrounds = 2\nretries = 1",
            ),
        ),
        (
            "nack",
            world("proposers = 2\nacceptors = 2", 2, "[protocol]\nnack = true"),
        ),
        (
            "nack and retry",
            world(
                "proposers = 2\nacceptors = 1",
                2,
                "[protocol]\nnack = true\n[world]\nrounds = 2\nretries = 1",
            ),
        ),
        ("duel", world(three, 2, "")),
        ("notes", world(three, 2, "[protocol]\nrules = 'notes'")),
        (
            "flexible",
            world(
                three,
                2,
                "[protocol]\nprepare-quorum = 3\naccept-quorum = 1",
            ),
        ),
        (
            "learners",
            world("proposers = 1\nacceptors = 3\nlearners = 2", 1, ""),
        ),
        ("servers", world("servers = 3", 1, "")),
        (
            "four servers",
            world("servers = 4", 1, "[world]\ndown = [3]"),
        ),
        ("one down", world("servers = 3", 2, "[world]\ndown = [2]")),
    ]
}

/// What is done to each state before it is told apart, and by what.
#[derive(Clone, Copy)]
struct How<'a> {
    prune: &'a dyn Fn(&mut Code<W>),
    name: &'a dyn Fn(&Code<W>) -> u128,
    order: &'a dyn Fn(&Code<W>, &mut Vec<Move>),
}

const AS_IT_IS: How<'_> = How {
    prune: &|_| (),
    name: &|code| code.sum(),
    order: &|_, _| (),
};

/// What an exploration by brute force has found.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    /// For each property, the least steps to a state that settles it.
    settled: BTreeMap<&'static str, usize>,
    /// What can be observed: what is chosen, and what nodes of each kind have announced.
    observed: BTreeSet<(Letters, Vec<(u8, Letters)>)>,
}

/// Every state, level by level. `None`: there are more than `most`.
fn explore_up_to(
    most: usize,
    compiled: &Compiled<W>,
    how: &How<'_>,
) -> Option<(Found, HashMap<u128, Code<W>>)> {
    let properties = compiled.properties();
    let mut found = Found {
        settled: BTreeMap::new(),
        observed: BTreeSet::new(),
    };
    let mut all = HashMap::new();
    let mut level = compiled.init_states();
    level.iter_mut().for_each(|code| (how.prune)(code));
    let mut steps = 0;
    while !level.is_empty() {
        level.retain(|code| all.insert((how.name)(code), *code).is_none());
        let mut next = Vec::new();
        for code in &level {
            for property in &properties {
                let holds = (property.condition)(compiled, code);
                if holds == (property.expectation == Expectation::Sometimes) {
                    found.settled.entry(property.name).or_insert(steps);
                }
            }
            found.observed.insert(observation(compiled, code));
            let mut moves = Vec::new();
            compiled.actions(code, &mut moves);
            (how.order)(code, &mut moves);
            for one in moves {
                let mut code = compiled.next_state(code, one).expect("it was offered");
                (how.prune)(&mut code);
                next.push(code);
            }
        }
        if all.len() > most {
            return None;
        }
        level = next;
        steps += 1;
    }
    Some((found, all))
}

fn explore(compiled: &Compiled<W>, how: &How<'_>) -> (Found, HashMap<u128, Code<W>>) {
    explore_up_to(usize::MAX, compiled, how).expect("there is no most")
}

/// Worlds of more states than this are looked at with `SLOW_TESTS=1` only.
fn states_max() -> usize {
    match std::env::var_os("SLOW_TESTS").is_some_and(|value| value == "1") {
        true => 60_000,
        false => 6_000,
    }
}

fn observation(compiled: &Compiled<W>, code: &Code<W>) -> (Letters, Vec<(u8, Letters)>) {
    let state = compiled.state(code);
    let mut announced: Vec<(u8, Letters)> = state
        .servers()
        .map(|(id, server)| (compiled.symmetry.names[id.index()], server.announced))
        .collect();
    announced.sort_unstable();
    (compiled.view(code).chosen(), announced)
}

fn successors(compiled: &Compiled<W>, code: &Code<W>) -> Vec<(Action, Code<W>)> {
    let mut moves = Vec::new();
    compiled.actions(code, &mut moves);
    let next = |one: Move| Some((compiled.action(one), compiled.next_state(code, one)?));
    moves.into_iter().filter_map(next).collect()
}

/// The faults under which a world is compiled.
fn tabled() -> impl Iterator<Item = Mutant> {
    let all = Mutant::ALL.iter().copied();
    all.filter(|mutant| !mutant.is_of_whole_disks())
}

/// All worlds, as they are and with each fault, as far as they are small enough: their names, and what an
/// exploration without reductions has found.
fn all(mut judge: impl FnMut(&str, &Compiled<W>, (Found, HashMap<u128, Code<W>>))) {
    let mut judged: BTreeMap<Option<Mutant>, usize> = BTreeMap::new();
    for (name, world) in worlds() {
        let mutants = tabled().map(Some);
        for mutant in [None].into_iter().chain(mutants) {
            let (name, world) = match mutant {
                None => (name.to_owned(), world.clone()),
                Some(mutant) => (
                    format!("{name} with {mutant}"),
                    world.clone().with_mutant(mutant),
                ),
            };
            let compiled = compiled(&world);
            if let Some(found) = explore_up_to(states_max(), &compiled, &AS_IT_IS) {
                judge(&name, &compiled, found);
                *judged.entry(mutant).or_default() += 1;
            }
        }
    }
    assert_eq!(judged.len(), tabled().count() + 1, "a fault in no world");
    assert!(judged.values().sum::<usize>() > 300, "{judged:?}");
}

#[test]
fn it_is_the_world_in_every_state() {
    all(|name, compiled, (_, codes)| {
        let world = compiled.world();
        let (ours, theirs) = (compiled.properties(), world.properties());
        for code in codes.values() {
            let state = compiled.state(code);
            let mut next: Vec<(Action, State)> = successors(compiled, code)
                .iter()
                .map(|(action, next)| (*action, compiled.state(next)))
                .collect();
            let mut actions = Vec::new();
            world.actions(&state, &mut actions);
            let mut expected: Vec<(Action, State)> = actions
                .into_iter()
                .filter_map(|action| Some((action, world.next_state(&state, action)?)))
                .collect();
            next.sort_by_key(|(action, _)| *action);
            expected.sort_by_key(|(action, _)| *action);
            assert_eq!(next, expected, "{name}: from {state:?}");
            for (ours, theirs) in ours.iter().zip(&theirs) {
                assert_eq!(
                    (ours.name, (ours.condition)(compiled, code)),
                    (theirs.name, (theirs.condition)(world, &state)),
                    "{name}: in {state:?}"
                );
            }
        }
        // Different codes are different states: the counts are the World's.
        let states: HashSet<State> = codes.values().map(|code| compiled.state(code)).collect();
        assert_eq!(states.len(), codes.len(), "{name}");
    });
}

/// What each set of reductions finds, and in how many states.
fn reduced(compiled: &Compiled<W>) -> Vec<(Reductions, Found, usize)> {
    let sets = [
        "dead",
        "symmetry",
        "order",
        "dead,symmetry",
        "dead,order",
        "all",
    ];
    let sets = sets.map(|names| names.parse::<Reductions>().unwrap());
    let offered = |set: &Reductions| set.iter().all(|one| compiled.offered().contains(one));
    let found = sets.into_iter().filter(offered).filter_map(|set| {
        let compiled = asking(compiled.world(), set);
        let prune: &dyn Fn(&mut Code<W>) = &|code| compiled.prune(code);
        let name: &dyn Fn(&Code<W>) -> u128 = &|code| compiled.orbit_of(code);
        let order: &dyn Fn(&Code<W>, &mut Vec<Move>) = &|code, moves| compiled.order(code, moves);
        let mut how = AS_IT_IS;
        for reduction in set.iter() {
            match reduction {
                Reduction::Dead => how.prune = prune,
                Reduction::Symmetry => how.name = name,
                Reduction::Order => how.order = order,
            }
        }
        let (found, all) = explore(&compiled, &how);
        match compiled.refusal() {
            None => Some((set, found, all.len())),
            Some(refusal) => {
                let mutant = compiled.world().rules().mutant;
                assert!(mutant.is_some(), "the protocol as it ships: {refusal}");
                None
            }
        }
    });
    found.collect()
}

/// Nothing is found that is not there, nothing is missed, and nothing comes later.
#[test]
fn reductions_change_nothing_that_can_be_seen() {
    all(|name, compiled, (expected, codes)| {
        for (how, found, states) in reduced(compiled) {
            assert_eq!(found, expected, "{name}, {how}");
            assert!(states <= codes.len(), "{name}, {how}");
        }
    });
}

/// Two states are one to the reductions exactly if they are the same but for what is taken out, or
/// for the names of like nodes: counted by brute force, over all states there are.
#[test]
fn there_are_as_many_states_as_orbits() {
    let mut with_symmetry = 0;
    all(|name, compiled, (_, codes)| {
        let permutations = permutations(&compiled.symmetry);
        for (how, _, states) in reduced(compiled) {
            if how.contains(Reduction::Order) {
                continue;
            }
            let images = codes.values().map(|code| {
                let mut code = *code;
                if how.contains(Reduction::Dead) {
                    compiled.prune(&mut code);
                }
                match how.contains(Reduction::Symmetry) {
                    false => image(compiled, &code, &permutations[0]),
                    true => {
                        let images = permutations.iter();
                        let images = images.map(|names| image(compiled, &code, names));
                        images.min().unwrap()
                    }
                }
            });
            let orbits: HashSet<Vec<u128>> = images.collect();
            assert_eq!(states, orbits.len(), "{name}, {how}");
            with_symmetry += usize::from(how.to_string() == "dead,symmetry");
        }
    });
    assert!(with_symmetry > 5 * tabled().count());
}

/// Every renaming of like nodes by each other, that of nobody first.
fn permutations(symmetry: &Symmetry) -> Vec<Vec<usize>> {
    let names = &symmetry.names;
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for node in 0..names.len() {
        let one_more = |taken: &Vec<usize>| {
            let free = (0..names.len()).filter(|to| names[*to] == names[node]);
            let free: Vec<usize> = free.filter(|to| !taken.contains(to)).collect();
            let taken = taken.clone();
            free.into_iter().map(move |to| [&taken[..], &[to]].concat())
        };
        all = all.iter().flat_map(one_more).collect();
    }
    all
}

/// The state in which each node has the place that `names` gives it.
fn image(compiled: &Compiled<W>, code: &Code<W>, names: &[usize]) -> Vec<u128> {
    use checker::Fingerprint as _;
    let renamed = |id: NodeId| NodeId::new(names[id.index()]).unwrap();
    let all = |set: NodeSet| set.iter().map(renamed).collect::<NodeSet>();
    let mut image = vec![0; names.len()];
    for (node, place) in names.iter().enumerate() {
        let local = compiled.local(code, node);
        let mut server = local.packed.unpack();
        if let Progress::Preparing { promises, .. } = &mut server.proposer.progress {
            *promises = all(*promises);
        }
        if let Learner::Counting { voters, .. } = &mut server.learner {
            *voters = all(*voters);
        }
        let packed = crate::packed::Packed::new(&server);
        image[*place] = u128::of(&(packed, local.asks, local.said));
    }
    let mut mail: Vec<Parcel> = Vec::new();
    for parcel in compiled.state(code).mail {
        let from = renamed(parcel.from());
        insert(
            &mut mail,
            Parcel::new(from, all(parcel.to()), parcel.message()),
        );
    }
    image.extend(mail.iter().map(|parcel| u128::from(parcel.word())));
    image.push(u128::from(code.crashes()) << 1 | u128::from(code.mid_ballot()));
    image
}

/// A reduction that loses an envelope which still matters is caught, for each kind of them.
#[test]
fn a_live_envelope_that_is_lost_is_missed() {
    let world = world("proposers = 2\nacceptors = 3\nlearners = 1", 2, "");
    let compiled = compiled(&world);
    let (expected, _) = explore(&compiled, &AS_IT_IS);
    for kind in ["Prepare", "Promise", "Propose", "Accepted"] {
        // Of each broadcast, or of each kind of answer, the last addressee or sender is forgotten.
        let lost = |parcel: &Parcel| {
            let last = parcel
                .from()
                .index()
                .max(parcel.to().iter().last().unwrap().index());
            format!("{}", parcel.message()).starts_with(kind) && last >= 3
        };
        let envelopes = compiled.tables.universe.envelopes.iter();
        let lost: Vec<usize> = envelopes
            .enumerate()
            .filter(|(_, parcel)| lost(parcel))
            .map(|(id, _)| id)
            .collect();
        let prune: &dyn Fn(&mut Code<W>) = &|code| {
            compiled.prune(code);
            let mut dead = [0; W];
            for id in &lost {
                dead[compiled.mail + id / 64] |= 1 << (id % 64);
            }
            compiled.take_out(code, &dead);
        };
        let (found, _) = explore(&compiled, &How { prune, ..AS_IT_IS });
        assert_ne!(found, expected, "{kind} can be lost and nobody notices");
    }
}

/// An order in which the count of a node is begun only when more is on its way than is needed is caught.
#[test]
fn an_order_that_leaves_out_too_much_is_missed() {
    let world = world("proposers = 2\nacceptors = 3\nlearners = 1", 2, "");
    let compiled = compiled(&world);
    let (expected, all) = explore(&compiled, &AS_IT_IS);
    let right: &dyn Fn(&Code<W>, &mut Vec<Move>) = &|code, moves| compiled.order(code, moves);
    let (found, fewer) = explore(
        &compiled,
        &How {
            order: right,
            ..AS_IT_IS
        },
    );
    assert_eq!(found, expected);
    assert!(fewer.len() < all.len());
    for kind in ["Promise", "Accepted"] {
        let envelopes = &compiled.tables.universe.envelopes;
        let is_counted = |id: usize| format!("{}", envelopes[id].message()).starts_with(kind);
        let order: &dyn Fn(&Code<W>, &mut Vec<Move>) = &|code, moves| {
            compiled.order(code, moves);
            let to = &compiled.tables.universe.to;
            let on_their_way = |node: NodeId| {
                let counted = compiled.envelopes(code);
                counted
                    .filter(|id| to[*id] == node && is_counted(*id))
                    .count()
            };
            moves.retain(|one| {
                one.kind() != super::DELIVER
                    || !is_counted(one.index())
                    || on_their_way(to[one.index()]) > 2
            });
        };
        let (found, _) = explore(&compiled, &How { order, ..AS_IT_IS });
        assert_ne!(found, expected, "{kind}: nobody notices");
    }
}

/// A symmetry that forgets whose votes a learner has counted, or whose promises a proposer has, is
/// caught, and so is one that takes proposers for alike.
#[test]
fn a_symmetry_that_forgets_is_missed() {
    // Of three that are needed, one that was counted must not be taken for two.
    let all = "[protocol]\nprepare-quorum = 3\naccept-quorum = 3";
    let world = world("proposers = 1\nacceptors = 3\nlearners = 1", 1, all);
    let right = compiled(&world);
    let (expected, codes) = explore(&right, &AS_IT_IS);
    let count = |symmetry: Symmetry| {
        let mut wrong = right.clone();
        wrong.symmetry = Arc::new(symmetry);
        let orbit: &dyn Fn(&Code<W>) -> u128 = &|code| wrong.orbit_of(code);
        let (found, all) = explore(
            &wrong,
            &How {
                name: orbit,
                ..AS_IT_IS
            },
        );
        (found, all.len())
    };
    let (found, orbits) = count(Symmetry::clone(&right.symmetry));
    assert_eq!(found, expected);
    for tag in [0, 1] {
        let mut forgetful = Symmetry::clone(&right.symmetry);
        forgetful
            .counted
            .iter_mut()
            .for_each(|keys| keys[tag] = [0; 2]);
        let (found, states) = count(forgetful);
        assert!(states < orbits, "fewer than there are orbits");
        assert_ne!(found, expected, "{tag} can be forgotten and nobody notices");
    }
    assert!(codes.len() > orbits);
}
