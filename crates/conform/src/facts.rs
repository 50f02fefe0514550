//! What is known of each decree by the lines that were judged so far, all nodes together, over the
//! real values; and agreement and validity in these terms.

use std::collections::{BTreeMap, HashMap};

use model::RuleSet;
use node::Value;
use paxos::{Ballot, Broadcast, Cluster, Envelope, Message, NodeId, NodeSet, Phase, Vote};

use crate::admit::{DecreeId, Spot};
use crate::divergence::{Cause, Divergence};
use crate::text;

/// All decrees.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) roles: Cluster,
    pub(crate) rules: RuleSet,
    pub(crate) decrees: Vec<Decree>,
    /// Entries that others must not know of: their processes ended before they were saved.
    pub(crate) unsaved_sends: Vec<(DecreeId, Spot)>,
    /// What diverges, as far as it was found.
    pub(crate) findings: Vec<Divergence>,
    /// Why nothing final can be said, with how often and where first.
    pub(crate) gaps: BTreeMap<String, (u64, Spot)>,
}

/// One decree.
#[derive(Debug, Default)]
pub(crate) struct Decree {
    /// What was allowed to leave, and to whom.
    sent: HashMap<(NodeId, Message<Value>), NodeSet>,
    /// What was proposed and voted for in each ballot.
    ballots: BTreeMap<Ballot, InBallot>,
    /// What clients have asked for.
    asked: Vec<Value>,
    /// What was chosen by votes, announced, learnt or told first, and where.
    outcome: Option<(Value, Spot)>,
    /// What a quorum has voted for: more than one value only where agreement is broken.
    chosen: Vec<Value>,
    /// The nodes that can tell others an outcome, each with what it tells.
    knowers: Vec<(NodeId, Value)>,
    /// What hosts said again at entries whose effects say nothing. A journal does not have it: it follows from the node.
    pub(crate) again: HashMap<Spot, Broadcast<Value>>,
    /// Whether something of it comes from before the journals, or from a journal that was not given.
    pub(crate) foreign: bool,
    /// What happened at its nodes, in one order that respects all that journals tell of it.
    pub(crate) events: Vec<Happened>,
}

#[derive(Debug)]
struct InBallot {
    value: Value,
    spot: Spot,
    voters: NodeSet,
}

/// An entry in a decree's order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happened {
    /// Which entry. [`node::journal::Entry::Start`] and [`node::journal::Entry::Stop`] stand for the
    /// end of the process before.
    pub(crate) spot: Spot,
    /// The batch without whose commit it did not happen, for all that others can see; `None` if it
    /// happened in any case.
    pub(crate) batch: Option<u32>,
}

/// What contradicts what, to be told with its place.
#[derive(Debug)]
pub(crate) struct Conflict {
    pub(crate) cause: Cause,
    pub(crate) problem: String,
    pub(crate) expected: String,
    pub(crate) found: String,
    /// The other line.
    pub(crate) other: Option<Spot>,
}

impl Facts {
    pub(crate) fn new(roles: Cluster, rules: RuleSet, decrees: usize) -> Facts {
        Facts {
            roles,
            rules,
            decrees: (0..decrees).map(|_| Decree::default()).collect(),
            unsaved_sends: Vec::new(),
            findings: Vec::new(),
            gaps: BTreeMap::new(),
        }
    }

    pub(crate) fn decree(&self, decree: DecreeId) -> &Decree {
        &self.decrees[decree as usize]
    }

    pub(crate) fn decree_mut(&mut self, decree: DecreeId) -> &mut Decree {
        &mut self.decrees[decree as usize]
    }

    /// Something that no journal accounts for. From here on the decree is judged by its steps alone.
    pub(crate) fn gap(&mut self, decree: Option<DecreeId>, reason: String, spot: Spot) {
        if let Some(decree) = decree {
            self.decree_mut(decree).foreign = true;
        }
        self.gaps.entry(reason).or_insert((0, spot)).0 += 1;
    }

    /// Something diverges. Of what diverges in the same way at the same node and decree, the first is told.
    pub(crate) fn note(&mut self, found: Divergence) {
        let is_same = |known: &Divergence| {
            (known.cause, known.node, &known.key) == (found.cause, found.node, &found.key)
        };
        if !self.findings.iter().any(is_same) {
            self.findings.push(found);
        }
    }

    /// These envelopes may leave.
    pub(crate) fn send(
        &mut self,
        decree: DecreeId,
        said: &Broadcast<Value>,
        spot: Spot,
    ) -> Result<(), Conflict> {
        let known = self.decree_mut(decree);
        let to = known
            .sent
            .entry((said.from, said.message.clone()))
            .or_default();
        *to = to.union(said.to);
        if let Some(Vote { ballot, value }) = said.message.proposal() {
            known.in_ballot(ballot, &value, spot)?;
        }
        match said.message.vote() {
            Some(vote) => self.vote(decree, said.from, &vote, spot),
            None => Ok(()),
        }
    }

