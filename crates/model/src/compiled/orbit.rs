//! One fingerprint for all states that differ only in which of some like nodes is which.
//!
//! Nodes are alike if they play the same roles, are asked for nothing, and the same may befall them. A
//! node that is asked is like no other: its number is in its ballots, and ballots are ordered. So proposers
//! that propose are never alike, whatever their values.
//!
//! Each like node gets a colour: a key of all that is true of it alone. Where no like node knows of
//! another (acceptors apart from learners), the sum of the mixed colours says everything. Where they do, the
//! colours are refined by those of the others until no more are told apart; ties that are left are
//! broken each way, but for twins, and the least result counts. So equal fingerprints mean images of each
//! other: a canonical form, of which only the fingerprint is made. The state itself stays as it was
//! reached.

use checker::Fingerprint as _;
use paxos::{Learner, NodeId, NodeSet, Progress};

use super::tables::{Entry, Tables};
use super::{Code, Compiled};
use crate::World;
use crate::packed::Packed;

/// Which nodes are alike.
#[derive(Clone, Debug)]
pub(crate) struct Symmetry {
    objection: Option<&'static str>,
    /// The nodes that are like another one.
    alike: Vec<usize>,
    /// For each node, its place among them.
    place: Vec<Option<usize>>,
    /// For each node, what it is called: its number, or that of its class.
    pub(super) names: Vec<u8>,
    envelopes: Vec<Tie>,
    /// For each node, the keys of being in a set of its, for others and for itself.
    pub(super) counted: Vec<[[u128; 2]; 2]>,
    /// Whether like nodes can know of each other.
    has_pairs: bool,
}

/// Whom an envelope concerns among the nodes that are alike, and its key.
#[derive(Clone, Copy, Debug)]
enum Tie {
    Nobody(u128),
    One(usize, u128),
    Two(usize, usize, u128),
}

/// A node's state as others like it could have it.
#[derive(Debug)]
pub(crate) struct Portrait {
    /// Everything but the like nodes it knows of.
    plain: u128,
    /// The like nodes whose promises and votes it has counted.
    sets: [NodeSet; 2],
}

/// The most nodes there can be.
const NODES: usize = NodeId::LIMIT;

/// What the like nodes are: each alone, and each pair.
struct Picture {
    count: usize,
    ones: [u128; NODES],
    twos: [[u128; NODES]; NODES],
}

impl Symmetry {
    pub(crate) fn of(tables: &Tables) -> Symmetry {
        let world = &tables.world;
        let nodes = world.cluster().nodes().len();
        let class = |node: usize| class(world, node);
        let is_alike = |node: &usize| {
            class(*node).is_some() && (0..nodes).any(|b| b != *node && class(b) == class(*node))
        };
        let alike: Vec<usize> = (0..nodes).filter(is_alike).collect();
        let place: Vec<Option<usize>> = (0..nodes)
            .map(|node| alike.iter().position(|other| *other == node))
            .collect();
        let name = |node: usize| {
            let first = |other: &usize| class(*other).is_some() && class(*other) == class(node);
            match place[node] {
                Some(_) => NODES + (0..nodes).find(first).unwrap_or(node),
                None => node,
            }
        };
        let names: Vec<u8> = (0..nodes).map(|node| name(node) as u8).collect();
        let tie = |envelope: &crate::Parcel| {
            let from = envelope.from().index();
            let to = envelope.to().iter().next().map_or(from, NodeId::index);
            let said = envelope.anonymous();
            let key = u128::of(&("envelope", names[from], names[to], from == to, said));
            match (place[from], place[to]) {
                (None, None) => Tie::Nobody(key),
                (Some(a), None) | (None, Some(a)) => Tie::One(a, key),
                (Some(a), Some(b)) if a == b => Tie::One(a, key),
                (Some(a), Some(b)) => Tie::Two(a, b, key),
            }
        };
        let envelopes: Vec<Tie> = tables.universe.envelopes.iter().map(tie).collect();
        let counted = names.iter().map(|name| {
            let key = |tag: u8, itself: bool| u128::of(&("counted", tag, name, itself));
            [0, 1].map(|tag| [false, true].map(|itself| key(tag, itself)))
        });
        Symmetry {
            objection: objection(world),
            counted: counted.collect(),
            has_pairs: envelopes.iter().any(|tie| matches!(tie, Tie::Two(..))),
            alike,
            place,
            names,
            envelopes,
        }
    }

