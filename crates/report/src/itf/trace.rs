//! A saved path, read back.

use std::sync::Arc;

use model::properties::{ANNOUNCED, DECIDES, Known};
use model::{
    Action, Ask, Bounds, Endless, Expect, Mutant, Placement, Protocol, ReadAsk, Scenario, State,
    World,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stateright::{Model as _, Path};

use super::action::ActionRecord;
use super::difference::normal;
use super::state::Besides;
use super::{KEY, Replayed, SCHEMA, TraceError};

/// A saved path: what it was found in, what it shows, and every state of it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The name of the scenario.
    pub scenario: String,
    /// The one thing done wrong.
    pub mutant: Option<Mutant>,
    /// The property.
    pub property: &'static Known,
    /// What its last state shows.
    pub shows: Shows,
    /// What is to come of it when it is replayed.
    pub expect: Fate,
    /// After how many steps the part begins that goes on for ever, where the property is that something is decided; nothing
    /// more has to happen if that is after all.
    pub stem: Option<usize>,
    /// The title of the scenario; its name where the trace has none.
    title: String,
    /// All that the worlds of the scenario depend on.
    pub(super) settings: Value,
    /// The variables of the first state.
    pub(super) start: Map<String, Value>,
    /// What was done, and the variables afterwards.
    pub(super) steps: Vec<(Action, Map<String, Value>)>,
}

/// What a path shows of its property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shows {
    /// It is false in the last state, and should be true in all.
    Violated,
    /// It is true in the last state.
    Witnessed,
}

/// What is to come of a saved trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It shows again what it showed.
    Breaks,
    /// It does not: a step can no longer be taken, or all can and the property is as it should be.
    Mended,
}

/// What a trace's `#meta` says of how to replay it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recipe {
    pub(super) schema: u64,
    pub(super) scenario: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    pub(super) settings: Value,
    /// The rules by name; said already by the settings.
    pub(super) rules: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mutant: Option<String>,
    pub(super) property: String,
    pub(super) verdict: Shows,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stem: Option<usize>,
    pub(super) expect: Fate,
}

/// All that the worlds of a scenario depend on, as [`settings`] writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    cluster: Placement,
    protocol: Protocol,
    world: Bounds,
    endless: Option<Endless>,
    ask: Vec<Ask>,
    #[serde(default)]
    read: Vec<ReadAsk>,
}

impl Trace {
    /// Reads a trace as [`itf`](super::itf) writes it. Other programs may have written it again: it does
    /// not matter how.
    ///
    /// # Errors
    /// If it is no trace of ours, is of another schema, or names a mutant or a property that is none.
    pub fn parse(text: &str) -> Result<Trace, TraceError> {
        let value: Value = serde_json::from_str(text).map_err(|source| match source.is_eof() {
            true => TraceError::Cut(source),
            false => TraceError::NotJson(source),
        })?;
        let recipe = recipe(&value)?;
        let mutant = match &recipe.mutant {
            None => None,
            Some(name) => {
                let known = name.parse::<Mutant>();
                Some(known.map_err(|_| TraceError::UnknownMutant(name.clone()))?)
            }
        };
        let property = Known::named(&recipe.property)
            .ok_or_else(|| TraceError::UnknownProperty(recipe.property.clone()))?;
        let fits = match recipe.verdict {
            Shows::Violated => property.is_invariant(),
            Shows::Witnessed => !property.is_invariant(),
        };
        if !fits {
            let problem = format!(
                "its verdict does not go with the property `{}`: invariants are `violated`, all \
                 others `witnessed`",
                property.name
            );
            return Err(TraceError::Meta(problem));
        }
        let is_endless = recipe.settings.get("endless").is_some();
        let besides = Besides {
            is_endless,
            has_reads: recipe.settings.get("read").is_some(),
        };
        let (start, steps) = states(&value, besides)?;
        let (has_round, name) = (property.is_of_paths(), property.name);
        match recipe.stem {
            _ if has_round && !is_endless => {
                let problem = format!(
                    "`{name}` is judged where rounds never end, but its `settings` have no \
                     `endless`"
                );
                return Err(TraceError::Meta(problem));
            }
            Some(stem) if has_round && stem > steps.len() => {
                let all = steps.len();
                let problem = format!("`stem` is {stem}, but it has no more than {all} steps");
                return Err(TraceError::Meta(problem));
            }
            Some(_) if !has_round => {
                let problem = format!(
                    "`stem` goes with `{DECIDES}` and `{ANNOUNCED}`, which paths for ever break, not \
                     with `{name}`"
                );
                return Err(TraceError::Meta(problem));
            }
            None if has_round => {
                let problem = format!(
                    "`stem` is missing: after how many steps that goes on for ever which shows \
                     that `{name}` is violated"
                );
                return Err(TraceError::Meta(problem));
            }
            Some(_) | None => {}
        }
        Ok(Trace {
            title: recipe.title.unwrap_or_else(|| recipe.scenario.clone()),
            scenario: recipe.scenario,
            mutant,
            property,
            shows: recipe.verdict,
            expect: recipe.expect,
            stem: recipe.stem,
            settings: recipe.settings,
            start,
            steps,
        })
    }

    /// The world that the trace was found in, as far as it depends on its scenario, with its mutant: from what the trace
    /// carries alone.
    ///
    /// # Errors
    /// If its settings make no scenario.
    pub fn world(&self) -> Result<World, TraceError> {
        let world = World::new(Arc::new(self.scenario()?)).map_err(TraceError::Settings)?;
        Ok(match self.mutant {
            Some(mutant) => world.with_mutant(mutant),
            None => world,
        })
    }

