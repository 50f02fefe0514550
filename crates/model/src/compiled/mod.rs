//! The [`World`], compiled: the same states and steps, some tens of times faster.
//!
//! What a node does depends on that node alone. So the World is asked once for each state that a node can be
//! in and each thing that can happen to it, and the answer is kept ([`tables`]). A state of the whole is
//! then a number for each node and a bit for each envelope ([`Code`]), and a step looks up a
//! number, sets some bits and adds some keys.
//!
//! It also offers what the World does not: taking out dead envelopes ([`outlook`]), and one fingerprint for all
//! states that differ in the names of nodes only ([`orbit`]).
//!
//! Only worlds whose network is a set are compiled: in the others an envelope is not a bit.

mod bytes;
mod code;
mod growing;
mod idle;
mod input;
mod judges;
mod local;
mod orbit;
mod order;
mod outlook;
mod premises;
mod prune;
mod roles;
mod tables;
#[cfg(test)]
mod tests;
mod universe;

use std::sync::Arc;

use checker::{Fingerprint, Offers, Reduction, Reductions, Refusal};
use paxos::NodeId;
use stateright::{Model, Path, Property};

pub use code::Code;
use local::Local;
pub(crate) use premises::{Asking, Beyond};
pub(crate) use tables::Tables;
use tables::Transition;

use crate::explore::StatePredicate;
use crate::network::insert;
use crate::properties::{CAN_DECIDE, Known, Past};
use crate::{Action, Event, Kind, Mutant, Network, State, World};

/// A world, compiled. `W` is the number of words that a state takes: see [`Plan::words`].
#[derive(Clone)]
pub struct Compiled<const W: usize> {
    tables: Arc<Tables>,
    symmetry: Arc<orbit::Symmetry>,
    nodes: usize,
    /// Where the envelopes begin.
    mail: usize,
    crash_key: u128,
    mid_key: u128,
    retries_max: Option<u32>,
    /// Whether proposals of ballots that are over can be forgotten.
    forgets_proposals: bool,
    question: Option<StatePredicate>,
}

/// What happens in a compiled world: a small number, with the meaning of [`Compiled::action`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Move(u32);

/// The kinds of moves.
const DELIVER: u32 = 0;
const ASK: u32 = 1;
const TIMEOUT: u32 = 2;
const CRASH: u32 = 3;
/// Added to a kind: torn.
const TORN: u32 = 4;

impl Move {
    #[inline]
    fn new(kind: u32, index: usize, sends: u8) -> Move {
        Move(kind << 28 | u32::from(sends) << 16 | index as u32)
    }

    #[inline]
    fn kind(self) -> u32 {
        self.0 >> 28
    }

    #[inline]
    fn index(self) -> usize {
        (self.0 & 0xffff) as usize
    }

    #[inline]
    fn sends(self) -> u8 {
        (self.0 >> 16) as u8
    }
}

impl std::fmt::Debug for Move {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// A world that can be compiled, and the number of words its states take.
pub struct Plan {
    tables: Arc<Tables>,
    question: Option<StatePredicate>,
}

impl Plan {
    /// Looks at what can ever be sent.
    ///
    /// # Errors
    /// In words, why this world is not compiled: explore it as it is.
    #[inline]
    pub fn new(world: World) -> Result<Plan, String> {
        let beyond = Beyond::default();
        Plan::asking(world, &beyond, Asking::Everything, Reductions::NONE)
    }

