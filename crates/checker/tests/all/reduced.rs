//! Reductions leave every verdict as it is; unsound ones are found out.
#![expect(clippy::unwrap_used, reason = "a test ends if it cannot go on")]

use std::collections::{BTreeSet, VecDeque};

use checker::{
    Error, Fingerprint, Offers, Reduction, Reductions, Run, Storage, Verdict, explore_stored,
};
use stateright::{Model, Property};

use crate::models::{Random, threads};

/// A resource manager's part in a two-phase commit (Gray and Lamport, "Consensus on transaction commit", 2006).
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Manager {
    Working,
    Prepared,
    Committed,
    Aborted,
}

/// What the transaction manager has said.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Decision {
    None,
    Commit,
    Abort,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Commit {
    managers: Vec<Manager>,
    /// Who has been heard to be prepared: of no use any more once there is a decision.
    heard: Vec<bool>,
    decision: Decision,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Deed {
    Prepare(usize),
    GiveUp(usize),
    Hear(usize),
    DecideToCommit,
    DecideToAbort,
    Obey(usize),
}

/// What is wrong with what the model offers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flaw {
    None,
    /// What was heard is dropped while it still matters.
    PrunesTheLiving,
    /// The symmetry forgets who has been heard.
    ForgetsWhoWasHeard,
    /// The symmetry forgets what was decided.
    ForgetsTheDecision,
}

pub(crate) struct TwoPhase {
    managers: usize,
    flaw: Flaw,
}

impl TwoPhase {
    pub(crate) fn new(managers: usize) -> Self {
        Self {
            managers,
            flaw: Flaw::None,
        }
    }
}

impl Model for TwoPhase {
    type State = Commit;
    type Action = Deed;

    fn init_states(&self) -> Vec<Commit> {
        vec![Commit {
            managers: vec![Manager::Working; self.managers],
            heard: vec![false; self.managers],
            decision: Decision::None,
        }]
    }

    fn actions(&self, _: &Commit, deeds: &mut Vec<Deed>) {
        for manager in 0..self.managers {
            deeds.extend([
                Deed::Prepare(manager),
                Deed::GiveUp(manager),
                Deed::Hear(manager),
                Deed::Obey(manager),
            ]);
        }
        deeds.extend([Deed::DecideToCommit, Deed::DecideToAbort]);
    }

    fn next_state(&self, state: &Commit, deed: Deed) -> Option<Commit> {
        let mut next = state.clone();
        let is_open = state.decision == Decision::None;
        match deed {
            Deed::Prepare(index) if state.managers[index] == Manager::Working => {
                next.managers[index] = Manager::Prepared;
            }
            Deed::GiveUp(index) if state.managers[index] == Manager::Working => {
                next.managers[index] = Manager::Aborted;
            }
            Deed::Hear(index)
                if is_open && state.managers[index] == Manager::Prepared && !state.heard[index] =>
            {
                next.heard[index] = true;
            }
            Deed::DecideToCommit if is_open && state.heard.iter().all(|&heard| heard) => {
                next.decision = Decision::Commit;
            }
            Deed::DecideToAbort if is_open => next.decision = Decision::Abort,
            Deed::Obey(index) if state.managers[index] == Manager::Prepared => {
                next.managers[index] = match state.decision {
                    Decision::None => return None,
                    Decision::Commit => Manager::Committed,
                    Decision::Abort => Manager::Aborted,
                };
            }
            Deed::Prepare(_)
            | Deed::GiveUp(_)
            | Deed::Hear(_)
            | Deed::DecideToCommit
            | Deed::DecideToAbort
            | Deed::Obey(_) => return None,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("all agree", |_, state: &Commit| {
                !(state.managers.contains(&Manager::Committed)
                    && state.managers.contains(&Manager::Aborted))
            }),
            Property::sometimes("all commit", |_, state: &Commit| {
                state.managers.iter().all(|&one| one == Manager::Committed)
            }),
            Property::sometimes("all abort", |_, state: &Commit| {
                state.managers.iter().all(|&one| one == Manager::Aborted)
            }),
            Property::always("nobody aborts", |_, state: &Commit| {
                !state.managers.contains(&Manager::Aborted)
            }),
        ]
    }
}

impl Offers for TwoPhase {
    fn offered(&self) -> Reductions {
        Reductions::ALL
    }

    fn fingerprint<F: Fingerprint>(&self, state: &Commit) -> F {
        F::of(state)
    }

    /// Managers are interchangeable: what counts is how many there are of each kind.
    fn orbit<F: Fingerprint>(&self, state: &Commit) -> F {
        let kind = |index: usize| {
            let heard = self.flaw != Flaw::ForgetsWhoWasHeard && state.heard[index];
            (state.managers[index], heard)
        };
        let mut kinds: Vec<_> = (0..self.managers).map(kind).collect();
        kinds.sort_unstable();
        let decision = match self.flaw {
            Flaw::ForgetsTheDecision => Decision::None,
            Flaw::None | Flaw::PrunesTheLiving | Flaw::ForgetsWhoWasHeard => state.decision,
        };
        F::of(&(kinds, decision))
    }