    /// The scenario by the trace's settings. Nothing is expected of it.
    pub(super) fn scenario(&self) -> Result<Scenario, TraceError> {
        let settings = Settings::deserialize(&self.settings)
            .map_err(|source| TraceError::Settings(source.to_string()))?;
        let Settings {
            cluster,
            protocol,
            world,
            endless,
            ask,
            read,
        } = settings;
        let scenario = Scenario {
            name: self.scenario.clone(),
            title: self.title.clone(),
            about: String::new(),
            tags: Vec::new(),
            cluster,
            protocol,
            world,
            endless,
            ask,
            read,
            expect: Expect::default(),
        };
        scenario.validate().map_err(TraceError::Settings)?;
        Ok(scenario)
    }

    /// How many steps it has.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The steps that could be taken when it was replayed in `world`, as a path through that.
    pub fn walked(&self, world: &World, replayed: &Replayed) -> Path<State, Action> {
        let taken = match replayed {
            Replayed::Breaks { steps, .. } => *steps,
            Replayed::Mended { .. } | Replayed::Unknown { .. } => self.steps.len(),
            Replayed::Obsolete { step, .. } => step.saturating_sub(1),
        };
        self.path(world, taken)
    }

    /// The path of so many steps, all of which were taken when it was replayed.
    pub(super) fn path(&self, world: &World, steps: usize) -> Path<State, Action> {
        let actions: Vec<Action> = self.steps.iter().map(|(action, _)| *action).collect();
        let start = world.init_states().remove(0);
        let path = Path::from_actions(world, start, &actions[..steps]);
        path.expect("these steps were taken when it was replayed")
    }
}

impl Shows {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Shows::Violated => "violated",
            Shows::Witnessed => "witnessed",
        }
    }
}

impl Fate {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Breaks => "breaks",
            Fate::Mended => "mended",
        }
    }
}

/// All that the worlds of a scenario depend on, as a trace has it.
pub(super) fn settings(scenario: &Scenario) -> Result<Value, serde_json::Error> {
    let mut settings = Map::new();
    settings.insert("cluster".into(), serde_json::to_value(scenario.cluster)?);
    settings.insert("protocol".into(), serde_json::to_value(&scenario.protocol)?);
    settings.insert("world".into(), serde_json::to_value(&scenario.world)?);
    settings.insert("ask".into(), serde_json::to_value(&scenario.ask)?);
    if let Some(endless) = &scenario.endless {
        settings.insert("endless".into(), serde_json::to_value(endless)?);
    }
    if !scenario.read.is_empty() {
        settings.insert("read".into(), serde_json::to_value(&scenario.read)?);
    }
    Ok(Value::Object(settings))
}

fn recipe(value: &Value) -> Result<Recipe, TraceError> {
    if !value.is_object() {
        return Err(TraceError::NotItf("this is no JSON object"));
    }
    if !value.get("states").is_some_and(Value::is_array) {
        return Err(TraceError::NotItf("this has no list `states`"));
    }
    let ours = value.get("#meta").and_then(|meta| meta.get(KEY));
    let ours = ours.ok_or(TraceError::OtherModel)?;
    let schema = ours.get("schema");
    if schema.and_then(Value::as_u64) != Some(SCHEMA) {
        let found = schema.map_or("none".to_owned(), Value::to_string);
        return Err(TraceError::OtherSchema { found });
    }
    Recipe::deserialize(ours).map_err(|source| TraceError::Meta(source.to_string()))
}

type Variables = Map<String, Value>;

fn states(
    value: &Value,
    besides: Besides,
) -> Result<(Variables, Vec<(Action, Variables)>), TraceError> {
    let named = value.get("vars").and_then(Value::as_array);
    let named = named.ok_or(TraceError::NotItf("this has no list `vars`"))?;
    let names: Vec<&str> = named.iter().filter_map(Value::as_str).collect();
    let expected: Vec<&str> = besides.variables().collect();
    if names != expected {
        let found = match names.as_slice() {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        let expected = expected.join(", ");
        return Err(TraceError::Variables { expected, found });
    }
    let list = value.get("states").and_then(Value::as_array);
    let mut start = None;
    let mut steps = Vec::new();
    for (index, state) in list.into_iter().flatten().enumerate() {
        let bad = |problem: String| TraceError::State { index, problem };
        let variables = those_of(state, &expected).map_err(bad)?;
        let record = ActionRecord::deserialize(&variables["action"])
            .map_err(|source| bad(format!("its action is none of ours: {source}")))?;
        match (index, record.action()) {
            (0, None) => start = Some(variables),
            (0, Some(action)) => {
                return Err(bad(format!(
                    "the first one follows on Init, not on `{action}`"
                )));
            }
            (_, None) => return Err(bad("only the first one follows on Init".to_owned())),
            (_, Some(action)) => steps.push((action, variables)),
        }
    }
    Ok((start.ok_or(TraceError::NoStates)?, steps))
}

/// The variables of a state, each of them there.
fn those_of(state: &Value, expected: &[&str]) -> Result<Variables, String> {
    let fields = state
        .as_object()
        .ok_or_else(|| format!("expected an object, found {state}"))?;
    let mut variables = Map::new();
    for name in expected {
        let value = fields.get(*name);
        let value = value.ok_or_else(|| format!("the variable `{name}` is missing"))?;
        variables.insert((*name).to_owned(), normal(value.clone()));
    }
    Ok(variables)
}