    /// The same, with what nodes were found to do beyond their roles, for an exploration with the reductions that are `on`, whose
    /// premises are asked for if anything is.
    pub(crate) fn asking(
        world: World,
        beyond: &Beyond,
        asking: Asking,
        on: Reductions,
    ) -> Result<Plan, String> {
        if world.network() != Network::Set {
            return Err("its network counts copies of messages, or keeps their order".to_owned());
        }
        if world.scenario().endless.is_some() {
            return Err("its rounds never end".to_owned());
        }
        if world.has_faults() {
            return Err("clients and disks can fail in it".to_owned());
        }
        if world.has_reads() {
            return Err("clients read in it".to_owned());
        }
        if world.rules().mutant.is_some_and(Mutant::is_of_whole_disks) {
            return Err(
                "a write for one role of a node can undo what another one has saved".to_owned(),
            );
        }
        if world.scenario().world.crashes > code::CRASHES_MAX {
            return Err(format!("it has more than {} crashes", code::CRASHES_MAX));
        }
        if let Some(known) = judges::unknown() {
            return Err(format!("tables do not know the property {known}"));
        }
        let on = match orbit::objection(&world) {
            None => on,
            Some(_) => on.without(Reduction::Symmetry),
        };
        let tables = Tables::new(world, beyond, asking, on)
            .ok_or("more messages or more states of a role are possible than is worth a table")?;
        Ok(Plan {
            tables: Arc::new(tables),
            question: None,
        })
    }

    /// With this asked of each state in place of the properties, if anything.
    pub(crate) fn with_question(self, question: Option<StatePredicate>) -> Plan {
        Plan { question, ..self }
    }

    /// What it is explored by.
    pub(crate) fn tables(&self) -> Arc<Tables> {
        Arc::clone(&self.tables)
    }

    /// How many words a state takes: the least `W` that [`Plan::compile`] takes.
    pub fn words(&self) -> usize {
        let nodes = self.tables.world.cluster().nodes().len();
        code::node_words(nodes) + self.tables.universe.envelopes.len().div_ceil(64)
    }

    /// Compiles.
    ///
    /// # Panics
    /// If `W` is less than [`Plan::words`].
    pub fn compile<const W: usize>(self) -> Compiled<W> {
        assert!(W >= self.words(), "a state takes {} words", self.words());
        let tables = self.tables;
        let world = &tables.world;
        Compiled {
            symmetry: Arc::new(orbit::Symmetry::of(&tables)),
            nodes: world.cluster().nodes().len(),
            mail: code::node_words(world.cluster().nodes().len()),
            crash_key: u128::of(&"crash"),
            mid_key: u128::of(&"mid-ballot"),
            retries_max: world.scenario().world.retries.map(u32::from),
            forgets_proposals: !Known::any_reads(Past::ClosedProposals),
            question: self.question,
            tables,
        }
    }
}

impl<const W: usize> Compiled<W> {
    /// The world that is compiled.
    #[inline]
    pub fn world(&self) -> &World {
        &self.tables.world
    }

    /// The same state as the World has it. Of a pruned one: with what is left on the network.
    pub fn state(&self, code: &Code<W>) -> State {
        let nodes = self.nodes();
        let parts: Vec<Local> = (0..nodes).map(|node| self.local(code, node)).collect();
        let mut state = self.world().init_states().remove(0);
        for (node, part) in parts.iter().enumerate() {
            let id = NodeId::new(node).expect("a node of the cluster");
            state.set_server(id, &part.packed.unpack());
        }
        state.asks = tables::merged(parts.iter().map(|part| part.asks));
        for envelope in self.envelopes(code) {
            insert(&mut state.mail, self.tables.universe.envelopes[envelope]);
        }
        state.crashes = code.crashes();
        state.mid_ballot = code.mid_ballot();
        state
    }

    /// A move in the World's terms.
    pub fn action(&self, wanted: Move) -> Action {
        let event = || match wanted.kind() & 3 {
            DELIVER => self.tables.arrival(wanted.index()),
            ASK => {
                let ask = self.world().scenario().ask[wanted.index()];
                Event::Ask {
                    index: wanted.index() as u8,
                    of: NodeId::new(ask.of).expect("a valid scenario"),
                    value: ask.value,
                }
            }
            _ => Event::Timeout(node(wanted.index())),
        };
        match wanted.kind() {
            CRASH => Action::Crash(node(wanted.index())),
            DELIVER | ASK | TIMEOUT => Action::Step(event()),
            _ => Action::Torn {
                event: event(),
                sends: wanted.sends(),
            },
        }
    }

