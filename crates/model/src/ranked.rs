//! A world without end with finitely many states: a state is kept up to the order of its ballots.
//!
//! Ballots are only compared, and a new one is one round above the highest that its proposer knows of. So all that
//! matters of rounds is their order, and how many rounds that nothing speaks of lie between two of them: gaps are kept up
//! to [`GAP`], and the widest stands for every wider one. Where a proposer starts a round in such a gap, two things can
//! come of it: the gap was that wide, or wider. So each step of the World is one of these ([`Turn`]), and each of these
//! is one of the World's from some state that is kept as this one. [`Ranked::walk`] walks a path with ballots as the
//! World has them, step by step.

use std::borrow::Cow;

use checker::{Fingerprint, Offers};
use paxos::{Envelope, Learner, NodeId, Progress, Round, Translation};
use stateright::{Model, Path, Property};

use crate::live::Sort;
use crate::{Action, Event, Letter, Parcel, Server, State, World};

/// The widest gap between rounds that is told from a wider one.
const GAP: u32 = 2;
/// As many classes of actions can be told apart.
const CLASSES_MAX: usize = 256;

/// A world without end, its states kept up to the order of their ballots. Where something is decided
/// and all learners know, it ends.
#[derive(Clone, Debug)]
pub struct Ranked {
    world: World,
    sorts: Vec<Sort>,
    /// Whether nothing is forgotten that a property of what must never be may ask for, and a decision ends nothing.
    remembers: bool,
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn {
    /// What, in a state as it is kept.
    pub action: Action,
    /// How a round is started by it that has others above it.
    pub start: Start,
}

/// How far below the next higher round a new one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// As far as can be seen.
    Plain,
    /// The gap above is as wide as it is kept.
    Near,
    /// It is wider.
    Far,
}

impl Ranked {
    /// The world, if its rounds never end.
    ///
    /// # Errors
    /// In words, if they end.
    pub fn new(world: World) -> Result<Ranked, String> {
        match world.endless() {
            Some(_) => {
                let sorts = Sort::all(&world);
                match sorts.len() {
                    0..=CLASSES_MAX => Ok(Ranked {
                        world,
                        sorts,
                        remembers: false,
                    }),
                    many => Err(format!(
                        "`{}` has {many} classes of actions to be treated fairly, but there is room for \
                         {CLASSES_MAX}: take fewer nodes",
                        world.scenario().name
                    )),
                }
            }
            None => Err(format!(
                "the rounds of `{}` end: it has no [endless]",
                world.scenario().name
            )),
        }
    }

    /// The same for judging what must never be: see [`crate::explore_endless_safety`].
    ///
    /// # Errors
    /// As [`Ranked::new`].
    pub(crate) fn remembering(world: World) -> Result<Ranked, String> {
        let ranked = Ranked::new(world)?;
        let remembers = true;
        Ok(Ranked {
            remembers,
            ..ranked
        })
    }

    /// The world with its ballots as they are.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The sorts of its actions, in order.
    pub(crate) fn sorts(&self) -> &[Sort] {
        &self.sorts
    }

    /// A state as it is kept.
    pub fn kept(&self, state: &State) -> State {
        let kept = self.forgetting(state);
        let order = Order::of(&kept);
        match order.is_plain() {
            true => kept,
            false => renumbered(&kept, &mut |round| order.after(round)),
        }
    }

