//! Many turns as a table: medians, and how ours compares, turn by turn.

use std::fmt;

use crate::turn::Turn;

/// Whom the others are compared with.
const OURS: &str = "own-1";

/// The turns, in the order in which they were taken.
pub(crate) struct Table {
    turns: Vec<Turn>,
}

impl Table {
    /// Reads turns, one a line.
    ///
    /// # Errors
    /// In words, if a line is no turn, or if two contestants did not explore the same graph.
    pub(crate) fn of(lines: &str) -> Result<Table, String> {
        let turns = lines
            .lines()
            .map(|line| serde_json::from_str(line).map_err(|problem| format!("{problem}: {line}")))
            .collect::<Result<Vec<Turn>, String>>()?;
        for turn in &turns {
            let first = turns.iter().find(|first| first.scenario == turn.scenario);
            if let Some(first) = first.filter(|first| !is_same_graph(first, turn)) {
                return Err(format!(
                    "not the same graph of {}: {} found {} states and generated {}, {} found {} and generated {}",
                    turn.scenario,
                    first.contestant,
                    first.states,
                    first.generated,
                    turn.contestant,
                    turn.states,
                    turn.generated
                ));
            }
        }
        Ok(Table { turns })
    }

    fn names(&self, name: impl Fn(&Turn) -> &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for turn in &self.turns {
            if names.iter().all(|known| known != name(turn)) {
                names.push(name(turn).to_owned());
            }
        }
        names
    }

    fn turns_of<'a>(
        &'a self,
        scenario: &'a str,
        contestant: &'a str,
    ) -> impl Iterator<Item = &'a Turn> {
        self.turns
            .iter()
            .filter(move |turn| turn.scenario == scenario && turn.contestant == contestant)
    }
}

/// Whether two contestants have explored the same graph, as far as counts can tell. The actors of
/// stateright take steps that change nothing for transitions, so theirs are not compared.
fn is_same_graph(one: &Turn, other: &Turn) -> bool {
    let counts_more = |turn: &Turn| turn.contestant.starts_with("actors");
    one.states == other.states
        && (one.generated == other.generated || counts_more(one) || counts_more(other))
}

impl Turn {
    fn states_a_second(&self) -> f64 {
        self.states as f64 / self.seconds
    }

    fn generated_a_second(&self) -> f64 {
        self.generated as f64 / self.seconds
    }

    fn bytes_a_state(&self) -> f64 {
        self.peak_bytes as f64 / self.states as f64
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for scenario in self.names(|turn| &turn.scenario) {
            let of = |contestant: &str, figure: fn(&Turn) -> f64| -> Vec<f64> {
                self.turns_of(&scenario, contestant).map(figure).collect()
            };
            let first = self.turns.iter().find(|turn| turn.scenario == scenario);
            let (states, generated) = first.map_or((0, 0), |turn| (turn.states, turn.generated));
            writeln!(f, "{scenario}: {states} states, {generated} generated")?;
            writeln!(
                f,
                "  {:<16} {:>12} {:>13} {:>13} {:>11} {:>11}",
                "(medians)", "states/s", "generated/s", "bytes/state", "speed ratio", "bytes ratio"
            )?;
            for contestant in self.names(|turn| &turn.contestant) {
                let rates = of(&contestant, Turn::states_a_second);
                if rates.is_empty() {
                    continue;
                }
                let bytes = of(&contestant, Turn::bytes_a_state);
                writeln!(
                    f,
                    "  {:<16} {:>12.0} {:>13.0} {:>13.1} {:>11} {:>11}",
                    contestant,
                    median(rates.clone()),
                    median(of(&contestant, Turn::generated_a_second)),
                    median(bytes.clone()),
                    ratio(&of(OURS, Turn::states_a_second), &rates),
                    ratio(&of(OURS, Turn::bytes_a_state), &bytes),
                )?;
            }
            writeln!(f)?;
        }
        write!(
            f,
            "Ratios are {OURS} over the contestant, round by round: a speed ratio above 1 is faster, a \
             bytes ratio below 1 is smaller."
        )
    }
}

/// The median of the ratios of turns in the same round; nothing if the turns are not pairs.
fn ratio(ours: &[f64], theirs: &[f64]) -> String {
    if ours.len() != theirs.len() || ours.is_empty() {
        return String::new();
    }
    let pairs = ours.iter().zip(theirs);
    format!(
        "{:.2}",
        median(pairs.map(|(our, their)| our / their).collect())
    )
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(contestant: &str, states: u64, seconds: f64) -> String {
        format!(
            r#"{{"contestant":"{contestant}","scenario":"x","states":{states},"generated":9,"seconds":{seconds},"peak_bytes":64}}"#
        )
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let lines = [
            line("own-1", 4, 1.0),
            line("spin", 4, 2.0),
            line("own-1", 4, 10.0),
            line("spin", 4, 30.0),
            line("own-1", 4, 1.0),
            line("spin", 4, 4.0),
        ];
        let table = Table::of(&lines.join("\n")).expect("they are the same graph");
        let text = table.to_string();
        let spin = text.lines().find(|line| line.contains("spin"));
        assert_eq!(
            spin.expect("it took part")
                .split_whitespace()
                .collect::<Vec<_>>(),
            ["spin", "1", "2", "16.0", "3.00", "1.00"]
        );
    }

    #[test]
    fn another_graph_is_noticed() {
        let lines = [line("own-1", 4, 1.0), line("spin", 5, 1.0)].join("\n");
        let problem = Table::of(&lines).err().expect("the counts differ");
        assert!(problem.contains("own-1 found 4 states and generated 9, spin found 5"));
    }

    #[test]
    fn of_an_even_number_the_median_lies_between() {
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }
}
