//! The state space of a scenario in figures: how many states at which depth, what happens how often.

use checker::{Reduction, Reductions};
use maud::{Markup, html};
use model::Kind;

use super::plot::{Bars, share};
use super::ways::wide;
use crate::Answer;
use crate::words::{self, number};

/// How many states there would be with fewer reductions, as far as that is known.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    /// With none.
    pub unreduced: Option<u64>,
    /// With one of them alone. Empty: not counted.
    pub alone: Vec<(Reduction, u64)>,
}

/// Everything that was counted.
pub(super) fn section(answer: &Answer, sizes: &Sizes) -> Markup {
    html! {
        p {
            (number(answer.unique)) " states, " (number(answer.generated)) " transitions, depth "
            (answer.depth) ". " (words::collisions(answer)) "."
        }
        (reductions(answer, sizes))
        @if !answer.levels.is_empty() { (levels(answer)) }
        @if !answer.out_degrees.is_empty() { (out_degrees(answer)) }
        @if !answer.kinds.is_empty() { (kinds(answer)) }
    }
}

/// What the reductions save, all together and each alone.
fn reductions(answer: &Answer, sizes: &Sizes) -> Markup {
    let on = answer.reductions.in_words();
    let alone = sizes.alone.iter();
    let alone = alone.map(|(reduction, states)| (format!("{reduction} alone"), *states));
    let all = sizes.unreduced.map(|states| ("none".to_owned(), states));
    let others: Vec<(String, u64)> = all.into_iter().chain(alone).collect();
    let table = html! {
        table.mix {
            thead { tr {
                th scope="col" { "Reductions" } th.number scope="col" { "States" } th.number scope="col" { "Times as many" }
            } }
            tbody {
                @for (name, states) in &others { tr {
                    th scope="row" { (name) }
                    td.number { (number(*states)) } td.number { (ratio(*states, answer.unique)) }
                } }
                tr {
                    th scope="row" { (on) } td.number { (number(answer.unique)) } td.number { "1.00" }
                }
            }
        }
    };
    html! {
        @if others.is_empty() || answer.reductions == Reductions::NONE {
            p { "Reductions: " (on) "." }
        } @else {
            p {
                "Reductions: " (on) ". How many states there are without them is what the scenario expects; "
                code { "paxos check --cross-check" } " counts again."
            }
            (wide("What the reductions save", &table))
        }
    }
}

fn levels(answer: &Answer) -> Markup {
    let bars = Bars {
        id: "by-depth",
        title: "States by depth",
        across: "depth, in steps from the start",
        what: "states",
        at: |depth| format!("at depth {depth}"),
        counts: &answer.levels,
    };
    let levels = &answer.levels;
    let table = html! {
        table {
            thead { tr {
                th.number scope="col" { "Depth" } th.number scope="col" { "States" }
                th.number scope="col" { "Times those before" }
            } }
            tbody { @for (depth, count) in levels.iter().enumerate() { tr {
                th.number scope="row" { (depth) } td.number { (number(*count)) }
                td.number {
                    @if depth > 0 { (ratio(*count, levels[depth - 1])) } @else { "–" }
                }
            } } }
        }
    };
    bars.figure(&table)
}

/// With two digits behind the point.
fn ratio(this: u64, other: u64) -> String {
    let hundredths = (u128::from(this) * 200 / u128::from(other.max(1))).div_ceil(2);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn out_degrees(answer: &Answer) -> Markup {
    let counts = &answer.out_degrees;
    let bars = Bars {
        id: "by-out-degree",
        title: "States by what can happen next",
        across: "transitions out of a state",
        what: "states",
        at: |degree| {
            format!(
                "with {} out of them",
                words::counted(degree as u64, "transition", "transitions")
            )
        },
        counts,
    };
    let (states, all) = counts
        .iter()
        .zip(0_u64..)
        .fold((0, 0), |sum, (count, degree)| {
            (sum.0 + count, sum.1 + count * degree)
        });
    let table = html! {
        p {
            "On average " (ratio(all, states)) " transitions leave a state; what changes nothing is not one, and what a \
             reduction puts off is not counted."
        }
        table {
            thead { tr { th.number scope="col" { "Transitions" } th.number scope="col" { "States" } } }
            tbody { @for (degree, count) in counts.iter().enumerate() { tr {
                th.number scope="row" { (degree) } td.number { (number(*count)) }
            } } }
        }
    };
    bars.figure(&table)
}

fn kinds(answer: &Answer) -> Markup {
    let counted = || Kind::ALL.iter().map(|kind| (kind, answer.count(*kind)));
    let most = counted().map(|(_, count)| count).max().unwrap_or(0);
    let table = html! {
        table.mix {
            thead { tr {
                th scope="col" { "What" } th.number scope="col" { "How often" } th scope="col" { "Beside the others" }
                th scope="col" { "Meaning" }
            } }
            tbody { @for (kind, count) in counted().filter(|(_, count)| *count > 0) { tr {
                th scope="row" { (kind.name()) }
                td.number { (number(count)) }
                td { span.bar style={ "width:" (share(count, most)) "%" } {} }
                td.quiet { (kind.meaning()) }
            } } }
        }
    };
    html! {
        h3 #mix { "What happens" }
        p {
            "Transitions of each kind; of messages that are ignored, in how many states one could arrive and change \
             nothing."
        }
        (wide("What happens, and how often", &table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_rounded_to_the_nearest() {
        assert_eq!(ratio(1, 3), "0.33");
        assert_eq!(ratio(2, 3), "0.67");
        assert_eq!(ratio(7, 0), "7.00");
    }
}