    /// A state without what can never matter again.
    fn forgetting(&self, state: &State) -> State {
        let mut kept = state.clone();
        kept.mid_ballot = false;
        if self.remembers {
            kept.ledger
                .retain(|said| said.is_vote() && !state.is_over(said.ballot()));
            return kept;
        }
        kept.ledger.clear();
        for (node, mut server) in state.servers() {
            let proposer = &mut server.proposer;
            let ballot = match proposer.progress {
                Progress::Idle => None,
                Progress::Preparing { ballot, .. } | Progress::Proposing { ballot } => Some(ballot),
            };
            // Refusals of the ballot it pursues are by higher ones than that.
            if proposer.highest_nack.is_some() && proposer.highest_nack < ballot {
                proposer.highest_nack = None;
                kept.set_server(node, &server);
            }
        }
        if self.forgets_mail() {
            let may_matter = |envelope: &Envelope<Letter>| {
                // By the notes' rule it is voted for once its Prepare has arrived as well.
                let is_early = envelope.message.proposal().is_some_and(|proposed| {
                    !self.world.is_out(state, envelope.to)
                        && state.server(envelope.to).acceptor.promised < Some(proposed.ballot)
                });
                is_early || self.world.comes_of(state, *envelope)
            };
            for parcel in &mut kept.mail {
                for envelope in parcel.envelopes().filter(|envelope| !may_matter(envelope)) {
                    *parcel = parcel.without(envelope.to);
                }
            }
            kept.mail.retain(|parcel| !parcel.to().is_empty());
            self.forget_votes(&mut kept);
        }
        kept
    }

    /// Forgets the votes that a learner has counted, where they can come to nothing: none of that ballot or a lower one
    /// is under way any more, nor can be again.
    fn forget_votes(&self, kept: &mut State) {
        let servers: Vec<(NodeId, Server)> = kept.servers().collect();
        for (node, server) in &servers {
            let Learner::Counting { ballot, .. } = server.learner else {
                continue;
            };
            let mut said = kept.mail.iter();
            let is_over = said.all(|parcel| parcel.ballot() > ballot)
                && self.world.cluster().proposers().iter().all(|proposer| {
                    base(kept, proposer) >= ballot.round.number()
                        && match servers[proposer.index()].1.proposer.progress {
                            Progress::Preparing { ballot: own, .. } => own > ballot,
                            Progress::Idle | Progress::Proposing { .. } => true,
                        }
                });
            if is_over {
                let learner = Learner::Unaware;
                let server = Server { learner, ..*server };
                kept.set_server(*node, &server);
            }
        }
    }

    /// Whether a message that a node ignores can never again be anything to it. Else a refusal can come of it later, a
    /// copy of it draws an answer that was lost, or its node forgets that it came.
    fn forgets_mail(&self) -> bool {
        let scenario = self.world.scenario();
        !scenario.protocol.nack && !scenario.world.loss && scenario.world.crashes == 0
    }

    /// Walks a path with ballots as the World has them: the same steps, and after each a state that is kept as that of
    /// the path.
    ///
    /// # Errors
    /// The step that no ballot of the World's own can take.
    pub fn walk(&self, path: &Path<State, Turn>) -> Result<Path<State, Action>, usize> {
        self.walk_steps(&path.clone().into_vec())
    }

    /// The same of a path's states and steps.
    ///
    /// # Errors
    /// The step that no ballot of the World's own can take.
    pub(crate) fn walk_steps(
        &self,
        steps: &[(State, Option<Turn>)],
    ) -> Result<Path<State, Action>, usize> {
        let mut here = self.world.init_states().remove(0);
        let (start, mut actions) = (here.clone(), Vec::new());
        for (step, pair) in steps.windows(2).enumerate() {
            let (Some(turn), wanted) = (pair[0].1, &pair[1].0) else {
                return Err(step);
            };
            let action = self.unkept(&here, turn.action).ok_or(step)?;
            let next = self.world.next_state(&here, action);
            here = next.filter(|next| self.kept(next) == *wanted).ok_or(step)?;
            actions.push(action);
        }
        Path::from_actions(&self.world, start, &actions).ok_or(actions.len())
    }

    /// What can happen in a state, whether or not anything is decided.
    pub(crate) fn turns(&self, state: &State, turns: &mut Vec<Turn>) {
        let mut actions = Vec::new();
        self.world.actions(state, &mut actions);
        for action in actions {
            let is_wide = starts(state, action)
                .is_some_and(|node| Order::of(state).gap(base(state, node)) == Some(GAP));
            let ways: &[Start] = match is_wide {
                true => &[Start::Near, Start::Far],
                false => &[Start::Plain],
            };
            turns.extend(ways.iter().map(|&start| Turn { action, start }));
        }
    }