    fn prune(&self, state: &mut Commit) {
        let is_dead = match self.flaw {
            Flaw::PrunesTheLiving => state.heard.iter().filter(|&&heard| heard).count() > 1,
            Flaw::None | Flaw::ForgetsWhoWasHeard | Flaw::ForgetsTheDecision => {
                state.decision != Decision::None
            }
        };
        if is_dead {
            state.heard.fill(false);
        }
    }

    fn oddity(&self, state: &Commit) -> u64 {
        state.heard.iter().filter(|&&heard| heard).count() as u64
    }

    fn identity(&self) -> Option<String> {
        Some(format!("two-phase commit of {}", self.managers))
    }

    fn write(&self, state: &Commit, bytes: &mut Vec<u8>) {
        bytes.push(state.decision as u8);
        let both = state.managers.iter().zip(&state.heard);
        bytes.extend(both.map(|(&manager, &heard)| manager as u8 | u8::from(heard) << 4));
    }

    fn read(&self, bytes: &mut &[u8]) -> Option<Commit> {
        let (head, rest) = bytes.split_at_checked(1 + self.managers)?;
        *bytes = rest;
        let manager = |&byte: &u8| {
            Some(match byte & 0xf {
                0 => Manager::Working,
                1 => Manager::Prepared,
                2 => Manager::Committed,
                3 => Manager::Aborted,
                _ => return None,
            })
        };
        Some(Commit {
            decision: match head[0] {
                0 => Decision::None,
                1 => Decision::Commit,
                2 => Decision::Abort,
                _ => return None,
            },
            managers: head[1..].iter().map(manager).collect::<Option<_>>()?,
            heard: head[1..].iter().map(|byte| byte & 0x10 != 0).collect(),
        })
    }
}

type CommitRun = Run<Commit, Deed>;

fn explored(model: &TwoPhase, reductions: Reductions, count: usize) -> Result<CommitRun, Error> {
    explore_stored(
        model,
        reductions,
        &Storage::default(),
        &threads(count),
        &|_| (),
    )
}

/// For each property what was found, and in how many steps.
fn verdicts(run: &CommitRun) -> Vec<(&'static str, Option<usize>)> {
    let findings = run.findings.iter();
    findings
        .map(|finding| {
            let path = finding.verdict.path();
            (
                finding.property,
                path.map(|path| path.clone().into_actions().len()),
            )
        })
        .collect()
}

/// All states, by a queue and a set.
fn naive(model: &TwoPhase, treat: impl Fn(Commit) -> Commit) -> BTreeSet<Commit> {
    let mut queue: VecDeque<Commit> = model.init_states().into();
    let mut seen: BTreeSet<_> = queue.iter().cloned().collect();
    while let Some(state) = queue.pop_front() {
        let mut deeds = Vec::new();
        model.actions(&state, &mut deeds);
        for deed in deeds {
            let Some(next) = model.next_state(&state, deed).map(&treat) else {
                continue;
            };
            if seen.insert(next.clone()) {
                queue.push_back(next);
            }
        }
    }
    seen
}

/// The least of all images of a state, by trying all orders of the managers.
fn least_image(state: &Commit) -> Commit {
    let mut orders = vec![Vec::new()];
    for index in 0..state.managers.len() {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, index);
                    longer
                })
            })
            .collect();
    }
    let image = |order: Vec<usize>| Commit {
        managers: order.iter().map(|&index| state.managers[index]).collect(),
        heard: order.iter().map(|&index| state.heard[index]).collect(),
        decision: state.decision,
    };
    orders.into_iter().map(image).min().unwrap()
}

#[test]
fn reductions_leave_what_brute_force_leaves_and_every_verdict() {
    for managers in 1..=5 {
        let model = TwoPhase::new(managers);
        let pruned = |mut state: Commit| {
            model.prune(&mut state);
            state
        };
        let all = naive(&model, |state| state);
        let living = naive(&model, pruned);
        let orbits = |states: &BTreeSet<Commit>| -> usize {
            let least: BTreeSet<_> = states.iter().map(least_image).collect();
            least.len()
        };
        let expected = [
            (Reductions::NONE, all.len()),
            (Reduction::Dead.into(), living.len()),
            (Reduction::Symmetry.into(), orbits(&all)),
            (Reductions::ALL, orbits(&living)),
        ];
        let plain = explored(&model, Reductions::NONE, 1).unwrap();
        for (reductions, states) in expected {
            for count in [1, 2] {
                let run = explored(&model, reductions, count).unwrap();
                assert!(run.is_exhausted());
                assert_eq!(run.unique, states as u64, "{managers} {reductions}");
                assert_eq!(verdicts(&run), verdicts(&plain), "{managers} {reductions}");
            }
        }
    }
}

