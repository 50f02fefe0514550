//! Every method of every [`Rules`] on every small input, against a second formulation that counts
//! and searches where the rules compare; and wrong rules, which the same checks must reject.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Verdict, ballot, ensure, failing, node, wrong};
use paxos::{
    Acceptor, Ballot, Cluster, Durable, Flexible, Lamport, NodeId, NodeSet, Phase, Round, Rules,
    StrictAccept, Vote,
};

/// All ballots of three rounds and three nodes, lowest first.
fn ballots() -> Vec<Ballot> {
    let mut all = Vec::new();
    for round in 1..=3 {
        for number in 0..3 {
            all.push(ballot(round, number));
        }
    }
    all
}

/// Every ballot, and none.
fn ballots_or_none() -> Vec<Option<Ballot>> {
    let mut all = vec![None];
    all.extend(ballots().into_iter().map(Some));
    all
}

/// Every vote for one of two values, and none.
fn votes_or_none() -> Vec<Option<Vote<char>>> {
    let mut all = vec![None];
    for ballot in ballots() {
        for value in ['A', 'B'] {
            all.push(Some(Vote { ballot, value }));
        }
    }
    all
}

/// Every acceptor, also those no run of the protocol can reach.
fn acceptors() -> Vec<Acceptor<char>> {
    let mut all = Vec::new();
    for promised in ballots_or_none() {
        for accepted in votes_or_none() {
            all.push(Acceptor { promised, accepted });
        }
    }
    all
}

/// The ballots left when `promised` and all before it are crossed off the list.
fn above(promised: Option<Ballot>) -> Vec<Ballot> {
    let mut left = ballots();
    while promised.is_some_and(|promised| left.contains(&promised)) {
        left.remove(0);
    }
    left
}

fn rounds_rise_and_end(rules: &impl Rules) -> Verdict {
    let numbers = [1, 2, 3, u32::MAX - 1, u32::MAX];
    let mut lasts = vec![None];
    let mut seens = vec![None];
    for number in numbers {
        lasts.push(Round::new(number));
        seens.extend((0..3).map(|n| Some(ballot(number, n))));
    }
    for last in &lasts {
        for seen in &seens {
            // The lowest number that none of the used ones reaches, counted where it cannot wrap.
            let mut expected: u64 = 1;
            for used in [last.map(Round::number), seen.map(|b| b.round.number())] {
                while used.is_some_and(|used| u64::from(used) >= expected) {
                    expected = used.map_or(expected, u64::from) + 1;
                }
            }
            let expected = u32::try_from(expected).ok().and_then(Round::new);
            let next = rules.next_round(*last, *seen);
            ensure!(
                next == expected,
                "last {last:?} seen {seen:?}: next {next:?}, expected {expected:?}"
            );
            for me in (0..3).map(node) {
                let Some(ballot) = next.map(|round| rules.ballot(round, me)) else {
                    continue;
                };
                ensure!(
                    seen.is_none_or(|seen| seen < ballot),
                    "{ballot} is not above the seen {seen:?}"
                );
                ensure!(
                    last.is_none_or(|last| rules.ballot(last, me) < ballot),
                    "{ballot} is not above the last round {last:?}"
                );
            }
        }
    }
    Ok(())
}

fn ballots_are_unique_and_rise_with_the_round(rules: &impl Rules) -> Verdict {
    let mut made = Vec::new();
    for round in 1..=3 {
        for number in 0..3 {
            made.push(rules.ballot(Round::new(round).unwrap(), node(number)));
        }
    }
    for i in 0..made.len() {
        for j in 0..i {
            ensure!(made[j] != made[i], "{} is made twice", made[i]);
            let earlier_round = j / 3 < i / 3;
            ensure!(
                !earlier_round || made[j] < made[i],
                "{} of a later round is not above {}",
                made[i],
                made[j]
            );
        }
    }
    Ok(())
}