    /// A state that is kept as this one and in which a turn is a step of the World, and the state that it leads to, not yet as
    /// it is kept.
    pub(crate) fn advanced<'a>(
        &self,
        state: &'a State,
        turn: Turn,
    ) -> Option<(Cow<'a, State>, State)> {
        let before = match (turn.start, starts(state, turn.action)) {
            (Start::Far, Some(node)) => {
                let base = base(state, node);
                Cow::Owned(renumbered(
                    state,
                    &mut |round| match round.number() > base {
                        true => numbered(round.number() + 1),
                        false => round,
                    },
                ))
            }
            (Start::Plain | Start::Near | Start::Far, _) => Cow::Borrowed(state),
        };
        let next = self.world.next_state(&before, turn.action)?;
        Some((before, next))
    }

    /// The turn that an action is, in the state before it as it is kept; `None` if it is of a message that is forgotten
    /// there.
    pub(crate) fn turn(&self, before: &State, action: Action, after: &State) -> Option<Turn> {
        let (kept, wanted) = (self.kept(before), self.kept(after));
        let mut turns = Vec::new();
        self.actions(&kept, &mut turns);
        turns.into_iter().find(|turn| {
            self.unkept(before, turn.action) == Some(action)
                && self.next_state(&kept, *turn).as_ref() == Some(&wanted)
        })
    }

    /// An action of a state as it is kept, in the state itself.
    pub(crate) fn unkept(&self, state: &State, action: Action) -> Option<Action> {
        let order = Order::of(&self.forgetting(state));
        let back = |envelope: Envelope<Letter>| {
            let mut translation = with_rounds(|round| order.before(round));
            translation.envelope(&envelope).expect(VALUES_STAY)
        };
        let event = |event: Event| match event {
            Event::Deliver(envelope) => Event::Deliver(back(envelope)),
            Event::Ask { .. } | Event::Timeout(_) => event,
        };
        Some(match action {
            Action::Step(happens) => Action::Step(event(happens)),
            Action::Torn {
                event: happens,
                sends,
            } => Action::Torn {
                event: event(happens),
                sends,
            },
            Action::Lose(envelope) => Action::Lose(back(envelope)),
            Action::Crash(_)
            | Action::Repeat(_)
            | Action::Stop(_)
            | Action::Settle
            | Action::Answer { .. }
            | Action::GiveUp(_)
            | Action::Read { .. }
            | Action::Fail { .. } => action,
        })
    }
}

/// The rounds that a state speaks of, and the numbers that stand for them.
struct Order {
    /// In rising order: a round, and its number.
    pairs: Vec<(u32, u32)>,
}

impl Order {
    fn of(state: &State) -> Order {
        let mut rounds = Vec::with_capacity(16);
        renumbered(state, &mut |round| {
            rounds.push(round.number());
            round
        });
        rounds.sort_unstable();
        rounds.dedup();
        let (mut last, mut number) = (0, 0);
        let pairs = rounds.into_iter().map(|round| {
            number += GAP.min(round - last);
            last = round;
            (round, number)
        });
        Order {
            pairs: pairs.collect(),
        }
    }

    /// Whether each round is its own number.
    fn is_plain(&self) -> bool {
        self.pairs.iter().all(|(round, number)| round == number)
    }

    /// The number of a round.
    fn after(&self, round: Round) -> Round {
        let found = self.pairs.iter().find(|(old, _)| *old == round.number());
        found.map_or(round, |(_, new)| numbered(*new))
    }

    /// The round of a number.
    fn before(&self, number: Round) -> Round {
        let found = self.pairs.iter().find(|(_, new)| *new == number.number());
        found.map_or(number, |(old, _)| numbered(*old))
    }