    /// The path that these moves are in the World.
    ///
    /// # Errors
    /// If the World does not take them: then it is not this world, or not compiled right.
    pub fn path(&self, moves: &[Move]) -> Result<Path<State, Action>, String> {
        let actions: Vec<Action> = moves.iter().map(|one| self.action(*one)).collect();
        let start = self.world().init_states().remove(0);
        Path::from_actions(self.world(), start, &actions)
            .ok_or_else(|| format!("the World does not take the path {actions:?}"))
    }

    /// How many states each node was seen in so far.
    pub fn node_states(&self) -> Vec<usize> {
        self.tables.sizes()
    }

    #[inline]
    fn nodes(&self) -> usize {
        self.nodes
    }

    #[inline]
    fn local(&self, code: &Code<W>, node: usize) -> Local {
        self.tables.entry(node, code.number(node)).local
    }

    /// The envelopes on their way, by number.
    #[inline]
    fn envelopes(&self, code: &Code<W>) -> Bits<W> {
        bits_of(*code.words(), self.mail)
    }

    #[inline]
    fn has_sent(&self, code: &Code<W>, envelope: usize) -> bool {
        code.words()[self.mail + envelope / 64] >> (envelope % 64) & 1 == 1
    }

    /// Whether a step would be news: it changes the node, or sends what is not on its way.
    #[inline]
    fn matters(&self, code: &Code<W>, transition: &Transition) -> bool {
        let mut sends = transition.sends.iter();
        transition.stirs || sends.any(|id| !self.has_sent(code, usize::from(*id)))
    }

    /// The next state.
    #[inline]
    fn follow(&self, code: &Code<W>, node: usize, transition: &Transition) -> Code<W> {
        let mut next = *code;
        next.set_number(node, transition.to);
        let mut sum = transition.delta;
        for id in &transition.sends {
            let id = usize::from(*id);
            let word = &mut next.words_mut()[self.mail + id / 64];
            if *word >> (id % 64) & 1 == 0 {
                *word |= 1 << (id % 64);
                sum = sum.wrapping_add(self.tables.envelope_keys[id]);
            }
        }
        next.add(sum);
        next
    }

    #[inline]
    fn follow_crash(&self, code: &Code<W>, node: usize, transition: &Transition) -> Code<W> {
        let mut next = self.follow(code, node, transition);
        if transition.mid_ballot && !next.mid_ballot() {
            next.add(self.mid_key);
        }
        next.crash(transition.mid_ballot);
        next.add(self.crash_key);
        next
    }

    #[inline]
    fn may_crash(&self, code: &Code<W>) -> bool {
        code.crashes() < self.world().scenario().world.crashes
    }

    #[inline]
    fn may_retry(&self, code: &Code<W>) -> bool {
        let Some(most) = self.retries_max else {
            return true;
        };
        let mut retries = 0;
        for node in 0..self.nodes() {
            let entry = self.tables.entry(node, code.number(node));
            retries += u32::from(entry.facts.retries);
        }
        retries < most
    }