fn promises_only_above_the_promise(rules: &impl Rules) -> Verdict {
    for acceptor in acceptors() {
        let open = above(acceptor.promised);
        for ballot in ballots() {
            ensure!(
                rules.may_promise(&acceptor, ballot) == open.contains(&ballot),
                "{acceptor:?} asked to promise {ballot}"
            );
        }
    }
    Ok(())
}

fn a_promise_reports_the_whole_vote(rules: &impl Rules) -> Verdict {
    for vote in votes_or_none() {
        let told = rules.report_vote(vote);
        ensure!(told == vote, "voted {vote:?}, told {told:?}");
    }
    Ok(())
}

/// Every sequence of up to four promises, so every set of them in every order. Each ballot has one
/// value; once the values rise with the ballots, and once against them.
fn the_fold_finds_a_highest_vote(rules: &impl Rules) -> Verdict {
    fn extend(
        rules: &impl Rules,
        votes: &[Option<Vote<char>>],
        promises: &mut Vec<Option<Vote<char>>>,
    ) -> Verdict {
        let found = promises
            .iter()
            .fold(None, |best, reported| rules.pick_vote(best, *reported));
        let cast: Vec<Vote<char>> = promises.iter().copied().flatten().collect();
        let right = match found {
            None => cast.is_empty(),
            Some(found) => {
                cast.contains(&found) && !cast.iter().any(|other| other.ballot > found.ballot)
            }
        };
        ensure!(right, "of {promises:?} the fold finds {found:?}");
        if promises.len() < 4 {
            for vote in votes {
                promises.push(*vote);
                extend(rules, votes, promises)?;
                promises.pop();
            }
        }
        Ok(())
    }
    let rising: Vec<char> = ('A'..='I').collect();
    let falling: Vec<char> = rising.iter().rev().copied().collect();
    for values in [rising, falling] {
        let mut votes = vec![None];
        for (ballot, value) in ballots().into_iter().zip(values) {
            votes.push(Some(Vote { ballot, value }));
        }
        extend(rules, &votes, &mut Vec::new())?;
    }
    Ok(())
}

fn the_reported_value_goes_before_the_own(rules: &impl Rules) -> Verdict {
    for best in votes_or_none() {
        for own in ['A', 'B', 'C'] {
            let mut value = own;
            for vote in best.iter() {
                value = vote.value;
            }
            let proposed = rules.choose_value(best, own);
            ensure!(
                proposed == value,
                "best {best:?} own {own}: proposed {proposed}"
            );
        }
    }
    Ok(())
}

/// Lamport's rule: what is crossed off by the promise, but for the promise itself, is closed.
fn votes_at_or_above_the_promise(rules: &impl Rules) -> Verdict {
    for acceptor in acceptors() {
        let mut open = above(acceptor.promised);
        open.extend(acceptor.promised);
        for ballot in ballots() {
            ensure!(
                rules.may_accept(&acceptor, ballot) == open.contains(&ballot),
                "{acceptor:?} asked to vote in {ballot}"
            );
        }
    }
    Ok(())
}

/// The notes' rule: of all ballots, one or none is open.
fn votes_only_in_the_promised_ballot(rules: &impl Rules) -> Verdict {
    for acceptor in acceptors() {
        let mut open = Vec::new();
        for ballot in ballots() {
            if rules.may_accept(&acceptor, ballot) {
                open.push(ballot);
            }
        }
        let promised: Vec<Ballot> = acceptor.promised.into_iter().collect();
        ensure!(open == promised, "{acceptor:?} would vote in {open:?}");
    }
    Ok(())
}

fn a_vote_promises_its_ballot(rules: &impl Rules) -> Verdict {
    for before in ballots_or_none() {
        for ballot in ballots() {
            let after = rules.promise_of_vote(before, ballot);
            // Closed afterwards: what was closed before, and what is not above the vote.
            let open = above(after);
            for other in ballots() {
                let expected =
                    above(before).contains(&other) && above(Some(ballot)).contains(&other);
                ensure!(
                    open.contains(&other) == expected,
                    "promised {before:?}, voted in {ballot}, then promised {after:?}"
                );
            }
        }
    }
    Ok(())
}

