//! The World as stateright actors, judged by the World's own properties.

use std::hash::{Hash, Hasher};

use model::{Actors, World};
use stateright::{Expectation, Model, Property};

type Inner = <Actors as Model>::State;

/// The actors of a world, with every property of that world.
pub(crate) struct Judged {
    actors: Actors,
    world: World,
    judges: Vec<Property<World>>,
}

/// A state of the actors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State(Inner);

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

impl Judged {
    /// `None` if actors cannot express the world.
    pub(crate) fn new(world: &World) -> Option<Judged> {
        Some(Judged {
            actors: Actors::new(world)?,
            world: world.clone(),
            judges: world.properties(),
        })
    }
}

/// What the judge of this number says. stateright takes function pointers, which capture nothing.
fn judge<const NUMBER: usize>(judged: &Judged, state: &State) -> bool {
    let condition = judged.judges[NUMBER].condition;
    condition(&judged.world, &judged.actors.view(&state.0))
}

/// As many judges as a world may have.
const JUDGES: [fn(&Judged, &State) -> bool; 32] = [
    judge::<0>,
    judge::<1>,
    judge::<2>,
    judge::<3>,
    judge::<4>,
    judge::<5>,
    judge::<6>,
    judge::<7>,
    judge::<8>,
    judge::<9>,
    judge::<10>,
    judge::<11>,
    judge::<12>,
    judge::<13>,
    judge::<14>,
    judge::<15>,
    judge::<16>,
    judge::<17>,
    judge::<18>,
    judge::<19>,
    judge::<20>,
    judge::<21>,
    judge::<22>,
    judge::<23>,
    judge::<24>,
    judge::<25>,
    judge::<26>,
    judge::<27>,
    judge::<28>,
    judge::<29>,
    judge::<30>,
    judge::<31>,
];

impl Model for Judged {
    type State = State;
    type Action = <Actors as Model>::Action;

    fn init_states(&self) -> Vec<State> {
        self.actors.init_states().into_iter().map(State).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Self::Action>) {
        self.actors.actions(&state.0, actions);
    }

    fn next_state(&self, state: &State, action: Self::Action) -> Option<State> {
        self.actors.next_state(&state.0, action).map(State)
    }

    fn within_boundary(&self, state: &State) -> bool {
        Model::within_boundary(&self.actors, &state.0)
    }

    fn properties(&self) -> Vec<Property<Judged>> {
        let judges = self.judges.iter().zip(JUDGES);
        judges
            .map(|(known, condition)| match known.expectation {
                Expectation::Always => Property::always(known.name, condition),
                Expectation::Sometimes => Property::sometimes(known.name, condition),
                Expectation::Eventually => Property::eventually(known.name, condition),
            })
            .collect()
    }
}