    /// The node a move happens to, and what it does there.
    #[inline]
    fn transition(&self, code: &Code<W>, wanted: Move) -> Option<(usize, &Transition)> {
        let (tables, index) = (&*self.tables, wanted.index());
        let kind = wanted.kind();
        let at = match kind & 3 {
            DELIVER => tables.universe.to[index].index(),
            ASK => self.world().scenario().ask[index].of,
            _ => index,
        };
        let number = code.number(at);
        let torn = |tears: &[(u8, u32)]| {
            let mut tears = tears.iter();
            let own = tears.find(|(sends, _)| *sends == wanted.sends());
            own.map(|(_, transition)| *transition)
        };
        let transition = match kind {
            DELIVER => {
                let entry = tables.entry(at, number);
                tables.delivery(entry, number, index).transition()
            }
            _ => {
                let rest = tables.rest(node(at), number);
                match kind {
                    ASK => {
                        let mut asks = rest.asks.iter();
                        let own = asks.find(|(ask, _)| usize::from(*ask) == index);
                        own.map(|(_, transition)| *transition)
                    }
                    TIMEOUT => rest.timeout,
                    CRASH => rest.crash,
                    TORN => torn(tables.tears(number, index)),
                    _ if kind == ASK | TORN => {
                        let mut asks = rest.asks_torn.iter();
                        let own = asks.find(|(ask, sends, _)| {
                            (usize::from(*ask), *sends) == (index, wanted.sends())
                        });
                        own.map(|(_, _, transition)| *transition)
                    }
                    _ => torn(&rest.timeout_torn),
                }
            }
        };
        Some((at, tables.transition(transition?)))
    }
}

/// The places of the bits that are set.
#[inline]
fn places(mut bits: u64) -> impl Iterator<Item = usize> + Clone {
    std::iter::from_fn(move || {
        let lowest = bits.trailing_zeros() as usize;
        bits &= bits.checked_sub(1)?;
        Some(lowest)
    })
}

/// The same of all words from the word `first` on, counted from there.
#[inline]
fn bits_of<const W: usize>(words: [u64; W], first: usize) -> Bits<W> {
    Bits {
        words,
        first,
        word: first,
    }
}

struct Bits<const W: usize> {
    words: [u64; W],
    first: usize,
    /// The first that may have a bit left.
    word: usize,
}

impl<const W: usize> Iterator for Bits<W> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        loop {
            let bits = self.words.get_mut(self.word)?;
            if *bits != 0 {
                let place = bits.trailing_zeros() as usize;
                *bits &= *bits - 1;
                return Some((self.word - self.first) * 64 + place);
            }
            self.word += 1;
        }
    }
}

#[inline]
fn node(index: usize) -> NodeId {
    NodeId::new(index).expect("a node of the cluster")
}

impl<const W: usize> Model for Compiled<W> {
    type State = Code<W>;
    type Action = Move;

    fn init_states(&self) -> Vec<Code<W>> {
        let mut code = Code::EMPTY;
        for (node, number) in self.tables.start().into_iter().enumerate() {
            code.set_number(node, number);
            code.add(self.tables.entry(node, number).key);
        }
        vec![code]
    }

    fn actions(&self, code: &Code<W>, moves: &mut Vec<Move>) {
        let tables = &*self.tables;
        let may_crash = self.may_crash(code);
        let is_torn = may_crash && tables.is_torn();
        let mut retry = None;
        for at in 0..self.nodes() {
            let rest = tables.rest(node(at), code.number(at));
            for (ask, _) in &rest.asks {
                moves.push(Move::new(ASK, usize::from(*ask), 0));
            }
            if let Some(timeout) = rest.timeout
                && *retry.get_or_insert_with(|| self.may_retry(code))
                && self.matters(code, tables.transition(timeout))
            {
                moves.push(Move::new(TIMEOUT, at, 0));
            }
            if !may_crash {
                continue;
            }
            if let Some(crash) = rest.crash {
                // One that loses nothing shows at most that a ballot was under way.
                let changes = tables.transition(crash).to != code.number(at);
                if changes || !code.mid_ballot() {
                    moves.push(Move::new(CRASH, at, 0));
                }
            }
            for (ask, sends, _) in &rest.asks_torn {
                moves.push(Move::new(ASK | TORN, usize::from(*ask), *sends));
            }
            if !rest.timeout_torn.is_empty() && *retry.get_or_insert_with(|| self.may_retry(code)) {
                for (sends, _) in &rest.timeout_torn {
                    moves.push(Move::new(TIMEOUT | TORN, at, *sends));
                }
            }
        }
        let mut on_their_way = *code.words();
        if !is_torn {
            for at in 0..self.nodes() {
                let entry = tables.entry(at, code.number(at));
                tables.leave_out_nothing(entry, &mut on_their_way[self.mail..]);
            }
        }
        for envelope in bits_of(on_their_way, self.mail) {
            let at = tables.universe.to[envelope].index();
            let number = code.number(at);
            let entry = tables.entry(at, number);
            let cell = tables.delivery(entry, number, envelope);
            if let Some(transition) = cell.transition()
                && (cell.stirs() || self.matters(code, tables.transition(transition)))
            {
                moves.push(Move::new(DELIVER, envelope, 0));
            }
            if is_torn {
                for (sends, _) in tables.tears(number, envelope) {
                    moves.push(Move::new(TORN, envelope, *sends));
                }
            }
        }
    }