#[test]
fn what_is_offered_wrongly_shows() {
    let plain = explored(&TwoPhase::new(3), Reductions::NONE, 1).unwrap();
    let flaws = [
        (Flaw::PrunesTheLiving, Reduction::Dead),
        (Flaw::ForgetsWhoWasHeard, Reduction::Symmetry),
        (Flaw::ForgetsTheDecision, Reduction::Symmetry),
    ];
    for (flaw, reduction) in flaws {
        let flawed = TwoPhase { flaw, managers: 3 };
        let run = explored(&flawed, reduction.into(), 1);
        let is_found_out = run.is_err() || verdicts(&run.unwrap()) != verdicts(&plain);
        assert!(is_found_out, "{flaw:?}");
        // Unless the reduction is used, nothing is wrong.
        let run = explored(&flawed, Reductions::NONE, 1).unwrap();
        assert_eq!(verdicts(&run), verdicts(&plain));
    }
}

#[test]
fn reductions_go_with_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let model = TwoPhase::new(5);
    for reductions in [Reductions::NONE, Reductions::ALL] {
        let whole = explored(&model, reductions, 1).unwrap();
        let storage = Storage {
            checkpoint: Some(folder.path().join(reductions.to_string())),
            ..Storage::default()
        };
        let limits = checker::Limits {
            max_states: Some(whole.unique / 2),
            ..threads(2)
        };
        let cut = explore_stored(&model, reductions, &storage, &limits, &|_| ()).unwrap();
        assert_eq!(cut.unique, whole.unique / 2);
        let resumed = Storage {
            resume: storage.checkpoint.clone(),
            ..storage
        };
        let rest = explore_stored(&model, reductions, &resumed, &threads(2), &|_| ()).unwrap();
        assert_eq!(rest, whole);
        let other = Reductions::from(Reduction::Dead);
        let refused = explore_stored(&model, other, &resumed, &threads(1), &|_| ()).unwrap_err();
        let expected = format!("it is of the reductions \"{reductions}\", this run is of");
        assert!(refused.to_string().contains(&expected), "{refused}");
    }
}

/// Counters that go round, with a register that is never looked at again after it was written.
struct Registers {
    /// For each counter where each value leads.
    next: [[u8; 8]; 2],
    /// A value of the register that is wrong: there is no path to it that the reductions keep.
    is_register_judged: bool,
}

impl Model for Registers {
    type State = ([u8; 2], u8);
    type Action = usize;

    fn init_states(&self) -> Vec<Self::State> {
        vec![([0; 2], 0)]
    }

    fn actions(&self, _: &Self::State, actions: &mut Vec<usize>) {
        actions.extend(0..2);
    }

    fn next_state(&self, &(counters, register): &Self::State, index: usize) -> Option<Self::State> {
        let mut next = counters;
        next[index] = self.next[index][usize::from(counters[index])];
        Some((next, register.wrapping_add(counters[index]) % 16))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::sometimes("both at seven", |_, state: &Self::State| state.0 == [7; 2]),
            Property::always("not both at five", |_, state: &Self::State| {
                state.0 != [5; 2]
            }),
            Property::sometimes(
                "the register is nine",
                |model: &Self, state: &Self::State| model.is_register_judged && state.1 == 9,
            ),
        ]
    }
}

impl Offers for Registers {
    fn offered(&self) -> Reductions {
        Reduction::Dead.into()
    }

    fn fingerprint<F: Fingerprint>(&self, state: &Self::State) -> F {
        F::of(state)
    }

    fn prune(&self, state: &mut Self::State) {
        state.1 = 0;
    }
}

#[test]
fn dropping_what_a_property_looks_at_shows_on_random_models() {
    let mut random = Random(7);
    let (mut same, mut shown) = (0, 0);
    for _ in 0..200 {
        let mut next = [[0; 8]; 2];
        next.iter_mut()
            .flatten()
            .for_each(|value| *value = random.below(8) as u8);
        for is_register_judged in [false, true] {
            let model = Registers {
                next,
                is_register_judged,
            };
            let run = |reductions| {
                let storage = Storage::default();
                let run = explore_stored(&model, reductions, &storage, &threads(1), &|_| ());
                let findings = run.unwrap().findings;
                findings
                    .into_iter()
                    .map(|finding| match finding.verdict {
                        Verdict::Violated(path) | Verdict::Witnessed(path) => {
                            Some(path.into_actions().len())
                        }
                        Verdict::Exhausted => None,
                        Verdict::Truncated(cut) => panic!("{cut}"),
                    })
                    .collect::<Vec<_>>()
            };
            let is_same = run(Reductions::NONE) == run(Reduction::Dead.into());
            if is_register_judged {
                shown += u32::from(!is_same);
            } else {
                assert!(is_same);
                same += 1;
            }
        }
    }
    assert_eq!(same, 200);
    assert!(shown > 50, "{shown} of 200 found out");
}

#[test]
fn a_reduction_that_is_not_offered_is_refused_by_name() {
    let model = Registers {
        next: [[0; 8]; 2],
        is_register_judged: false,
    };
    let storage = Storage::default();
    let refused = explore_stored(&model, Reductions::ALL, &storage, &threads(1), &|_| ());
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the reduction \"symmetry\" is not offered here: the model does not offer it; run without it"
    );
    let disk = Storage {
        disk: Some(std::env::temp_dir()),
        ..storage
    };
    let refused = explore_stored(&model, Reductions::NONE, &disk, &threads(1), &|_| ());
    assert_eq!(refused.unwrap_err(), Error::NotWritable);
}