    /// An acceptor has cast this vote for good.
    pub(crate) fn vote(
        &mut self,
        decree: DecreeId,
        acceptor: NodeId,
        vote: &Vote<Value>,
        spot: Spot,
    ) -> Result<(), Conflict> {
        let (rules, roles) = (self.rules, self.roles);
        let decree = self.decree_mut(decree);
        let in_ballot = decree.in_ballot(vote.ballot, &vote.value, spot)?;
        in_ballot.voters = in_ballot.voters.with(acceptor);
        if !rules.is_quorum(Phase::Accept, &roles, in_ballot.voters) {
            return Ok(());
        }
        if !decree.chosen.contains(&vote.value) {
            decree.chosen.push(vote.value.clone());
        }
        let what = format!("a quorum has voted for it in ballot {}", vote.ballot);
        decree.settle(&vote.value, &what, spot)
    }

    /// A node announces what it found to be chosen.
    pub(crate) fn announce(
        &mut self,
        decree: DecreeId,
        node: NodeId,
        value: &Value,
        spot: Spot,
    ) -> Result<(), Conflict> {
        let decree = self.decree_mut(decree);
        decree.note_knower(node, value);
        decree.settle(value, &format!("{node} announces it"), spot)?;
        if !decree.foreign && !decree.is_chosen(value) {
            return Err(Conflict {
                cause: Cause::Violates("announced-is-chosen"),
                problem: format!("{node} announces what no quorum has voted for"),
                expected: "a quorum of votes for it in one ballot".to_owned(),
                found: format!("{} is announced", text::value(value)),
                other: None,
            });
        }
        Ok(())
    }

    /// A node has learnt the outcome from another, or from its store.
    pub(crate) fn learn(
        &mut self,
        decree: DecreeId,
        node: NodeId,
        value: &Value,
        spot: Spot,
    ) -> Result<(), Conflict> {
        let decree = self.decree_mut(decree);
        decree.note_knower(node, value);
        decree.settle(value, &format!("{node} takes it for chosen"), spot)
    }
}

impl Decree {
    pub(crate) fn ask(&mut self, value: &Value) {
        if !self.asked.contains(value) {
            self.asked.push(value.clone());
        }
    }

    /// Whether this envelope was allowed to leave.
    pub(crate) fn was_sent(&self, envelope: &Envelope<Value>) -> bool {
        // Values are shared, so the clone is cheap.
        let sent = self.sent.get(&(envelope.from, envelope.message.clone()));
        sent.is_some_and(|to| to.contains(envelope.to))
    }

    fn note_knower(&mut self, node: NodeId, value: &Value) {
        if !self.could_tell(node, value) {
            self.knowers.push((node, value.clone()));
        }
    }

    /// Whether `node` could tell that this value is chosen.
    pub(crate) fn could_tell(&self, node: NodeId, value: &Value) -> bool {
        let mut knowers = self.knowers.iter();
        knowers.any(|(knower, known)| *knower == node && known == value)
    }

    /// Whether a quorum has voted for this value.
    pub(crate) fn is_chosen(&self, value: &Value) -> bool {
        self.chosen.contains(value)
    }

    /// Whether some acceptor has voted for this value.
    pub(crate) fn has_vote_for(&self, value: &Value) -> bool {
        self.ballots
            .values()
            .any(|ballot| ballot.value == *value && !ballot.voters.is_empty())
    }

    /// What was decided, as far as the journals tell.
    pub(crate) fn outcome(&self) -> Option<&Value> {
        self.outcome.as_ref().map(|(value, _)| value)
    }

    /// The value of a ballot, which is one.
    fn in_ballot(
        &mut self,
        ballot: Ballot,
        value: &Value,
        spot: Spot,
    ) -> Result<&mut InBallot, Conflict> {
        let known = self.ballots.entry(ballot).or_insert_with(|| InBallot {
            value: value.clone(),
            spot,
            voters: NodeSet::EMPTY,
        });
        if known.value != *value {
            return Err(Conflict {
                cause: Cause::Violates("one-value-per-ballot"),
                problem: format!("ballot {ballot} is used for two values"),
                expected: text::value(&known.value),
                found: text::value(value),
                other: Some(known.spot),
            });
        }
        Ok(known)
    }

    /// All that is ever taken for the outcome is one value, and one that a client asked for.
    fn settle(&mut self, value: &Value, what: &str, spot: Spot) -> Result<(), Conflict> {
        let found = format!("{}: {what}", text::value(value));
        if let Some((known, other)) = &self.outcome {
            if known == value {
                return Ok(());
            }
            return Err(Conflict {
                cause: Cause::Violates("agreement"),
                problem: "two values are decided".to_owned(),
                expected: text::value(known),
                found,
                other: Some(*other),
            });
        }
        if !self.foreign && !self.asked.contains(value) {
            let asked: Vec<String> = self.asked.iter().map(text::value).collect();
            return Err(Conflict {
                cause: Cause::Violates("validity"),
                problem: "a value is decided that no client asked for".to_owned(),
                expected: match asked.is_empty() {
                    true => "nothing was asked for".to_owned(),
                    false => format!("one of {}", asked.join(", ")),
                },
                found,
                other: None,
            });
        }
        self.outcome = Some((value.clone(), spot));
        Ok(())
    }
}
