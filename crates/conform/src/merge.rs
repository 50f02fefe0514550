//! All journals in one order: each node's own, and a receive after its send.

use model::RuleSet;
use node::journal::Entry;
use paxos::{NodeId, NodeSet};

use crate::admit::{Admitted, DecreeId, Journal, Spot};
use crate::counts::Counts;
use crate::disk::Fate;
use crate::divergence::{Cause, Divergence};
use crate::facts::Facts;
use crate::replica::{Replica, hearsay};
use crate::text;
use crate::wait::{Unseen, Wait};

/// What was found on the way through all journals.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) facts: Facts,
    pub(crate) counts: Counts,
    /// For each journal, what became of each batch.
    pub(crate) fates: Vec<Vec<Fate>>,
}

/// Replays all journals. Where the steps of one diverge, it is judged no further, and the others as if the rest of it was not
/// given; what nothing accounts for is told, and then taken as it is. So what contradicts what without a journal does so with
/// it as well.
pub(crate) fn merge(all: &Admitted, rules: RuleSet) -> Merged {
    let mut merge = Merge {
        all,
        facts: Facts::new(all.roles, rules, all.keys.len()),
        counts: Counts::default(),
        diverged: NodeSet::EMPTY,
    };
    let mut replicas: Vec<Replica<'_>> = (0..all.journals.len())
        .map(|index| Replica::new(all, index, rules))
        .collect();
    merge.run(&mut replicas);
    Merged {
        facts: merge.facts,
        counts: merge.counts,
        fates: replicas.into_iter().map(|replica| replica.fates).collect(),
    }
}

struct Merge<'a> {
    all: &'a Admitted,
    facts: Facts,
    counts: Counts,
    /// The nodes whose journals are judged no further.
    diverged: NodeSet,
}

