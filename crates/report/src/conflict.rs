//! How two values came to be chosen: the two quorums, and who is in both.

use paxos::{NodeSet, Phase};

use crate::quorums::Quorum;
use crate::words::{names, spaced};

/// Two quorums of votes for different values, the one in the lower ballot first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// Those who chose one value.
    pub(crate) lower: Quorum,
    /// Those who chose another one, in a ballot that is not lower.
    pub(crate) higher: Quorum,
    /// Whose promises the higher ballot's proposal rests on.
    pub(crate) promised: NodeSet,
}

/// The first conflict that is complete; `None` as long as agreement is not violated.
pub(crate) fn conflict(quorums: &[Quorum]) -> Option<Conflict> {
    let votes: Vec<&Quorum> = quorums
        .iter()
        .filter(|quorum| quorum.phase == Phase::Accept)
        .collect();
    let pair = votes.iter().enumerate().find_map(|(index, later)| {
        let earlier = votes[..index].iter().find(|one| one.value != later.value)?;
        Some((**earlier, **later))
    });
    let (earlier, later) = pair?;
    let (lower, higher) = match later.ballot < earlier.ballot {
        true => (later, earlier),
        false => (earlier, later),
    };
    let promises = quorums.iter().find(|quorum| {
        quorum.phase == Phase::Prepare
            && (quorum.ballot, quorum.value) == (higher.ballot, higher.value)
    });
    Some(Conflict {
        lower,
        higher,
        promised: promises.map_or(NodeSet::EMPTY, |quorum| quorum.members),
    })
}

impl Conflict {
    /// Who chose the one value and had a part in the other one's promises: they should have reported their vote, or never cast it.
    pub(crate) fn voted_and_promised(&self) -> NodeSet {
        match self.is_one_ballot() {
            true => NodeSet::EMPTY,
            false => self.lower.members.intersection(self.promised),
        }
    }

    /// Who chose both.
    pub(crate) fn voted_twice(&self) -> NodeSet {
        self.lower.members.intersection(self.higher.members)
    }

    /// All who are in two quorums of which the one should have prevented the other.
    pub(crate) fn decisive(&self) -> NodeSet {
        self.voted_and_promised().union(self.voted_twice())
    }

    fn is_one_ballot(&self) -> bool {
        self.lower.ballot == self.higher.ballot
    }

    /// Both quorums and what they have in common, a sentence each.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let Conflict {
            lower,
            higher,
            promised,
        } = *self;
        let chose = |quorum: &Quorum| {
            format!(
                "{} chose {} in {}",
                spaced(quorum.members),
                quorum.value,
                quorum.ballot
            )
        };
        let both = format!("{}; {}", chose(&lower), chose(&higher));
        let mut told = vec![format!("Two values are chosen: {both}.")];
        let (ballot, value) = (higher.ballot, lower.value);
        let both = self.voted_and_promised();
        told.push(match (self.is_one_ballot(), promised.is_empty()) {
            (true, _) => format!("{ballot} is one ballot, and was proposed with both values."),
            (false, true) => format!("Nobody had promised {ballot}."),
            (false, false) if both.is_empty() => format!(
                "{ballot} rests on the promises of {}, none of whom is among those who chose {value}: the quorums \
                 do not meet.",
                spaced(promised)
            ),
            (false, false) => format!(
                "{ballot} rests on the promises of {}; of these {} voted for {}={value}.",
                spaced(promised),
                names(both),
                lower.ballot
            ),
        });
        let twice = self.voted_twice();
        told.push(match twice.is_empty() {
            true => "Nobody voted for both.".to_owned(),
            false => format!("{} voted for both.", names(twice)),
        });
        told
    }
}

#[cfg(test)]
mod tests {
    use model::Letter;
    use paxos::{Ballot, NodeId, Round};

    use super::*;

    fn quorum(phase: Phase, node: usize, value: usize, members: &[usize], step: usize) -> Quorum {
        Quorum {
            phase,
            ballot: Ballot {
                round: Round::new(1).unwrap(),
                node: NodeId::new(node).unwrap(),
            },
            value: Letter::new(value).unwrap(),
            members: members.iter().copied().filter_map(NodeId::new).collect(),
            step,
        }
    }

    fn told(quorums: &[Quorum]) -> String {
        conflict(quorums).map_or(String::new(), |conflict| conflict.sentences().join(" "))
    }

    #[test]
    fn one_value_is_no_conflict() {
        let votes = [
            quorum(Phase::Accept, 0, 0, &[2, 3], 1),
            quorum(Phase::Accept, 1, 0, &[3, 4], 2),
        ];
        assert_eq!(conflict(&votes), None);
        assert_eq!(conflict(&[]), None);
    }

    #[test]
    fn the_lower_ballot_comes_first_whichever_is_complete_first() {
        let mut quorums = vec![
            quorum(Phase::Prepare, 1, 1, &[3, 4], 1),
            quorum(Phase::Accept, 1, 1, &[4, 5], 2),
            quorum(Phase::Accept, 0, 0, &[2, 3], 3),
        ];
        let expected = "Two values are chosen: n2 n3 chose A in 1.0; n4 n5 chose B in 1.1. 1.1 rests on the promises of n3 n4; of these n3 \
                        voted for 1.0=A. Nobody voted for both.";
        assert_eq!(told(&quorums), expected);
        let decisive = conflict(&quorums).unwrap().decisive();
        assert_eq!(decisive, NodeSet::EMPTY.with(NodeId::new(3).unwrap()));
        quorums.swap(1, 2);
        assert_eq!(told(&quorums), expected);
    }

    #[test]
    fn quorums_that_do_not_meet_are_said_to() {
        let quorums = [
            quorum(Phase::Prepare, 1, 1, &[4, 5], 1),
            quorum(Phase::Accept, 0, 0, &[2, 3], 2),
            quorum(Phase::Accept, 1, 1, &[3, 4], 3),
        ];
        let told = told(&quorums);
        assert!(told.contains("promises of n4 n5, none of whom"), "{told}");
        assert!(told.ends_with("n3 voted for both."), "{told}");
    }

    #[test]
    fn nobodys_promise_and_one_ballot_are_told() {
        let unpromised = [
            quorum(Phase::Accept, 0, 0, &[2, 3], 2),
            quorum(Phase::Prepare, 1, 1, &[], 2),
            quorum(Phase::Accept, 1, 1, &[2, 3], 3),
        ];
        assert!(told(&unpromised).contains("Nobody had promised 1.1."));
        let one_ballot = [
            quorum(Phase::Accept, 0, 0, &[2], 2),
            quorum(Phase::Accept, 0, 1, &[2], 3),
        ];
        let told = told(&one_ballot);
        assert!(told.contains("1.0 is one ballot"), "{told}");
    }
}