/// All subsets of up to seven acceptors, who are not the lowest nodes and have gaps between them.
fn clusters() -> Vec<(Cluster, Vec<NodeSet>)> {
    let mut all = Vec::new();
    for count in 1..=7 {
        let members: Vec<NodeId> = (0..count).map(|i| node(2 * i + 1)).collect();
        let acceptors = members.iter().copied().collect();
        let learners = NodeSet::first(NodeId::LIMIT);
        let cluster = Cluster::apart(NodeSet::first(1), acceptors, learners).unwrap();
        let mut subsets = vec![NodeSet::EMPTY];
        for member in members {
            for i in 0..subsets.len() {
                subsets.push(subsets[i].with(member));
            }
        }
        all.push((cluster, subsets));
    }
    all
}

fn a_quorum_is_a_majority(rules: &impl Rules) -> Verdict {
    for (cluster, subsets) in clusters() {
        for voters in subsets {
            let (mut inside, mut outside) = (0, 0);
            for acceptor in cluster.acceptors().iter() {
                match voters.iter().any(|voter| voter == acceptor) {
                    true => inside += 1,
                    false => outside += 1,
                }
            }
            for phase in [Phase::Prepare, Phase::Accept] {
                ensure!(
                    rules.is_quorum(phase, &cluster, voters) == (inside > outside),
                    "{phase:?} {voters} of {}",
                    cluster.acceptors()
                );
            }
        }
    }
    Ok(())
}

/// Any quorum of phase 1 shares an acceptor with any quorum of phase 2.
fn quorums_meet(rules: &impl Rules, cluster: &Cluster, subsets: &[NodeSet]) -> Verdict {
    let quorums = |phase| -> Vec<NodeSet> {
        let all = subsets.iter().copied();
        all.filter(|s| rules.is_quorum(phase, cluster, *s))
            .collect()
    };
    let accept = quorums(Phase::Accept);
    for first in quorums(Phase::Prepare) {
        for second in &accept {
            let shared = first.iter().any(|member| second.contains(member));
            ensure!(shared, "{first} and {second} are disjoint");
        }
    }
    Ok(())
}

fn quorums_of_the_two_phases_meet(rules: &impl Rules) -> Verdict {
    for (cluster, subsets) in clusters() {
        quorums_meet(rules, &cluster, &subsets)?;
    }
    Ok(())
}

fn nothing_is_forgotten(rules: &impl Rules) -> Verdict {
    for round in [None, Round::new(1), Round::new(u32::MAX)] {
        for Acceptor { promised, accepted } in acceptors() {
            let disk = Durable {
                round,
                promised,
                accepted,
            };
            let known = rules.recover(disk);
            ensure!(known == disk, "of {disk:?} only {known:?} is known");
        }
    }
    Ok(())
}

/// What every rule set with majorities must pass, whatever its accept rule.
fn common_verdicts(rules: &impl Rules) -> Vec<(&'static str, Verdict)> {
    vec![
        ("rounds", rounds_rise_and_end(rules)),
        ("ballots", ballots_are_unique_and_rise_with_the_round(rules)),
        ("promise", promises_only_above_the_promise(rules)),
        ("report", a_promise_reports_the_whole_vote(rules)),
        ("fold", the_fold_finds_a_highest_vote(rules)),
        ("value", the_reported_value_goes_before_the_own(rules)),
        ("vote promises", a_vote_promises_its_ballot(rules)),
        ("majority", a_quorum_is_a_majority(rules)),
        ("meet", quorums_of_the_two_phases_meet(rules)),
        ("recover", nothing_is_forgotten(rules)),
    ]
}

fn lamport_verdicts(rules: &impl Rules) -> Vec<(&'static str, Verdict)> {
    let mut verdicts = common_verdicts(rules);
    verdicts.push(("vote", votes_at_or_above_the_promise(rules)));
    verdicts
}

#[test]
fn lamport_agrees_with_the_second_formulation() {
    for (name, verdict) in lamport_verdicts(&Lamport) {
        assert_eq!(verdict, Ok(()), "{name}");
    }
}

