//! One path as it is told on a page: picture, steps, states, and how to see it again.

use maud::{Markup, PreEscaped, html};
use model::Mutant;
use stateright::Path;

use super::states;
use super::ways::{explorer, wide};
use crate::markdown::capital;
use crate::{Answer, Error, Judged, Tail, itf, lines};

/// A path that was found, with all that is told of it.
pub(super) struct Story<'a> {
    answer: &'a Answer,
    judged: &'a Judged,
}

/// The trace of a path for machines, with its name; nothing if there is none.
pub(super) fn trace_file(
    answer: &Answer,
    judged: &Judged,
) -> Result<Option<(String, String)>, Error> {
    Ok(itf(answer, judged)?.map(|text| (trace_name(answer, judged), text)))
}

fn trace_name(answer: &Answer, judged: &Judged) -> String {
    let mutant = answer.world.rules().mutant;
    let mutant = mutant.map_or(String::new(), |mutant| format!(".{mutant}"));
    let scenario = &answer.scenario().name;
    format!("traces/{scenario}.{}{mutant}.itf.json", judged.property)
}

impl<'a> Story<'a> {
    pub(super) fn of(answer: &'a Answer, judged: &'a Judged) -> Story<'a> {
        Story { answer, judged }
    }

    /// The section of a page. `top` leads from the page to the top of the site.
    pub(super) fn section(&self, top: &str) -> Markup {
        let Story { answer, judged } = self;
        let property = judged.property;
        html! {
            section {
                h2 id=(property) { (property) ": " (judged.told()) }
                p { (capital(judged.reason())) "." }
                @if let Some(why) = judged.why(&answer.world) {
                    h3 { "Why it broke" }
                    ul.why { @for sentence in &why.sentences { li { (sentence) } } }
                }
                @if let Some(drawn) = judged.diagram(&answer.world) {
                    (wide(&format!("Diagram: {property}"), &PreEscaped(drawn)))
                }
                h3 { "Step by step" }
                p.quiet { "Each step opens to the world after it, with what it took away (−) and added (+)." }
                (self.steps())
                h3 { "See it again" }
                (self.again(top))
            }
        }
    }

    /// A line a step, each with the states before and after; and lines between that are none.
    fn steps(&self) -> Markup {
        let (world, judged) = (&self.answer.world, self.judged);
        let told = judged.lines(world).unwrap_or_default();
        let path = judged.verdict.path();
        let alone = path.map_or(Vec::new(), |path| lines(world, path));
        let after = path.map_or(Vec::new(), |path| path.clone().into_states());
        let mut steps = alone.iter().zip(after.windows(2)).peekable();
        html! {
            ul.steps {
                @for line in &told {
                    @match steps.next_if(|(step, _)| *step == line) {
                        Some((_, pair)) => li {
                            details {
                                summary { (line) }
                                (states::change(&pair[0], &pair[1]))
                            }
                        },
                        None => li.note { (line) },
                    }
                }
            }
        }
    }

    /// The commands, the trace and the links that show the path again.
    fn again(&self, top: &str) -> Markup {
        let (answer, judged) = (self.answer, self.judged);
        let scenario = &answer.scenario().name;
        let mutant = answer.world.rules().mutant.map(Mutant::name);
        let fault = mutant.map_or(String::new(), |name| format!(" --mutant {name}"));
        let trace = trace_name(answer, judged);
        html! {
            dl.again {
                dt { "Found by" }
                @if judged.tail == Some(Tail::Helpless) {
                    // It is asked of whole suites alone.
                    dd { code { "paxos check" } ", and by " code { "paxos explore " (scenario) (fault) " --at " (judged.property) } }
                } @else {
                    dd { code { "paxos check " (scenario) (fault) } }
                }
                dt { "For machines" }
                dd { a href={ (top) (trace) } { "the trace in the Informal Trace Format" } }
                dt { "In the explorer" }
                dd {
                    "start " code { "paxos explore " (scenario) (fault) " --at " (judged.property) }
                    ", then open "
                    @for (index, (text, link)) in self.links().into_iter().enumerate() {
                        @if index > 0 { " or " }
                        a href=(link) { (text) }
                    }
                }
            }
        }
    }

    /// Links into the explorer, with what they lead to.
    fn links(&self) -> Vec<(&'static str, String)> {
        let world = &self.answer.world;
        let Some(path) = self.judged.verdict.path() else {
            return Vec::new();
        };
        let whole = explorer(world, path);
        let Some(stem) = self.judged.tail.as_ref().and_then(Tail::stem) else {
            return vec![("its last state", whole)];
        };
        let states = path.clone().into_states();
        let actions = path.clone().into_actions();
        let start = states.into_iter().next();
        let start = start.and_then(|start| Path::from_actions(&**world, start, &actions[..stem]));
        match start.filter(|_| stem < actions.len()) {
            Some(start) => vec![
                ("where the round begins", explorer(world, &start)),
                ("the same after one round", whole),
            ],
            None => vec![("where it stays for ever", whole)],
        }
    }
}
