//! The run of one decree, told like a counterexample: a diagram, and a line an event.

use model::{Action, Letter, State, World};
use node::journal::Entry;
use node::{Key, Value};
use stateright::{Model as _, Path};

use crate::imagine::{Unfit, imagine};
use crate::judge::judge;
use crate::{Conformance, text};

/// The run of a decree, up to the first divergence if there is one.
#[derive(Clone, Debug)]
pub struct Told {
    /// The world it is a run of.
    pub world: World,
    /// The run.
    pub path: Path<State, Action>,
    /// What the letters stand for.
    pub values: Vec<(Letter, Value)>,
    /// The run as a space-time diagram, a whole SVG.
    pub svg: String,
    /// The run, one line an event.
    pub lines: Vec<String>,
    /// What hosts did beside the protocol, each with its place: decisions learnt from peers, answers.
    pub beside: Vec<String>,
}

/// Why the run of a decree cannot be told.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Untold {
    /// It is in no journal.
    #[error("no journal knows decree {0}; its key is written as in the journal")]
    Unknown(Key),
    /// It is no run of the model.
    #[error("decree {key} cannot be drawn: {why}")]
    Unfit {
        /// Which decree.
        key: Key,
        /// Why.
        why: Unfit,
    },
}

impl Conformance {
    /// The run of one decree.
    ///
    /// # Errors
    /// If it is in no journal, or does not fit into the model.
    pub fn tell(&self, key: &Key) -> Result<Told, Untold> {
        let unknown = || Untold::Unknown(key.clone());
        let id = self.all.keys.iter().position(|known| known == key);
        let id = id.ok_or_else(unknown)?;
        let decree = &self.merged.facts.decrees[id];
        let unfit = |why| Untold::Unfit {
            key: key.clone(),
            why,
        };
        let (rules, fates) = (self.merged.facts.rules, &self.merged.fates);
        let imagined = imagine(&self.all, rules, fates, id as u32, decree).map_err(unfit)?;
        let judged = judge(&imagined).map_err(unfit)?;
        let world = imagined.world;
        let init = world.init_states().pop().ok_or_else(unknown)?;
        let path = Path::from_actions(&world, init, &judged.actions).ok_or_else(unknown)?;
        let letters = (0..Letter::LIMIT).filter_map(Letter::new);
        Ok(Told {
            values: letters.zip(imagined.values).collect(),
            svg: report::diagram(&world, &path),
            lines: report::lines(&world, &path),
            beside: self.beside(id),
            path,
            world,
        })
    }

    /// What the world has no words for.
    fn beside(&self, id: usize) -> Vec<String> {
        let events = &self.merged.facts.decrees[id].events;
        let told = events.iter().filter_map(|event| {
            let node = self.all.journals[usize::from(event.spot.journal)].node;
            let what = match self.all.entry(event.spot) {
                Entry::Learn { from, value, .. } => {
                    format!("{node} learns {} from {from}", text::value(value))
                }
                Entry::Answer {
                    request, chosen, ..
                } => match chosen {
                    Some(value) => format!("{node} answers {request}: {}", text::value(value)),
                    None => format!("{node} answers {request}: nothing is chosen"),
                },
                Entry::Start(_)
                | Entry::Continue(_)
                | Entry::InMemory { .. }
                | Entry::Load { .. }
                | Entry::Handle { .. }
                | Entry::Saved
                | Entry::Unload { .. }
                | Entry::Stop => return None,
            };
            Some(format!("{}: {what}", self.all.place(event.spot)))
        });
        told.collect()
    }
}