impl Merge<'_> {
    /// Goes round the nodes, each as far as it comes, until all are done. Where none moves, one is taken at its word: without
    /// more if what it waits for may not be in the journals, and as a divergence if it must be.
    fn run(&mut self, replicas: &mut [Replica<'_>]) {
        loop {
            let (waits, moved) = self.go_round(replicas);
            if moved {
                continue;
            }
            let older = waits
                .iter()
                .find(|(index, wait)| self.may_be_unseen(replicas, *index, wait));
            let is_over = waits.is_empty();
            if let Some((index, wait)) = older {
                self.take_for_granted(&mut replicas[*index], wait);
                continue;
            }
            let done = replicas.iter_mut().filter(|replica| replica.is_done());
            done.for_each(|replica| replica.finish(&mut self.facts));
            if is_over {
                return;
            }
            let (which, divergence) = stuck(self.all, replicas, &waits, &self.facts);
            self.facts.note(*divergence);
            let (index, wait) = &waits[which];
            self.take_for_granted(&mut replicas[*index], wait);
        }
    }

    /// What each node waits for, and whether any has moved.
    fn go_round(&mut self, replicas: &mut [Replica<'_>]) -> (Vec<(usize, Wait)>, bool) {
        let mut waits = Vec::new();
        let mut moved = false;
        for (index, replica) in replicas.iter_mut().enumerate() {
            while !replica.is_done() {
                match replica.step(&mut self.facts, &mut self.counts) {
                    Ok(None) => {}
                    Ok(Some(wait)) if wait.whose().is_some_and(|node| self.is_untold(node)) => {
                        self.take_for_granted(replica, &wait);
                    }
                    Ok(Some(wait)) => {
                        waits.push((index, wait));
                        break;
                    }
                    Err(divergence) => self.diverge(replica, *divergence),
                }
                moved = true;
            }
        }
        (waits, moved)
    }

    fn diverge(&mut self, replica: &mut Replica<'_>, divergence: Divergence) {
        self.diverged = self.diverged.with(replica.id());
        replica.diverge(divergence, &mut self.facts);
    }

    /// Whether no journal tells, or will tell, what this node did.
    fn is_untold(&self, node: NodeId) -> bool {
        self.diverged.contains(node) || self.all.absent().contains(node)
    }

    /// Whether what is waited for may have happened where no journal shows it: before one begins, after one diverges, or at a
    /// node whose journal was not given.
    fn may_be_unseen(&self, replicas: &[Replica<'_>], waiting: usize, wait: &Wait) -> bool {
        let all = self.all;
        let Some(node) = wait.whose() else {
            let is_whole = all.absent().is_empty() && self.diverged.is_empty();
            return !is_whole || all.journals.iter().any(is_partial);
        };
        all.journal_of(node).is_some_and(|sender| {
            is_partial(&all.journals[sender])
                && comes_later(replicas, waiting, sender, wait).is_none()
        })
    }

    /// Goes on without knowing where it came from.
    fn take_for_granted(&mut self, replica: &mut Replica<'_>, wait: &Wait) {
        let spot = replica.spot();
        let unseen = match wait.whose() {
            Some(node) if self.all.absent().contains(node) => Unseen::NotGiven,
            Some(node) if self.diverged.contains(node) => Unseen::Diverged,
            Some(_) | None => Unseen::TooEarly,
        };
        let decree = replica.rest().next().map(|(decree, ..)| decree);
        let reason = wait.gap(replica.id(), unseen);
        self.facts.gap(decree, reason, spot);
        replica.forced = true;
        let Entry::Handle { input, .. } = self.all.entry(spot) else {
            return;
        };
        if let (Some(decree), Some((acceptor, vote))) = (decree, hearsay(input)) {
            let cast = self.facts.vote(decree, acceptor, &vote, spot);
            if let Err(conflict) = cast {
                replica.note_conflict(spot, conflict, &mut self.facts);
            }
        }
    }
}

fn is_partial(journal: &Journal) -> bool {
    journal.midway || journal.jumps
}

fn comes_later(
    replicas: &[Replica<'_>],
    waiting: usize,
    sender: usize,
    wait: &Wait,
) -> Option<String> {
    let (decree, ..) = replicas[waiting].rest().next()?;
    let place = replicas[sender].meets_later(decree, wait);
    place.map(ToString::to_string)
}

/// A line that nothing before it accounts for.
struct Stuck<'a> {
    /// Which of those that wait.
    which: usize,
    /// Which journal.
    index: usize,
    wait: &'a Wait,
    entry: &'a Entry,
    /// Where what it waits for comes later.
    later: Option<String>,
    /// Where its sender was to send it, and had not saved what it rests on.
    unsaved: Option<Spot>,
}

/// No line can come next. Of those that wait, the one whose cause is the plainest, and what is told of it.
fn stuck(
    all: &Admitted,
    replicas: &[Replica<'_>],
    waits: &[(usize, Wait)],
    facts: &Facts,
) -> (usize, Box<Divergence>) {
    let found: Vec<Stuck<'_>> = waits
        .iter()
        .enumerate()
        .filter_map(|(which, (index, wait))| {
            let (decree, entry, _) = replicas[*index].rest().next()?;
            let sender = wait.whose().and_then(|node| all.journal_of(node));
            Some(Stuck {
                which,
                index: *index,
                wait,
                entry,
                later: sender.and_then(|sender| comes_later(replicas, *index, sender, wait)),
                unsaved: sender.and_then(|sender| {
                    let held = replicas[sender].held();
                    unsaved(all, facts, decree, wait, held)
                }),
            })
        })
        .collect();
    let is_baseless = |stuck: &Stuck<'_>| stuck.wait.whose().is_some() && stuck.later.is_none();
    let baseless: Vec<usize> = found
        .iter()
        .filter(|stuck| is_baseless(stuck))
        .map(|stuck| stuck.index)
        .collect();
    // What waits for a node that goes wrong itself may only follow from that.
    let rank = |stuck: &Stuck<'_>| {
        let sender = stuck.wait.whose().and_then(|node| all.journal_of(node));
        let follows = sender.is_some_and(|sender| baseless.contains(&sender));
        match (is_baseless(stuck), stuck.unsaved, stuck.wait.whose()) {
            (true, ..) => u8::from(follows),
            (false, Some(_), _) => 2,
            (false, None, None) => 3,
            (false, None, Some(_)) => 4,
        }
    };
    let plainest = found
        .iter()
        .min_by_key(|stuck| (rank(stuck), stuck.index))
        .expect("somebody waits, or all would be done");
    let divergence = plainest.divergence(all, &replicas[plainest.index]);
    (plainest.which, divergence)
}

/// Where this was to be sent, and was not allowed to leave.
fn unsaved(
    all: &Admitted,
    facts: &Facts,
    decree: DecreeId,
    wait: &Wait,
    held: impl Iterator<Item = (DecreeId, Spot)>,
) -> Option<Spot> {
    let lost = facts.unsaved_sends.iter().copied();
    let mut unsent = lost.chain(held).filter(|(about, _)| *about == decree);
    unsent
        .find(|(_, spot)| {
            let sender = all.journals[usize::from(spot.journal)].node;
            let again = facts.decree(decree).again.get(spot);
            wait.whose() == Some(sender) && wait.is_met_by(all.entry(*spot), again)
        })
        .map(|(_, spot)| spot)
}

impl Stuck<'_> {
    fn divergence(&self, all: &Admitted, replica: &Replica<'_>) -> Box<Divergence> {
        let cause = match (self.wait, &self.later, self.unsaved) {
            (_, _, Some(_)) => Cause::SentUnsaved,
            (_, Some(_), None) => Cause::NoOrder,
            (Wait::Message(_) | Wait::Vote(_), None, None) => Cause::NeverSent,
            (Wait::Knowledge { .. }, None, None) => Cause::NobodyKnew,
            (Wait::Choice(_), None, None) => Cause::WrongAnswer,
        };
        let expected = vec!["nothing of it could be known here".to_owned()];
        let problem = self.wait.problem(replica.id(), cause);
        let mut divergence = replica.diverges(cause, problem, expected, told(self.entry));
        let notes = &mut divergence.notes;
        if let Some(spot) = self.unsaved {
            let place = all.place(spot);
            notes.push(format!(
                "what it rests on, at {place}, was not saved: it must not leave before"
            ));
        } else if let Some(place) = &self.later {
            notes.push(format!(
                "it comes later, at {place}, which itself comes after this"
            ));
        } else {
            notes.extend(self.wait.whose().and_then(|node| cut(all, node)));
        }
        divergence
    }
}

/// That the journal of who should have told has no proper end.
fn cut(all: &Admitted, node: NodeId) -> Option<String> {
    let journal = &all.journals[all.journal_of(node)?];
    let (place, _) = journal.entries.last().filter(|_| !journal.stopped)?;
    Some(format!(
        "the journal of {node} ends at {place} without a stop: it may have been cut"
    ))
}

fn told(entry: &Entry) -> String {
    match entry {
        Entry::Handle { input, .. } => text::input(input),
        Entry::Learn { from, value, .. } => format!("{} learnt from {from}", text::value(value)),
        Entry::Answer { chosen, .. } => match chosen {
            Some(value) => format!("the answer {}", text::value(value)),
            None => "the answer that nothing is chosen".to_owned(),
        },
        Entry::Start(_)
        | Entry::Continue(_)
        | Entry::InMemory { .. }
        | Entry::Load { .. }
        | Entry::Saved
        | Entry::Unload { .. }
        | Entry::Stop => "a line that waits for nothing".to_owned(),
    }
}
