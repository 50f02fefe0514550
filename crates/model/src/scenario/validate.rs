//! Whether a scenario makes sense.

use paxos::{Cluster, NodeId};

use super::{Ask, Bounds, RulesName, Scenario};
use crate::properties::Known;
use crate::{Network, Parcel, ReadAsk};

impl Scenario {
    /// Whether its worlds make sense. Those that are read from files do.
    ///
    /// # Errors
    /// In words: what was expected, what was found, the way out.
    pub fn validate(&self) -> Result<(), String> {
        let cluster = self.cluster()?;
        self.validate_protocol(cluster)?;
        let nodes = cluster.nodes().len();
        let node = |what: &str, number: usize| match number < nodes {
            true => Ok(()),
            false => Err(format!(
                "{what} names node {number}, but the nodes are 0 to {}",
                nodes - 1
            )),
        };
        for number in &self.world.down {
            node("world.down", *number)?;
        }
        for number in self.world.crash_nodes.iter().flatten() {
            node("world.crash-nodes", *number)?;
        }
        if !(1..=Parcel::ROUND_MAX).contains(&self.world.rounds) {
            return Err(format!(
                "world.rounds is {}, but must be from 1 to {}",
                self.world.rounds,
                Parcel::ROUND_MAX
            ));
        }
        if self.world.torn && self.world.crashes == 0 {
            return Err("world.torn needs world.crashes of at least 1".into());
        }
        if self.world.crash_nodes.is_some() && self.world.crashes == 0 {
            return Err("world.crash-nodes needs world.crashes of at least 1".into());
        }
        let needs_loss = self.world.network == Network::Ordered || self.endless.is_some();
        if self.world.loss && !needs_loss {
            return Err(
                "world.loss goes with network = \"ordered\": the other networks can \
                        always lose, by never delivering, so leave it out"
                    .into(),
            );
        }
        if self.world.repeats && self.endless.is_some() {
            return Err("world.repeats does not go with [endless]: give endless.repeats".into());
        }
        if self.world.repeats && self.world.network != Network::Set {
            return Err(
                "world.repeats goes with network = \"set\": on the other networks no question arrives twice, so \
                        leave it out"
                    .into(),
            );
        }
        self.validate_faults()?;
        self.validate_endless(cluster)?;
        if self.ask.is_empty() || self.ask.len() > Ask::LIMIT {
            return Err(format!(
                "there are {} [[ask]] entries, but there must be from 1 to {}, each with the `value` a \
                 client asks for and the proposer it asks, `of`",
                self.ask.len(),
                Ask::LIMIT
            ));
        }
        if self.read.len() > ReadAsk::LIMIT {
            return Err(format!(
                "there are {} [[read]] entries, but there is room for {}",
                self.read.len(),
                ReadAsk::LIMIT
            ));
        }
        if !self.read.is_empty() && self.endless.is_some() {
            return Err("[[read]] does not go with [endless]: leave one of them out".into());
        }
        let asked = self.ask.iter().map(|ask| ("ask.of", ask.of));
        let read = self.read.iter().map(|read| ("read.of", read.of));
        for (what, number) in asked.chain(read) {
            node(what, number)?;
            if !NodeId::new(number).is_some_and(|id| cluster.proposers().contains(id)) {
                return Err(format!(
                    "{what} names node {number}, which is no proposer; the proposers are {}",
                    cluster.proposers()
                ));
            }
        }
        if self.endless.is_some() && (self.expect.reduced.is_some() || self.expect.locked) {
            return Err(
                "expect.reduced and expect.locked do not go with [endless]: nothing is reduced there, \
                 and nothing of it is in the committed numbers"
                    .into(),
            );
        }
        self.expect.validate(Known::of(self))
    }

    fn validate_endless(&self, cluster: Cluster) -> Result<(), String> {
        let Some(endless) = &self.endless else {
            return Ok(());
        };
        if self.world.rounds != Bounds::default().rounds {
            return Err("world.rounds does not go with [endless], where rounds never end".into());
        }
        if self.world.network != Network::Set || !self.world.faults.is_empty() {
            return Err(
                "[endless] goes with network = \"set\" and without world.faults: nothing else is \
                        kept up to the order of ballots"
                    .into(),
            );
        }
        if endless.in_flight == 0 {
            return Err(
                "endless.in-flight is 0, but a round needs messages: give at least 1".into(),
            );
        }
        if let Some(number) = endless.alone {
            let id = NodeId::new(number).filter(|id| cluster.proposers().contains(*id));
            if id.is_none() {
                return Err(format!(
                    "endless.alone names node {number}, which is no proposer; the proposers are {}",
                    cluster.proposers()
                ));
            }
        }
        let nodes = cluster.nodes().len();
        let named = endless.stop_nodes.iter().flatten();
        if let Some(number) = named.copied().find(|number| *number >= nodes) {
            return Err(format!(
                "endless.stop-nodes names node {number}, but the nodes are 0 to {}",
                nodes - 1
            ));
        }
        if endless.losses.is_some() && !self.world.loss {
            return Err("endless.losses needs world.loss = true".into());
        }
        if endless.stop_nodes.is_some() && endless.stops == 0 {
            return Err("endless.stop-nodes needs endless.stops of at least 1".into());
        }
        Ok(())
    }

    fn validate_faults(&self) -> Result<(), String> {
        let bounds = &self.world;
        match (bounds.faults.is_empty(), bounds.faults_most) {
            (true, 0) if bounds.asks_again == 0 => Ok(()),
            (true, 0) => Err(
                "world.asks-again needs world.faults: a client whose request never fails \
                              has no cause to ask again"
                    .into(),
            ),
            (true, _) => Err("world.faults-most needs world.faults: which there may be".into()),
            (false, 0) => Err("world.faults needs world.faults-most of at least 1".into()),
            (false, _) => {
                let mut faults = bounds.faults.iter().enumerate();
                match faults.find(|(place, fault)| bounds.faults[..*place].contains(fault)) {
                    Some((_, fault)) => Err(format!("world.faults names {fault} twice")),
                    None => Ok(()),
                }
            }
        }
    }

    fn validate_protocol(&self, cluster: Cluster) -> Result<(), String> {
        let protocol = &self.protocol;
        let quorums = [
            ("prepare-quorum", protocol.prepare_quorum),
            ("accept-quorum", protocol.accept_quorum),
        ];
        if protocol.prepare_quorum.is_some() != protocol.accept_quorum.is_some() {
            return Err(
                "protocol.prepare-quorum and protocol.accept-quorum go together: give both, \
                        or neither for majorities"
                    .into(),
            );
        }
        if protocol.prepare_quorum.is_some() && protocol.rules == RulesName::StrictAccept {
            return Err(
                "protocol.prepare-quorum and protocol.accept-quorum go with \
                        rules = \"lamport\" only, not with \"notes\""
                    .into(),
            );
        }
        if let Some(quorums) = &protocol.quorums {
            if protocol.prepare_quorum.is_some() || protocol.rules == RulesName::StrictAccept {
                return Err(
                    "protocol.quorums goes with rules = \"lamport\" and without \
                     protocol.prepare-quorum and protocol.accept-quorum: leave those out"
                        .into(),
                );
            }
            quorums.variant(cluster.acceptors())?;
        }
        let acceptors = cluster.acceptors().len();
        for (name, size) in quorums {
            if let Some(size) = size.filter(|size| !(1..=acceptors).contains(size)) {
                return Err(format!(
                    "protocol.{name} is {size}, but must be from 1 to the number of acceptors, \
                     {acceptors}"
                ));
            }
        }
        Ok(())
    }
}