    fn next_state(&self, code: &Code<W>, wanted: Move) -> Option<Code<W>> {
        self.advance(code, wanted).map(|(_, next)| next)
    }

    fn properties(&self) -> Vec<Property<Compiled<W>>> {
        match self.question {
            None => judges::properties(),
            Some(_) => vec![Property::always(CAN_DECIDE, |compiled, code| {
                let mut question = compiled.question.iter();
                question.all(|is_well| is_well(&compiled.state(code)))
            })],
        }
    }
}

impl<const W: usize> Offers for Compiled<W> {
    fn refusal(&self) -> Option<Refusal> {
        self.tables.premises.refusal()
    }

    fn offered(&self) -> Reductions {
        match self.symmetry.objection() {
            None => Reductions::ALL,
            Some(_) => Reductions::from(Reduction::Dead).with(Reduction::Order),
        }
    }

    fn objection(&self, reduction: Reduction) -> String {
        match reduction {
            Reduction::Dead | Reduction::Order => String::new(),
            Reduction::Symmetry => self.symmetry.objection().unwrap_or_default().to_owned(),
        }
    }

    #[inline]
    fn truths(&self, code: &Code<W>) -> Option<u64> {
        self.question.is_none().then(|| self.truths_of(code))
    }

    #[inline]
    fn fingerprint<F: Fingerprint>(&self, code: &Code<W>) -> F {
        F::from_wide(code.sum())
    }

    fn orbit<F: Fingerprint>(&self, code: &Code<W>) -> F {
        F::from_wide(self.orbit_of(code))
    }

    fn prune(&self, code: &mut Code<W>) {
        self.forget(code);
    }

    fn order(&self, code: &Code<W>, moves: &mut Vec<Move>) {
        self.keep_in_order(code, moves);
    }

    fn oddity(&self, code: &Code<W>) -> u64 {
        u64::from(code.crashes())
    }

    fn kinds(&self) -> &'static [&'static str] {
        Kind::NAMES
    }

    #[inline]
    fn kind(&self, code: &Code<W>, wanted: &Move) -> usize {
        let (_, transition) = self.transition(code, *wanted).expect("a possible move");
        transition.kind as usize
    }

    fn advance(&self, code: &Code<W>, wanted: Move) -> Option<(usize, Code<W>)> {
        let (at, transition) = self.transition(code, wanted)?;
        let next = match wanted.kind() < CRASH {
            true => self.follow(code, at, transition),
            false => self.follow_crash(code, at, transition),
        };
        Some((transition.kind as usize, next))
    }

    fn idle(&self, code: &Code<W>, moves: &[Move], counts: &mut [u64]) {
        self.count_idle(code, moves, counts);
    }

    fn identity(&self) -> Option<String> {
        self.world().identity()
    }

    fn write(&self, code: &Code<W>, bytes: &mut Vec<u8>) {
        Self::write_code(code, bytes);
    }

    #[inline]
    fn read(&self, bytes: &mut &[u8]) -> Option<Code<W>> {
        self.read_code(bytes)
    }

    fn dictionary(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.tables.all_locals())
            .expect("memory takes all that is written to it")
    }

    fn learn(&self, dictionary: &[u8]) -> bool {
        postcard::from_bytes(dictionary).is_ok_and(|locals| self.tables.learn(locals))
    }
}
