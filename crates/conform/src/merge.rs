//! All journals in one order: each node's own, and a receive after its send.

use model::RuleSet;
use node::journal::Entry;
use paxos::NodeId;

use crate::admit::{Admitted, DecreeId, Journal, Spot};
use crate::counts::Counts;
use crate::disk::Fate;
use crate::divergence::{Cause, Divergence};
use crate::facts::Facts;
use crate::replica::{Replica, hearsay};
use crate::text;
use crate::wait::{Wait, later};

/// What was found on the way through all journals, or up to the first divergence.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) facts: Facts,
    pub(crate) counts: Counts,
    /// For each journal, what became of each batch.
    pub(crate) fates: Vec<Vec<Fate>>,
    pub(crate) divergence: Option<Box<Divergence>>,
}

/// Replays all journals.
pub(crate) fn merge(all: &Admitted, rules: RuleSet) -> Merged {
    let mut facts = Facts::new(all.roles, rules, all.keys.len());
    let mut counts = Counts::default();
    let mut replicas: Vec<Replica<'_>> = (0..all.journals.len())
        .map(|index| Replica::new(all, index, rules))
        .collect();
    let divergence = run(all, &mut replicas, &mut facts, &mut counts).err();
    Merged {
        facts,
        counts,
        fates: replicas.into_iter().map(|replica| replica.fates).collect(),
        divergence,
    }
}

/// Goes round the nodes, each as far as it comes, until all are done or none moves.
fn run(
    all: &Admitted,
    replicas: &mut [Replica<'_>],
    facts: &mut Facts,
    counts: &mut Counts,
) -> Result<(), Box<Divergence>> {
    loop {
        let mut waits: Vec<(usize, Wait)> = Vec::new();
        let mut moved = false;
        for (index, replica) in replicas.iter_mut().enumerate() {
            while !replica.is_done() {
                let Some(wait) = replica.step(facts, counts)? else {
                    moved = true;
                    continue;
                };
                let told_by_absent = wait.whose().is_some_and(|node| {
                    all.roles.nodes().contains(node) && all.journal_of(node).is_none()
                });
                if told_by_absent {
                    take_for_granted(all, index, replica, &wait, facts)?;
                    continue;
                }
                waits.push((index, wait));
                break;
            }
        }
        if waits.is_empty() {
            replicas
                .iter_mut()
                .for_each(|replica| replica.finish(facts));
            return Ok(());
        }
        if moved {
            continue;
        }
        let granted = waits
            .iter()
            .find(|(index, wait)| may_be_older(all, replicas, *index, wait));
        match granted {
            Some((index, wait)) => {
                take_for_granted(all, *index, &mut replicas[*index], wait, facts)?;
            }
            None => {
                for replica in replicas.iter_mut().filter(|replica| replica.is_done()) {
                    replica.finish(facts);
                }
                return Err(stuck(all, replicas, &waits, facts));
            }
        }
    }
}

fn is_partial(journal: &Journal) -> bool {
    journal.midway || journal.jumps
}

/// Whether what is waited for may have happened before a journal begins, or in one not given.
fn may_be_older(all: &Admitted, replicas: &[Replica<'_>], waiting: usize, wait: &Wait) -> bool {
    let Some(node) = wait.whose() else {
        return !all.absent().is_empty() || all.journals.iter().any(is_partial);
    };
    all.journal_of(node).is_some_and(|sender| {
        is_partial(&all.journals[sender]) && comes_later(replicas, waiting, sender, wait).is_none()
    })
}

fn comes_later(
    replicas: &[Replica<'_>],
    waiting: usize,
    sender: usize,
    wait: &Wait,
) -> Option<String> {
    let (decree, ..) = replicas[waiting].rest().next()?;
    later(wait, decree, replicas[sender].rest()).map(|place| place.to_string())
}

/// Goes on without knowing where it came from.
fn take_for_granted(
    all: &Admitted,
    index: usize,
    replica: &mut Replica<'_>,
    wait: &Wait,
    facts: &mut Facts,
) -> Result<(), Box<Divergence>> {
    let spot = Spot {
        journal: index as u8,
        entry: replica.cursor as u32,
    };
    let given = wait
        .whose()
        .is_none_or(|node| all.journal_of(node).is_some());
    let decree = replica.rest().next().map(|(decree, ..)| decree);
    facts.gap(decree, wait.gap(replica.id(), given), spot);
    replica.forced = true;
    let Entry::Handle { input, .. } = all.entry(spot) else {
        return Ok(());
    };
    match (decree, hearsay(input)) {
        (Some(decree), Some((acceptor, vote))) => facts
            .vote(decree, acceptor, &vote, spot)
            .map_err(|conflict| replica.conflict(spot, conflict)),
        _ => Ok(()),
    }
}

/// A line that nothing before it accounts for.
struct Stuck<'a> {
    index: usize,
    wait: &'a Wait,
    entry: &'a Entry,
    /// Where what it waits for comes later.
    later: Option<String>,
    /// Where its sender was to send it, and had not saved what it rests on.
    unsaved: Option<Spot>,
}

/// No line can come next. Of those that wait, tell the one whose cause is the plainest.
fn stuck(
    all: &Admitted,
    replicas: &[Replica<'_>],
    waits: &[(usize, Wait)],
    facts: &Facts,
) -> Box<Divergence> {
    let found: Vec<Stuck<'_>> = waits
        .iter()
        .filter_map(|(index, wait)| {
            let (decree, entry, _) = replicas[*index].rest().next()?;
            let sender = wait.whose().and_then(|node| all.journal_of(node));
            Some(Stuck {
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
    plainest.divergence(all, &replicas[plainest.index])
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
            wait.whose() == Some(sender) && wait.is_met_by(all.entry(*spot))
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