#[test]
fn notes_agree_with_the_second_formulation() {
    let vote = ("vote", votes_only_in_the_promised_ballot(&StrictAccept));
    for (name, verdict) in common_verdicts(&StrictAccept).into_iter().chain([vote]) {
        assert_eq!(verdict, Ok(()), "{name}");
    }
}

#[test]
fn the_two_accept_rules_are_told_apart() {
    assert_eq!(failing(lamport_verdicts(&StrictAccept)), ["vote"]);
    assert!(votes_only_in_the_promised_ballot(&Lamport).is_err());
}

#[test]
fn flexible_quorums_have_the_sizes_asked_for() {
    for (cluster, subsets) in clusters() {
        let count = cluster.acceptors().len();
        for prepare in 0..=count + 1 {
            for accept in 0..=count + 1 {
                let rules = Flexible { prepare, accept };
                for voters in &subsets {
                    let size = voters.iter().count();
                    for (phase, needed) in [(Phase::Prepare, prepare), (Phase::Accept, accept)] {
                        let enough = (needed..=count).any(|enough| enough == size);
                        assert_eq!(rules.is_quorum(phase, &cluster, *voters), enough);
                    }
                }
            }
        }
    }
}

#[test]
fn flexible_quorums_meet_exactly_if_their_sizes_exceed_the_acceptors() {
    for (cluster, subsets) in clusters() {
        let count = cluster.acceptors().len();
        for prepare in 0..=count + 1 {
            for accept in 0..=count + 1 {
                let rules = Flexible { prepare, accept };
                let meet = quorums_meet(&rules, &cluster, &subsets);
                assert_eq!(
                    meet.is_ok(),
                    prepare + accept > count,
                    "{rules:?} of {count}: {meet:?}"
                );
            }
        }
    }
}

#[test]
fn flexible_rules_are_lamports_but_for_the_quorums() {
    let rules = Flexible {
        prepare: 3,
        accept: 2,
    };
    assert_eq!(failing(lamport_verdicts(&rules)), ["majority", "meet"]);
}

#[test]
fn wrong_rules_are_rejected() {
    let rejects = |verdicts, by: &[&str]| assert_eq!(failing(verdicts), by);
    rejects(lamport_verdicts(&wrong::RoundReused), &["rounds"]);
    rejects(lamport_verdicts(&wrong::SeenIgnored), &["rounds"]);
    rejects(lamport_verdicts(&wrong::RoundsWrap), &["rounds"]);
    rejects(lamport_verdicts(&wrong::BallotsNotUnique), &["ballots"]);
    rejects(lamport_verdicts(&wrong::PromiseEqual), &["promise"]);
    rejects(lamport_verdicts(&wrong::PromiseStale), &["promise"]);
    rejects(
        lamport_verdicts(&wrong::PromiseChecksVoteOnly),
        &["promise"],
    );
    rejects(lamport_verdicts(&wrong::PromiseHidesVote), &["report"]);
    rejects(lamport_verdicts(&wrong::LowestVote), &["fold"]);
    rejects(lamport_verdicts(&wrong::FirstVote), &["fold"]);
    rejects(lamport_verdicts(&wrong::LastVote), &["fold"]);
    rejects(lamport_verdicts(&wrong::HighestValue), &["fold"]);
    rejects(lamport_verdicts(&wrong::OwnValue), &["value"]);
    rejects(lamport_verdicts(&wrong::AcceptStale), &["vote"]);
    rejects(lamport_verdicts(&wrong::AcceptStrict), &["vote"]);
    rejects(
        lamport_verdicts(&wrong::AcceptKeepsPromise),
        &["vote promises"],
    );
    rejects(lamport_verdicts(&wrong::HalfQuorum), &["majority", "meet"]);
    rejects(
        lamport_verdicts(&wrong::SmallPrepareQuorum),
        &["majority", "meet"],
    );
    rejects(lamport_verdicts(&wrong::RoundForgotten), &["recover"]);
    rejects(lamport_verdicts(&wrong::PromiseForgotten), &["recover"]);
    rejects(lamport_verdicts(&wrong::VoteForgotten), &["recover"]);
}
