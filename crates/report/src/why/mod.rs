//! Why a property is broken: what a path shows, and the first step on it that is not as the protocol has it.
//!
//! The path is judged by laws of the protocol, each in the room of the role it binds. None of them knows what is done
//! wrong: they look at what nodes said, saved, restored, counted and concluded. What no law objects to is told as it
//! is, and not explained.

mod acceptor;
mod agreement;
mod claims;
mod client;
mod host;
mod learner;
mod proposer;
mod reader;
mod reading;
mod shown;
#[cfg(test)]
mod tests;
mod votes;

use model::properties::Known;
use model::{Action, State, World};
use stateright::Path;

use self::reading::{Reading, Step};
use crate::words;

/// Why a path breaks a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// First what the path shows, then what went wrong; each a whole sentence.
    pub sentences: Vec<String>,
    /// The first step that is not as the protocol has it, counted from 1; `None` if there is no such step, because the
    /// protocol itself is wrong as the scenario has it.
    pub step: Option<usize>,
}

/// What one step does otherwise than the protocol has it, as a sentence; `None` if nothing.
type Law = fn(&Reading<'_>, &Step) -> Option<String>;

/// Every law, in the order in which one wants to hear of them where a step breaks several.
const LAWS: &[Law] = &[
    host::stops_when_it_cannot_save,
    host::stops_when_its_store_is_corrupted,
    host::saves_whole_records,
    host::finds_what_it_saved,
    proposer::uses_its_own_ballots,
    acceptor::promises_what_is_higher,
    acceptor::reports_its_vote,
    acceptor::keeps_its_promise,
    acceptor::keeps_its_word,
    acceptor::raises_its_promise_by_voting,
    proposer::has_enough_promises,
    proposer::proposes_one_value,
    proposer::respects_the_highest_vote,
    proposer::keeps_the_highest_vote_in_mind,
    learner::announces_what_a_quorum_voted_for,
    learner::tells_what_it_knows,
    client::refuses_what_it_does_not_do,
    client::concludes_what_it_knows,
    reader::tells_readers_its_vote,
    reader::reads_anew,
    reader::reads_a_quorum,
    host::saves_before_it_sends,
    host::restores_what_it_saved,
    proposer::uses_a_ballot_once,
    learner::counts_quorums_by_size,
    learner::announces_what_it_learns,
    host::runs_a_timer_while_it_waits,
];

/// Why the last state of a path breaks this property. `None` if it does not, or if the property is not one that must
/// be true in every state.
pub fn why(world: &World, path: &Path<State, Action>, property: &str) -> Option<Why> {
    let known = Known::named(property).filter(|known| known.is_invariant() && !known.is_live())?;
    let reading = Reading::new(world, path);
    if (known.property().condition)(world, path.last_state()) {
        return None;
    }
    let breaches = breaches(&reading);
    let root = breaches.first();
    let told = told(&breaches);
    let mut sentences = shown::facts(&reading, known.name, &told);
    sentences.extend(told.iter().map(|breach| breach.sentence.clone()));
    if root.is_none() && reading.quorums_can_miss() {
        sentences.push(
            "No step breaks a law of promises and votes: it is the quorums that let this happen."
                .to_owned(),
        );
    }
    Some(Why {
        sentences,
        step: root.map(|root| root.step),
    })
}

/// A step that breaks a law.
#[derive(Clone)]
struct Breach {
    step: usize,
    /// Which law, by its place.
    law: usize,
    sentence: String,
}

/// Of each step the first law that it breaks.
fn breaches(reading: &Reading<'_>) -> Vec<Breach> {
    let broken = |step: &Step| {
        let mut laws = LAWS.iter().enumerate();
        laws.find_map(|(law, judge)| {
            Some(Breach {
                step: step.number,
                law,
                sentence: judge(reading, step)?,
            })
        })
    };
    reading.steps.iter().filter_map(broken).collect()
}

/// What is told of all this: the first breach, again if it is broken again, and the first breach of another law.
fn told(breaches: &[Breach]) -> Vec<Breach> {
    let Some(root) = breaches.first() else {
        return Vec::new();
    };
    let mut told = with_repetitions(root, breaches);
    let other = breaches.iter().find(|breach| breach.law != root.law);
    told.extend(other.map(|other| Breach {
        sentence: format!("After that, {}", other.sentence),
        ..*other
    }));
    told
}

/// A breach, and a second one of the same law in full; of more of them only the steps.
fn with_repetitions(first: &Breach, breaches: &[Breach]) -> Vec<Breach> {
    let again = breaches
        .iter()
        .filter(|breach| breach.law == first.law && breach.step > first.step);
    let again: Vec<&Breach> = again.collect();
    let mut told = vec![first.clone()];
    match again.as_slice() {
        [] => {}
        [second] => told.push(Breach {
            sentence: format!("So again: {}", second.sentence),
            ..**second
        }),
        several => {
            let steps: Vec<String> = several.iter().map(|one| one.step.to_string()).collect();
            let steps = words::listed(&steps);
            told[0].sentence += &format!(" So again at steps {steps}.");
        }
    }
    told
}
