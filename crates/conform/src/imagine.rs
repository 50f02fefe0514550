//! The run of one decree, as a run of the model: a world that allows it, and its actions.
//!
//! Values become letters. What a crash kept from the disk has not happened, since nothing of it left;
//! what reached the disk and was not sent is a torn step. A process that ends in order and a decree
//! that leaves memory are crashes to the model: memory is lost, the disk is kept.

use std::collections::HashMap;
use std::sync::Arc;

use model::{
    Action, Ask, Bounds, Event, Expect, Letter, Network, Parcel, Placement, Protocol, RuleSet,
    Scenario, Variant, World,
};
use node::Value;
use node::journal::Entry;
use paxos::{Effects, Envelope, Input, Message, NodeId, NodeSet, Translation};

use crate::admit::{Admitted, DecreeId, Spot};
use crate::disk::Fate;
use crate::facts::Decree;

/// A world, and the way through it.
#[derive(Debug)]
pub(crate) struct Imagined {
    pub(crate) world: World,
    /// What the letters stand for.
    pub(crate) values: Vec<Value>,
    pub(crate) moves: Vec<Move>,
}

/// One action, and the line it stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    pub(crate) spot: Spot,
    pub(crate) action: Action,
    /// What came of it by the journal, with what was said again; `None` for crashes.
    pub(crate) effects: Option<Effects<Letter>>,
}

/// Why the run of a decree has no world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unfit {
    /// Part of it is from before the journals, or from a journal that was not given.
    #[error("part of it is not in the journals")]
    Foreign,
    /// The model has no letter for another value.
    #[error("more than {} values", Letter::LIMIT)]
    Values,
    /// The model has no room for higher rounds.
    #[error("a round above {}", Parcel::ROUND_MAX)]
    Rounds,
    /// The model has no room for more requests that a proposer took up.
    #[error("more than {} requests", Ask::LIMIT)]
    Asks,
    /// The model counts no more crashes.
    #[error("more than {} restarts", u8::MAX - 1)]
    Crashes,
    /// The model numbers nodes without a gap.
    #[error("the numbers of the nodes have a gap")]
    Nodes,
}

/// The world and the actions of a decree.
pub(crate) fn imagine(
    all: &Admitted,
    rules: RuleSet,
    fates: &[Vec<Fate>],
    id: DecreeId,
    decree: &Decree,
) -> Result<Imagined, Unfit> {
    if decree.foreign {
        return Err(Unfit::Foreign);
    }
    let nodes = all.roles.nodes();
    if nodes != NodeSet::first(nodes.len()) {
        return Err(Unfit::Nodes);
    }
    let mut builder = Builder {
        all,
        decree,
        values: Vec::new(),
        asks: Vec::new(),
        moves: Vec::new(),
        with_idle_asks: !has_too_many_asks(all, decree),
    };
    for (spot, is_torn) in happened(all, fates, decree) {
        builder.push(spot, is_torn)?;
    }
    builder.leave_out_the_end();
    let ask = builder
        .asks
        .iter()
        .map(|(of, value)| Ask {
            value: *value,
            of: of.index(),
        })
        .collect();
    let scenario = Arc::new(scenario(all.key(id).to_string(), rules, ask));
    let mut world = World::placed(scenario, all.roles).answering_again();
    if let Some(mutant) = rules.mutant {
        world = world.with_mutant(mutant);
    }
    Ok(Imagined {
        world,
        values: builder.values,
        moves: builder.moves,
    })
}

/// All that may happen, as often as the model can count.
fn scenario(key: String, rules: RuleSet, ask: Vec<Ask>) -> Scenario {
    Scenario {
        name: key.clone(),
        title: format!("Decree {key}"),
        about: "A run of real nodes.".to_owned(),
        tags: Vec::new(),
        cluster: Placement::default(),
        protocol: Protocol {
            rules: match rules.variant {
                Variant::StrictAccept => model::RulesName::StrictAccept,
                Variant::Lamport
                | Variant::Flexible(_)
                | Variant::Weighted(_)
                | Variant::QuorumSets(_) => model::RulesName::Lamport,
            },
            nack: true,
            ..Protocol::default()
        },
        endless: None,
        read: Vec::new(),
        world: Bounds {
            network: Network::Set,
            rounds: Parcel::ROUND_MAX,
            crashes: u8::MAX,
            torn: true,
            ..Bounds::default()
        },
        ask,
        expect: Expect::default(),
    }
}

/// The entries that happened, for all that others can see, and which of them a crash tore: of each
/// batch that reached the disk and was not sent, all up to the last that changed the disk, which is torn.
fn happened(all: &Admitted, fates: &[Vec<Fate>], decree: &Decree) -> Vec<(Spot, bool)> {
    let fate = |spot: Spot, batch: u32| fates[usize::from(spot.journal)][batch as usize];
    let persists = |spot: Spot| match all.entry(spot) {
        Entry::Handle { effects, .. } => effects.persist.is_some(),
        Entry::Start(_)
        | Entry::Continue(_)
        | Entry::InMemory { .. }
        | Entry::Load { .. }
        | Entry::Learn { .. }
        | Entry::Saved
        | Entry::Answer { .. }
        | Entry::Unload { .. }
        | Entry::Stop => false,
    };
    let mut last: HashMap<(u8, u32), u32> = HashMap::new();
    for event in &decree.events {
        if let Some(batch) = event.batch.filter(|_| persists(event.spot)) {
            last.insert((event.spot.journal, batch), event.spot.entry);
        }
    }
    let kept = decree.events.iter().filter_map(|event| {
        let spot = event.spot;
        let Some(batch) = event.batch else {
            return Some((spot, false));
        };
        let torn = *last.get(&(spot.journal, batch))?;
        match fate(spot, batch) {
            Fate::Saved => Some((spot, false)),
            Fate::OnDisk(_) => (spot.entry <= torn).then_some((spot, spot.entry == torn)),
            Fate::Open | Fate::Lost(_) => None,
        }
    });
    kept.collect()
}

