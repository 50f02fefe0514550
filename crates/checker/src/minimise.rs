//! From a walk that violates a property to one from which nothing can be left out.

use std::sync::atomic::{AtomicBool, Ordering};

use stateright::{Model, Property};

use crate::error::Error;
use crate::walk::Walk;

/// How much may be done to make a walk shorter.
#[derive(Clone, Copy, Debug)]
pub struct Effort<'a> {
    /// States expanded, all tries together. The try that gets there is the last.
    pub steps_max: u64,
    /// Set to `true` by anyone (a signal handler) to be content with what there is.
    pub interrupt: &'a AtomicBool,
}

/// A walk after what could be left out was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minimised<A> {
    /// The walk, up to the first state that settles the property.
    pub walk: Walk<A>,
    /// Whether none of its actions can be left out. If not, the effort was spent before that was known.
    pub is_minimal: bool,
    /// How many walks were tried.
    pub tries: u64,
}

/// Leaves out of a walk what the property can be settled without, until no single action can be left out:
/// delta debugging ("Simplifying and Isolating Failure-Inducing Input", Zeller and Hildebrandt, 2002)
/// by complements.
///
/// What is left is tried from the initial state. An action that is not possible any more, because what it
/// rests on was left out, is skipped: so a message goes together with all that came of it. Nothing but
/// leaving out is tried, so the result need not be as short as
/// [`explore`](crate::explore) would find. The same walk always gives the same result, if the effort suffices.
///
/// # Errors
///
/// [`Error::UnknownProperty`], and [`Error::ModelNotDeterministic`] if the walk as it is does not settle the
/// property.
pub fn minimise<M>(
    model: &M,
    property: &'static str,
    walk: &Walk<M::Action>,
    effort: Effort<'_>,
) -> Result<Minimised<M::Action>, Error>
where
    M: Model,
    M::Action: Clone + PartialEq,
{
    let properties = model.properties();
    let property = properties
        .iter()
        .find(|known| known.name == property)
        .ok_or(Error::UnknownProperty(property))?;
    let steps = walk.actions.len();
    let mut work = Work {
        model,
        property,
        effort,
        walk: Walk {
            initial: walk.initial,
            actions: Vec::new(),
        },
        tries: 0,
        expanded: 0,
    };
    if !work.has_settled(walk) {
        return Err(Error::ModelNotDeterministic {
            property: property.name,
            step: steps,
            steps,
        });
    }
    let is_minimal = work.leave_out();
    Ok(Minimised {
        walk: work.walk,
        is_minimal,
        tries: work.tries,
    })
}

struct Work<'a, M: Model> {
    model: &'a M,
    property: &'a Property<M>,
    effort: Effort<'a>,
    /// The shortest walk so far.
    walk: Walk<M::Action>,
    tries: u64,
    /// States expanded, all tries together.
    expanded: u64,
}

impl<M> Work<'_, M>
where
    M: Model,
    M::Action: Clone + PartialEq,
{
    /// Leaves out ever smaller pieces, and single actions until none can be left out. Whether it came to
    /// that.
    fn leave_out(&mut self) -> bool {
        let mut length = self.walk.actions.len().div_ceil(2).max(1);
        loop {
            let mut has_changed = false;
            let mut from = 0;
            while from < self.walk.actions.len() {
                if self.is_spent() {
                    return false;
                }
                match self.has_settled(&self.without(from, length)) {
                    true => has_changed = true,
                    false => from += length,
                }
            }
            if length == 1 && !has_changed {
                return true;
            }
            length = (length / 2).max(1);
        }
    }

    /// The walk without so many actions from this one on.
    fn without(&self, from: usize, length: usize) -> Walk<M::Action> {
        let actions = &self.walk.actions;
        let after = actions.len().min(from + length);
        Walk {
            initial: self.walk.initial,
            actions: [&actions[..from], &actions[after..]].concat(),
        }
    }

    /// Tries a walk and keeps what was gone of it, if that settles the property.
    fn has_settled(&mut self, walk: &Walk<M::Action>) -> bool {
        self.tries += 1;
        let gone = walk.retrace(self.model, self.property, &mut self.expanded);
        let has_settled = gone.is_some();
        if let Some(gone) = gone {
            self.walk = gone;
        }
        has_settled
    }

    fn is_spent(&self) -> bool {
        self.expanded >= self.effort.steps_max || self.effort.interrupt.load(Ordering::Relaxed)
    }
}
