//! What taking images of states for one state takes for granted.
//!
//! 1. Nodes that are alike start alike, and are asked for nothing ([`crate::compiled::orbit`] has what is alike by the scenario).
//! 2. Whether voters are a quorum does not depend on which of the like nodes they are: asked of every set of acceptors.
//! 3. A node does with the image of an input, in the image of its state, the image of what it does: asked of each part and input that
//!    is met, for each swap of two like nodes, and of the images found, until there are no more. (Asked of parts that are met alone,
//!    swaps would not compose.)
//! 4. The number of a like node stands in what is counted, and in who sends to whom, and nowhere else: a number anywhere else is not
//!    renamed, and so breaks 3.

use checker::Reduction;
use parking_lot::Mutex;
use paxos::{Learner, NodeId, NodeSet, Phase, Progress};

use crate::compiled::input::{Input, Outcome, What};
use crate::compiled::local::Local;
use crate::compiled::orbit::class;
use crate::compiled::tables::{Map, Tables};
use crate::compiled::universe::Universe;
use crate::packed::Packed;
use crate::{Parcel, World};

/// Swaps of two like nodes, of which every renaming is made.
#[derive(Default)]
pub(crate) struct Swaps {
    swaps: Vec<Swap>,
    /// What was held against its images.
    done: Mutex<Map<(NodeId, Local, Input), ()>>,
}

struct Swap {
    nodes: [NodeId; 2],
    /// For each envelope its image; `None` if nobody can send that.
    images: Vec<Option<u16>>,
}

impl Swaps {
    pub(crate) fn of(world: &World, universe: &Universe) -> Swaps {
        let nodes: Vec<NodeId> = world.cluster().nodes().iter().collect();
        let mut swaps = Vec::new();
        for (place, one) in nodes.iter().enumerate() {
            let of = class(world, one.index());
            let like = nodes[place + 1..]
                .iter()
                .find(|other| of.is_some() && class(world, other.index()) == of);
            if let Some(other) = like {
                let pair = [*one, *other];
                let images = universe.envelopes.iter().map(|envelope| {
                    let image = renamed_parcel(*envelope, pair);
                    universe.id(image).map(|id| id as u16)
                });
                swaps.push(Swap {
                    nodes: pair,
                    images: images.collect(),
                });
            }
        }
        Swaps {
            swaps,
            done: Mutex::default(),
        }
    }
}

fn renamed(node: NodeId, [one, other]: [NodeId; 2]) -> NodeId {
    if node == one {
        other
    } else if node == other {
        one
    } else {
        node
    }
}

fn renamed_set(set: NodeSet, swap: [NodeId; 2]) -> NodeSet {
    set.iter().map(|node| renamed(node, swap)).collect()
}

fn renamed_parcel(parcel: Parcel, swap: [NodeId; 2]) -> Parcel {
    Parcel::new(
        renamed(parcel.from(), swap),
        renamed_set(parcel.to(), swap),
        parcel.message(),
    )
}

fn renamed_local(mut local: Local, swap: [NodeId; 2]) -> Local {
    let mut server = local.packed.unpack();
    if let Progress::Preparing { promises, .. } = &mut server.proposer.progress {
        *promises = renamed_set(*promises, swap);
    }
    if let Learner::Counting { voters, .. } = &mut server.learner {
        *voters = renamed_set(*voters, swap);
    }
    local.packed = Packed::new(&server);
    local
}

impl Swap {
    fn input(&self, input: Input) -> Option<Input> {
        let what = |what: What| match what {
            What::Arrival(id) => self.images[usize::from(id)].map(What::Arrival),
            What::Ask(_) | What::Timeout => Some(what),
        };
        match input {
            Input::Whole(of) => what(of).map(Input::Whole),
            Input::Torn(of, sends) => what(of).map(|of| Input::Torn(of, sends)),
            Input::Crash => Some(input),
        }
    }

    fn outcome(&self, outcome: &Outcome) -> Option<Outcome> {
        let sends = outcome.sends.iter();
        let sends: Option<Vec<u16>> = sends.map(|id| self.images[usize::from(*id)]).collect();
        Some(Outcome {
            to: renamed_local(outcome.to, self.nodes),
            sends: sends?.into_boxed_slice(),
            ..outcome.clone()
        })
    }
}

/// Whether two outcomes differ at most in the order of what is sent.
fn is_same(one: Option<Outcome>, other: Option<Outcome>) -> bool {
    let sorted = |outcome: Option<Outcome>| {
        outcome.map(|mut outcome| {
            outcome.sends.sort_unstable();
            outcome
        })
    };
    sorted(one) == sorted(other)
}

impl Tables {
    fn refuse_symmetry(&self, premise: String) {
        self.premises.refuse(Reduction::Symmetry, premise);
    }

    /// Premises 1 and 2.
    pub(crate) fn certify_alike(&self) {
        if !self.premises.asks_for(Reduction::Symmetry) {
            return;
        }
        let cluster = self.world.cluster();
        let starts = self.start();
        for swap in &self.premises.swaps.swaps {
            let [one, other] = swap.nodes;
            let start = |node: NodeId| self.entry(node.index(), starts[node.index()]).local;
            if renamed_local(start(one), swap.nodes) != start(other) {
                self.refuse_symmetry(format!("{one} and {other} do not start alike"));
            }
            let acceptors = cluster.acceptors();
            for bits in 0..=u16::MAX {
                let voters = NodeSet::from_bits(bits).intersection(acceptors);
                if voters.bits() != bits || bits > acceptors.bits() {
                    continue;
                }
                let image = renamed_set(voters, swap.nodes);
                let is_quorum =
                    |phase, voters| self.world.rules().is_quorum(phase, cluster, voters);
                let differs = [Phase::Prepare, Phase::Accept]
                    .into_iter()
                    .any(|phase| is_quorum(phase, voters) != is_quorum(phase, image));
                if differs {
                    self.refuse_symmetry(format!(
                        "of {voters} and {image} one is a quorum and the other is none"
                    ));
                    return;
                }
            }
        }
    }

    /// Premise 3, of one part and input and all their images.
    pub(crate) fn certify_symmetry(&self, at: NodeId, local: &Local, input: Input) {
        if !self.premises.asks_for(Reduction::Symmetry) {
            return;
        }
        let swaps = &self.premises.swaps;
        let mut open = vec![(at, *local, input)];
        while let Some((at, local, input)) = open.pop() {
            if swaps.done.lock().insert((at, local, input), ()).is_some() {
                continue;
            }
            let outcome = self.ask_once(at, &local, input);
            for swap in &swaps.swaps {
                let Some(image_input) = swap.input(input) else {
                    let name = self.name(at, input);
                    self.refuse_symmetry(format!("nobody can say the image of `{name}`"));
                    return;
                };
                let image_at = renamed(at, swap.nodes);
                let image = renamed_local(local, swap.nodes);
                let found = self.ask_once(image_at, &image, image_input);
                let expected = outcome.as_ref().map(|outcome| swap.outcome(outcome));
                let is_alike = match expected {
                    None => found.is_none(),
                    Some(None) => false,
                    Some(expected) => is_same(expected, found),
                };
                if !is_alike {
                    let [one, other] = swap.nodes;
                    let (name, image) = (self.name(at, input), self.name(image_at, image_input));
                    self.refuse_symmetry(format!(
                        "{one} and {other} are not alike: `{name}` and `{image}` do different things"
                    ));
                    return;
                }
                open.push((image_at, image, image_input));
            }
        }
    }
}
