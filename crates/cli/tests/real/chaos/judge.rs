//! Whether what clients were told about one key can be what one decree tells.
//!
//! The judge is stateright's tester of linearizability, with [`Decree`] for what is right. Stateright
//! has a register that is written once, too; there a write that comes too late is told that it
//! failed. Ours is told the value that is chosen instead, so a register that knows the right answer
//! to a proposal finds wrong what stateright's would let pass: a proposer that is told a value of
//! nobody, or another one than a reader.
//!
//! Beside it, a second formulation that knows no search, only what may not come before what. Both
//! must say the same of every history.
//!
//! An operation of which nothing is known may take effect at any later time, or never: it stays in
//! flight. One that is said not to be done is no part of the history, so its value is a value of
//! nobody, and telling it is wrong.
//!
//! The tester tries orders, and there are many. So histories are short, and what cannot matter is
//! left out: reads of unknown outcome, and proposals of unknown outcome whose value nobody is told.
//! If such a proposal took effect in any order, it would be the one that sets the value, and whoever
//! is told a value after it would be told that one; so nobody is told any, and without it the order
//! is right as well.

use std::fmt::Write as _;

use stateright::semantics::{ConsistencyTester as _, LinearizabilityTester, SequentialSpec};

use super::history::{Answer, Ask, Operation};

/// What a key holds, done by the book: the first proposal sets it, and everybody is told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decree(Option<String>);

impl SequentialSpec for Decree {
    type Op = Ask;
    type Ret = Option<String>;

    fn invoke(&mut self, ask: &Ask) -> Option<String> {
        match ask {
            Ask::Propose(value) => Some(self.0.get_or_insert_with(|| value.clone()).clone()),
            Ask::Get => self.0.clone(),
        }
    }
}

/// Judges the history of one key.
///
/// # Errors
/// What is wrong with it, and the history.
pub fn judge(history: &[Operation]) -> Result<(), String> {
    let problem = match (is_linearizable(history), find_contradiction(history)) {
        (true, None) => return Ok(()),
        (false, Some(problem)) => problem,
        (true, Some(problem)) => format!("the judges disagree: linearizable, and yet {problem}"),
        (false, None) => "the judges disagree: not linearizable, but nothing is wrong".to_owned(),
    };
    let mut told = problem;
    let mut ordered: Vec<&Operation> = history.iter().collect();
    ordered.sort_by_key(|operation| operation.asked_at);
    for operation in ordered {
        let _ = write!(told, "\n  {operation}");
    }
    Err(told)
}

/// What stateright's tester says.
pub fn is_linearizable(history: &[Operation]) -> bool {
    let is_told = |value: &String| {
        let told = Answer::Chosen(value.clone());
        history.iter().any(|operation| operation.answer == told)
    };
    let matters = |operation: &&Operation| match (&operation.answer, &operation.ask) {
        (Answer::Chosen(_) | Answer::Undecided, _) => true,
        (Answer::MayBeDone(_), Ask::Propose(value)) => is_told(value),
        (Answer::MayBeDone(_), Ask::Get) | (Answer::NotDone(_), _) => false,
    };
    let mut ordered: Vec<&Operation> = history.iter().filter(matters).collect();
    let is_open = |operation: &Operation| matches!(operation.answer, Answer::MayBeDone(_));
    // The tester tries low threads first: the order of the answers is most often right.
    ordered.sort_by_key(|operation| (is_open(operation), operation.answered_at));
    let mut events: Vec<(u64, usize, Option<Option<String>>)> = Vec::new();
    for (thread, operation) in ordered.iter().enumerate() {
        events.push((operation.asked_at, thread, None));
        let told = match &operation.answer {
            Answer::Chosen(value) => Some(value.clone()),
            Answer::Undecided => None,
            Answer::MayBeDone(_) | Answer::NotDone(_) => continue,
        };
        events.push((operation.answered_at, thread, Some(told)));
    }
    events.sort_by_key(|(at, _, _)| *at);
    // Each operation is a thread of its own: the tester keeps the order of real time among all.
    let mut tester = LinearizabilityTester::new(Decree::default());
    for (_, thread, told) in events {
        let noted = match told {
            None => tester.on_invoke(thread, ordered[thread].ask.clone()),
            Some(told) => tester.on_return(thread, told),
        };
        noted.expect("each operation is asked once, and then answered once");
    }
    tester.is_consistent()
}

/// What is wrong, by comparing times: first come the reads that found nothing, then the proposal of
/// the value that is told, then all that are told it. Nothing may have ended before something began
/// that comes before it in this order.
pub fn find_contradiction(history: &[Operation]) -> Option<String> {
    let mut told = Vec::new();
    let mut undecided = Vec::new();
    for operation in history {
        match &operation.answer {
            Answer::Chosen(value) => told.push((operation, value)),
            Answer::Undecided if operation.ask == Ask::Get => undecided.push(operation),
            Answer::Undecided => {
                return Some("a proposal is told that nothing is chosen".to_owned());
            }
            Answer::MayBeDone(_) | Answer::NotDone(_) => {}
        }
    }
    let (_, value) = told.first()?;
    if let Some((_, other)) = told.iter().find(|(_, other)| other != value) {
        return Some(format!("two values are told, {value} and {other}"));
    }
    let wanted = Ask::Propose((*value).clone());
    let proposal = history.iter().find(|operation| operation.ask == wanted);
    let Some(proposal) = proposal else {
        return Some(format!("{value} is told, and nobody has proposed it"));
    };
    if let Answer::NotDone(name) = proposal.answer {
        return Some(format!("{value} is told, and its client was told {name}"));
    }
    let is_before = |one: &Operation, other: &Operation| one.answered_at < other.asked_at;
    if told
        .iter()
        .any(|(operation, _)| is_before(operation, proposal))
    {
        return Some(format!("{value} is told before it was proposed"));
    }
    let is_stale = |read: &&Operation| told.iter().any(|(operation, _)| is_before(operation, read));
    let stale = undecided.into_iter().find(is_stale)?;
    Some(format!(
        "after {value} was told, {} is told that nothing is chosen",
        stale.who
    ))
}