    /// Why there is none; `None` if there is.
    pub(crate) fn objection(&self) -> Option<&'static str> {
        self.objection
    }

    fn portrait(&self, node: usize, entry: &Entry) -> Portrait {
        let mut server = entry.local.packed.unpack();
        let like: NodeSet = self.alike.iter().copied().filter_map(NodeId::new).collect();
        let mut sets = [NodeSet::EMPTY; 2];
        if let Progress::Preparing { promises, .. } = &mut server.proposer.progress {
            sets[0] = take(promises, like);
        }
        if let Learner::Counting { voters, .. } = &mut server.learner {
            sets[1] = take(voters, like);
        }
        let (local, packed) = (&entry.local, Packed::new(&server));
        // How many it has counted is in the sets, and so in the keys of those counted.
        let plain = u128::of(&(self.names[node], packed, local.asks, local.said));
        Portrait { plain, sets }
    }
}

/// Why a world has no symmetry, by its scenario; `None` if nothing speaks against it.
pub(crate) fn objection(world: &World) -> Option<&'static str> {
    let nodes = world.cluster().nodes().len();
    let is_alike = |one: usize| {
        class(world, one).is_some()
            && (0..nodes).any(|other| other != one && class(world, other) == class(world, one))
    };
    if !(0..nodes).any(is_alike) {
        Some("no two nodes are alike: each is asked for something, or has another part to play")
    } else if world.scenario().world.torn {
        Some("a torn step sends to the first nodes and not to the last, so no two are alike")
    } else {
        None
    }
}

/// What a node has in common with those like it; `None` if none can be.
pub(crate) fn class(world: &World, node: usize) -> Option<[bool; 5]> {
    let id = NodeId::new(node)?;
    let cluster = world.cluster();
    let is_asked = world.scenario().ask.iter().any(|ask| ask.of == node);
    (!is_asked).then(|| {
        [
            cluster.proposers().contains(id),
            cluster.acceptors().contains(id),
            cluster.learners().contains(id),
            world.may_crash(id),
            world.is_down(id),
        ]
    })
}

/// Takes the like nodes out of a set; which they were.
fn take(set: &mut NodeSet, like: NodeSet) -> NodeSet {
    let known = set.intersection(like);
    *set = NodeSet::from_bits(set.bits() & !like.bits());
    known
}

impl<const W: usize> Compiled<W> {
    pub(crate) fn orbit_of(&self, code: &Code<W>) -> u128 {
        let symmetry = &*self.symmetry;
        if symmetry.has_pairs {
            let mut picture = Picture {
                count: symmetry.alike.len(),
                ones: [0; NODES],
                twos: [[0; NODES]; NODES],
            };
            let Picture { ones, twos, .. } = &mut picture;
            let pair = |a: usize, b: usize, key| twos[a][b] = twos[a][b].wrapping_add(key);
            return self
                .portray(code, ones, pair)
                .wrapping_add(picture.canonical());
        }
        let mut ones = [0; NODES];
        let rest = self.portray(code, &mut ones, |_, _, _| ());
        let mut all = rest;
        for one in &ones[..symmetry.alike.len()] {
            all = all.wrapping_add(mix(*one));
        }
        all
    }

    /// Adds up what concerns each like node alone, and each pair of them; the sum of all else.
    #[inline]
    fn portray(
        &self,
        code: &Code<W>,
        ones: &mut [u128; NODES],
        mut pair: impl FnMut(usize, usize, u128),
    ) -> u128 {
        let symmetry = &*self.symmetry;
        let mut rest = u128::from(code.crashes()).wrapping_mul(self.crash_key);
        if code.mid_ballot() {
            rest = rest.wrapping_add(self.mid_key);
        }
        for node in 0..self.nodes() {
            let entry = self.tables.entry(node, code.number(node));
            let portrait = entry
                .portrait
                .get_or_init(|| symmetry.portrait(node, entry));
            let own = symmetry.place[node];
            match own {
                Some(a) => ones[a] = ones[a].wrapping_add(portrait.plain),
                None => rest = rest.wrapping_add(portrait.plain),
            }
            for (which, keys) in symmetry.counted[node].iter().enumerate() {
                for known in portrait.sets[which].iter() {
                    let Some(b) = symmetry.place[known.index()] else {
                        continue;
                    };
                    match own {
                        Some(a) if a != b => pair(a, b, keys[0]),
                        Some(_) => ones[b] = ones[b].wrapping_add(keys[1]),
                        None => ones[b] = ones[b].wrapping_add(keys[0]),
                    }
                }
            }
        }
        for envelope in self.envelopes(code) {
            match symmetry.envelopes[envelope] {
                Tie::Nobody(key) => rest = rest.wrapping_add(key),
                Tie::One(a, key) => ones[a] = ones[a].wrapping_add(key),
                Tie::Two(a, b, key) => pair(a, b, key),
            }
        }
        rest
    }
}