    /// How far the next higher round is above this one; `None` if there is none.
    fn gap(&self, base: u32) -> Option<u32> {
        let mut above = self.pairs.iter().filter(|(round, _)| *round > base);
        above.next().map(|(round, _)| round - base)
    }
}

fn numbered(round: u32) -> Round {
    Round::new(round).expect("rounds are counted from 1")
}

/// The same state with other rounds in the same order.
fn renumbered(state: &State, to: &mut dyn FnMut(Round) -> Round) -> State {
    let mut translation = with_rounds(to);
    let mut next = state.clone();
    for (node, server) in state.servers() {
        let server = renumbered_server(server, &mut translation);
        next.set_server(node, &server.expect(VALUES_STAY));
    }
    for parcel in next.mail.iter_mut().chain(&mut next.ledger) {
        let message = translation.message(&parcel.message());
        *parcel = Parcel::new(parcel.from(), parcel.to(), message.expect(VALUES_STAY));
    }
    next
}

const VALUES_STAY: &str = "each value stands for itself";

fn with_rounds<R: FnMut(Round) -> Round>(
    rounds: R,
) -> Translation<R, impl FnMut(&Letter) -> Option<Letter>> {
    Translation {
        rounds,
        values: |value: &Letter| Some(*value),
    }
}

fn renumbered_server<R, F>(server: Server, to: &mut Translation<R, F>) -> Option<Server>
where
    R: FnMut(Round) -> Round,
    F: FnMut(&Letter) -> Option<Letter>,
{
    Some(Server {
        acceptor: to.acceptor(&server.acceptor)?,
        proposer: to.proposer(&server.proposer)?,
        learner: to.learner(&server.learner)?,
        disk: to.durable(&server.disk)?,
        copy: to.durable(&server.copy)?,
        ..server
    })
}

/// Whose round an action starts, if it starts one.
fn starts(state: &State, action: Action) -> Option<NodeId> {
    match action {
        Action::Step(event) | Action::Torn { event, .. } => match event {
            Event::Timeout(node) => Some(node),
            Event::Ask { of, .. } => state
                .server(of)
                .proposer
                .client_value
                .is_none()
                .then_some(of),
            Event::Deliver(_) => None,
        },
        Action::Crash(_)
        | Action::Lose(_)
        | Action::Repeat(_)
        | Action::Stop(_)
        | Action::Settle
        | Action::Answer { .. }
        | Action::GiveUp(_)
        | Action::Read { .. }
        | Action::Fail { .. } => None,
    }
}

/// The highest round that a proposer knows of; 0 if it knows none.
fn base(state: &State, node: NodeId) -> u32 {
    let proposer = state.server(node).proposer;
    let seen = proposer.highest_nack.map(|ballot| ballot.round);
    proposer.last_round.max(seen).map_or(0, Round::number)
}

impl Model for Ranked {
    type State = State;
    type Action = Turn;

    fn init_states(&self) -> Vec<State> {
        let states = self.world.init_states();
        states.iter().map(|state| self.kept(state)).collect()
    }

    fn actions(&self, state: &State, turns: &mut Vec<Turn>) {
        if self.world.is_over(state) {
            return;
        }
        self.turns(state, turns);
    }

    fn next_state(&self, state: &State, turn: Turn) -> Option<State> {
        let (_, next) = self.advanced(state, turn)?;
        Some(self.kept(&next))
    }

    fn properties(&self) -> Vec<Property<Ranked>> {
        vec![Property::always(
            "agreement",
            |_: &Ranked, state: &State| {
                let announced = state.packed().iter().map(|server| server.announced());
                announced
                    .fold(crate::Letters::EMPTY, crate::Letters::union)
                    .len()
                    <= 1
            },
        )]
    }

    fn format_action(&self, turn: &Turn) -> String {
        turn.action.to_string()
    }
}

impl Offers for Ranked {
    fn fingerprint<F: Fingerprint>(&self, state: &State) -> F {
        F::of(state)
    }
}