/// Whether only those requests fit that a proposer took up.
fn has_too_many_asks(all: &Admitted, decree: &Decree) -> bool {
    let asks = decree.events.iter().filter(|event| {
        matches!(
            all.entry(event.spot),
            Entry::Handle {
                input: Input::Propose(_),
                ..
            }
        )
    });
    asks.count() > Ask::LIMIT
}

struct Builder<'a> {
    all: &'a Admitted,
    decree: &'a Decree,
    values: Vec<Value>,
    asks: Vec<(NodeId, Letter)>,
    moves: Vec<Move>,
    with_idle_asks: bool,
}

impl Builder<'_> {
    fn push(&mut self, spot: Spot, is_torn: bool) -> Result<(), Unfit> {
        let at = self.all.journals[usize::from(spot.journal)].node;
        match self.all.entry(spot) {
            Entry::Handle { input, effects, .. } => self.handle(at, spot, input, effects, is_torn),
            Entry::Start(_) | Entry::Stop | Entry::Unload { .. } => {
                self.moves.push(Move {
                    spot,
                    action: Action::Crash(at),
                    effects: None,
                });
                Ok(())
            }
            Entry::Continue(_)
            | Entry::InMemory { .. }
            | Entry::Load { .. }
            | Entry::Learn { .. }
            | Entry::Saved
            | Entry::Answer { .. } => Ok(()),
        }
    }

    /// A node that leaves memory, in order, and does not come back has not crashed.
    fn leave_out_the_end(&mut self) {
        let mut come_back = NodeSet::EMPTY;
        let mut kept = Vec::new();
        while let Some(one) = self.moves.pop() {
            let at = self.all.journals[usize::from(one.spot.journal)].node;
            let is_end = matches!(
                self.all.entry(one.spot),
                Entry::Stop | Entry::Unload { .. } | Entry::Start(_)
            );
            if !is_end || come_back.contains(at) {
                kept.push(one);
            }
            if !is_end {
                come_back = come_back.with(at);
            }
        }
        kept.reverse();
        self.moves = kept;
    }

    fn handle(
        &mut self,
        at: NodeId,
        spot: Spot,
        input: &Input<Value>,
        effects: &Effects<Value>,
        is_torn: bool,
    ) -> Result<(), Unfit> {
        // To the World, what a host says again is a part of what it does.
        let mut effects = effects.clone();
        if let Some(again) = self.decree.again.get(&spot) {
            effects.send = Some(again.clone());
        }
        if !rounds_fit(input, &effects) {
            return Err(Unfit::Rounds);
        }
        let values = &mut self.values;
        let mut translation = Translation {
            rounds: |round| round,
            values: |value: &Value| letter_of(values, value),
        };
        let input = translation.input(input).ok_or(Unfit::Values)?;
        let effects = translation.effects(&effects).ok_or(Unfit::Values)?;
        let event = match input {
            Input::Timeout(_) => Event::Timeout(at),
            Input::Receive(envelope) => Event::Deliver(envelope),
            Input::Propose(value) => {
                let proposes = self.all.roles.proposers().contains(at);
                if !proposes || (is_idle(&effects) && !self.with_idle_asks) {
                    return Ok(());
                }
                if self.asks.len() >= Ask::LIMIT {
                    return Err(Unfit::Asks);
                }
                self.asks.push((at, value));
                Event::Ask {
                    index: (self.asks.len() - 1) as u8,
                    of: at,
                    value,
                }
            }
        };
        self.moves.push(Move {
            spot,
            action: match is_torn {
                true => Action::Torn { event, sends: 0 },
                false => Action::Step(event),
            },
            effects: Some(effects),
        });
        Ok(())
    }
}

/// The letter of a value: the next one, if it was not seen before. `None` if they are used up.
fn letter_of(values: &mut Vec<Value>, value: &Value) -> Option<Letter> {
    let index = match values.iter().position(|known| known == value) {
        Some(index) => index,
        None => {
            values.push(value.clone());
            values.len() - 1
        }
    };
    Letter::new(index)
}

/// Whether nothing came of an input.
pub(crate) fn is_idle<V>(effects: &Effects<V>) -> bool {
    let Effects {
        persist,
        send,
        set_timer,
        chosen,
    } = effects;
    persist.is_none() && send.is_none() && set_timer.is_none() && chosen.is_none()
}

/// Whether the model has room for all ballots in these. Whatever else a node knows of ballots, it knows
/// from such.
fn rounds_fit(input: &Input<Value>, effects: &Effects<Value>) -> bool {
    let received = match input {
        Input::Receive(Envelope { message, .. }) => Some(message),
        Input::Propose(_) | Input::Timeout(_) => None,
    };
    let said = effects.send.as_ref().map(|said| &said.message);
    let messages = received.into_iter().chain(said);
    let mut ballots = messages.flat_map(Message::ballots);
    ballots.all(|ballot| ballot.round.number() <= Parcel::ROUND_MAX)
}
