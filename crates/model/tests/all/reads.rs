//! Clients that read: that `linearizable` is what it is called, and what an acceptor answers.

use std::collections::HashSet;

use model::{Action, Ask, Letter, Mutant, Outcome, ReadStatus, ReadStep, State, World, properties};
use stateright::Model as _;
use stateright::semantics::{ConsistencyTester as _, LinearizabilityTester, SequentialSpec};

use crate::common::{shipped, small};

/// A register that keeps its first value and answers it to whoever writes or reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Decree(Option<Letter>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Op {
    Propose(Letter),
    Read,
}

impl SequentialSpec for Decree {
    type Op = Op;
    type Ret = Option<Letter>;

    fn invoke(&mut self, op: &Op) -> Option<Letter> {
        if let Op::Propose(value) = op {
            self.0.get_or_insert(*value);
        }
        self.0
    }
}

type History = LinearizabilityTester<usize, Decree>;

/// What clients do and are told in a step, added to a history. Each request and each read is a client of its own.
fn tell(world: &World, history: &mut History, before: &State, after: &State) {
    let asks = world.scenario().ask.iter().zip(&before.asks);
    for (thread, ((ask, was), is)) in asks.zip(&after.asks).enumerate() {
        if *was == Outcome::NotAsked && was != is {
            history.on_invoke(thread, Op::Propose(ask.value)).unwrap();
        }
        if let (None, Some(value)) = (was.told(), is.told()) {
            history.on_return(thread, Some(value)).unwrap();
        }
    }
    let reads = before.reads.iter().zip(&after.reads).enumerate();
    for (read, (was, is)) in reads {
        let thread = Ask::LIMIT + read;
        if was.status == ReadStatus::NotAsked && was.status != is.status {
            history.on_invoke(thread, Op::Read).unwrap();
        }
        match is.status {
            status if status == was.status => {}
            ReadStatus::NothingChosen => {
                history.on_return(thread, None).unwrap();
            }
            ReadStatus::Chosen(value) => {
                history.on_return(thread, Some(value)).unwrap();
            }
            ReadStatus::NotAsked | ReadStatus::Asked | ReadStatus::Unknown => {}
        }
    }
}

/// Compares the property with stateright's tester on every history of a world; how many of them are linearizable, and how
/// many are not.
fn compared(world: &World) -> [usize; 2] {
    let known = properties::Known::named("linearizable").unwrap();
    let condition = known.property().condition;
    let start = world.init_states().remove(0);
    let mut seen = HashSet::new();
    let mut ahead = vec![(start, History::new(Decree::default()))];
    let mut found = [0; 2];
    while let Some((state, history)) = ahead.pop() {
        let is_linearizable = history.is_consistent();
        assert_eq!(condition(world, &state), is_linearizable, "{history:?}");
        found[usize::from(!is_linearizable)] += 1;
        if !is_linearizable {
            continue;
        }
        let mut actions = Vec::new();
        world.actions(&state, &mut actions);
        for action in actions {
            let Some(next) = world.next_state(&state, action) else {
                continue;
            };
            let mut longer = history.clone();
            tell(world, &mut longer, &state, &next);
            if seen.insert((next.clone(), longer.clone())) {
                ahead.push((next, longer));
            }
        }
    }
    found
}

#[test]
fn what_clients_are_told_is_judged_as_by_stateright() {
    for name in [
        "clients-read",
        "two-clients-read",
        "servers-read",
        "reads-and-retries",
        "reads-and-faults",
    ] {
        let world = shipped(name);
        let [right, wrong] = compared(&world);
        assert!(right > 0);
        assert_eq!(wrong, 0);
    }
    let mut violated = 0;
    for mutant in [
        Mutant::ReadFromOne,
        Mutant::ReadJoinsAnother,
        Mutant::ReadHidesVote,
        Mutant::DefaultValue,
        Mutant::FirstVoteIsChosen,
        Mutant::AnswersOwn,
    ] {
        let [_, wrong] = compared(&shipped("two-clients-read").with_mutant(mutant));
        violated += usize::from(wrong > 0);
    }
    assert!(violated >= 4, "{violated}");
}

/// A server that reads counts its own vote at once, and one that knows the outcome asks nobody.
#[test]
fn servers_that_read_look_at_themselves_first() {
    let world = small("servers = 2", "[[read]]\nof = 0\n[[read]]\nof = 1");
    let [right, wrong] = compared(&world);
    assert!(right > 0);
    assert_eq!(wrong, 0);
    let start = world.init_states().remove(0);
    let mut actions = Vec::new();
    world.actions(&start, &mut actions);
    let reads = actions.iter().filter(|action| {
        matches!(
            action,
            Action::Read {
                step: ReadStep::Ask,
                ..
            }
        )
    });
    for action in reads {
        let next = world.next_state(&start, *action).unwrap();
        let Action::Read { read, of, .. } = *action else {
            continue;
        };
        let answers = next.reads[usize::from(read)].answers.unwrap();
        assert_eq!(answers.heard.iter().collect::<Vec<_>>(), [of]);
    }
}