impl Picture {
    /// The same number for all pictures that differ in the order of nodes only, and for no others.
    fn canonical(&self) -> u128 {
        let mut colours = self.ones.map(mix);
        self.refine(&mut colours);
        self.least(&colours)
    }

    /// Tells nodes apart by how they are tied to others, until no more are.
    fn refine(&self, colours: &mut [u128; NODES]) {
        let n = self.count;
        let mut classes = self.classes(colours);
        while classes < n {
            let before = *colours;
            for a in 0..n {
                let mut ties: u128 = 0;
                for (b, other) in before[..n].iter().enumerate() {
                    if b != a {
                        let tie = u128::of(&(self.twos[a][b], self.twos[b][a], other));
                        ties = ties.wrapping_add(tie);
                    }
                }
                colours[a] = u128::of(&(before[a], ties));
            }
            let finer = self.classes(colours);
            if finer == classes {
                break;
            }
            classes = finer;
        }
    }

    fn classes(&self, colours: &[u128; NODES]) -> usize {
        let own = &colours[..self.count];
        (0..own.len())
            .filter(|a| !own[..*a].contains(&own[*a]))
            .count()
    }

    /// Breaks the ties that are left, in each way that makes a difference.
    fn least(&self, colours: &[u128; NODES]) -> u128 {
        let n = self.count;
        let same = |a: usize| (0..n).filter(|b| colours[*b] == colours[a]).count();
        let tied = (0..n).filter(|a| same(*a) > 1);
        let Some(least) = tied.map(|a| colours[a]).min() else {
            return self.in_order(colours);
        };
        let cell: Vec<usize> = (0..n).filter(|a| colours[*a] == least).collect();
        let mut best: Option<u128> = None;
        for (i, &a) in cell.iter().enumerate() {
            if cell[..i].iter().any(|&b| self.are_twins(a, b)) {
                continue;
            }
            let mut chosen = *colours;
            chosen[a] = u128::of(&("first", colours[a]));
            self.refine(&mut chosen);
            let found = self.least(&chosen);
            best = Some(best.map_or(found, |best| best.min(found)));
        }
        best.unwrap_or_default()
    }

    /// Whether the two could change places and nobody would notice.
    fn are_twins(&self, a: usize, b: usize) -> bool {
        let twos = &self.twos;
        self.ones[a] == self.ones[b]
            && twos[a][b] == twos[b][a]
            && (0..self.count)
                .all(|c| c == a || c == b || (twos[a][c] == twos[b][c] && twos[c][a] == twos[c][b]))
    }

    /// Everything, in the order of the colours, of which no two are the same.
    fn in_order(&self, colours: &[u128; NODES]) -> u128 {
        let mut order: Vec<usize> = (0..self.count).collect();
        order.sort_unstable_by_key(|a| colours[*a]);
        let rows = order.iter().map(|a| {
            let row: Vec<u128> = order.iter().map(|b| self.twos[*a][*b]).collect();
            (self.ones[*a], row)
        });
        u128::of(&rows.collect::<Vec<_>>())
    }
}

/// A number that tells nothing of the sum it was made of. Sums of such numbers are equal only if the
/// summands are, but for chance: two folded multiplications, as in wyhash.
#[inline]
fn mix(one: u128) -> u128 {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    };
    let (low, high) = (one as u64, (one >> 64) as u64);
    let left = fold(low ^ 0x2d35_8dcc_aa6c_78a5, high ^ 0x8bb8_4b93_962e_acc9);
    let right = fold(high ^ 0x4b33_a62e_d433_d4a3, low ^ 0x4d5a_2da5_1de1_aa47);
    u128::from(left) << 64 | u128::from(right)
}
