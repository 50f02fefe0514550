//! All that is to be drawn, without a place yet.

use model::{Action, Event as Occurs, Happening, Point, ReadStep, State, World};
use paxos::NodeId;
use stateright::Path;

use super::build::Builder;
use super::fates::Fates;
use super::fold;
use super::item::Row;
use super::{Apart, Telling};
use crate::conflict::{Conflict, conflict};
use crate::quorums::quorums;
use crate::through::through;

/// All that is to be drawn, without a place yet.
pub(super) struct Chart {
    /// What this world is.
    pub(super) title: String,
    /// What this story shows, if it is told for that.
    pub(super) shows: Option<String>,
    /// The deliberate fault, if there is one.
    pub(super) fault: Option<String>,
    /// How agreement broke, if it did.
    pub(super) conflict: Option<Conflict>,
    /// Whether the last step, or what goes on for ever, is what must not be.
    pub(super) is_violation: bool,
    /// From left to right.
    pub(super) lanes: Vec<Lane>,
    /// From top to bottom.
    pub(super) rows: Vec<Row>,
    /// How many steps there are.
    pub(super) steps: usize,
    /// From which row on it goes on for ever; as many as there are rows if nothing more has to happen.
    pub(super) round: Option<usize>,
}

/// A line of a node, or of all clients.
pub(super) struct Lane {
    /// Who.
    pub(super) name: String,
    /// The roles played; empty for the clients' lane.
    pub(super) roles: String,
    /// Whether it never runs.
    pub(super) down: bool,
    /// Whether it is in quorums that should have kept the second value from being chosen.
    pub(super) is_decisive: bool,
}

/// Lanes side by side that play the same roles.
pub(super) struct Group {
    /// The roles, in the plural if there are more lanes than one.
    pub(super) name: String,
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Chart {
    pub(super) fn new(
        world: &World,
        path: &Path<State, Action>,
        telling: &Telling,
        apart: Option<&Apart<'_>>,
    ) -> Chart {
        let states = path.clone().into_states();
        let story = model::story(world, path);
        let quorums = quorums(world, path);
        let conflict = conflict(&quorums);
        let last = apart.map(|apart| apart.action);
        let clients = story
            .iter()
            .map(|happening: &Happening| happening.action)
            .chain(last)
            .any(is_of_clients);
        let mut builder = Builder::new(world, usize::from(clients), through(world, &quorums));
        for (happening, states) in story.iter().zip(states.windows(2)) {
            builder.step(happening, &states[0], &states[1]);
        }
        let forked = apart.zip(states.last());
        let forked = forked.map(|(apart, before)| builder.fork(before, apart));
        let mut rows = builder.finish(&Fates::new(world, path, telling));
        rows.extend(forked.into_iter().flatten());
        let steps = rows.last().map_or(0, |row| *row.steps.end());
        let (rows, round) = fold::fold(rows, telling.round(), usize::from(clients));
        Chart {
            title: world.scenario().title.clone(),
            shows: telling.shows.clone(),
            fault: world.rules().mutant.map(|mutant| {
                let fault = mutant.fault().trim();
                format!("With a deliberate fault, {mutant}: {fault}")
            }),
            is_violation: telling.is_violation.unwrap_or(conflict.is_some()),
            lanes: lanes(world, clients, conflict.as_ref()),
            conflict,
            rows,
            steps,
            round,
        }
    }

    /// The lane of a node.
    pub(super) fn lane(&self, node: NodeId) -> usize {
        usize::from(self.has_clients()) + node.index()
    }

    /// Whether the first lane is the clients'.
    pub(super) fn has_clients(&self) -> bool {
        self.lanes.first().is_some_and(Lane::is_clients)
    }

    /// Whether a row is the step that the path leads to; there is none where it goes on for ever.
    pub(super) fn is_last(&self, row: &Row) -> bool {
        *row.steps.end() == self.steps && self.round.is_none()
    }

    /// Whether a row is the step that must not be.
    pub(super) fn is_end(&self, row: &Row) -> bool {
        self.is_violation && self.is_last(row)
    }

    /// The lanes that play the same roles, side by side.
    pub(super) fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (index, lane) in self.lanes.iter().enumerate() {
            if lane.is_clients() {
                continue;
            }
            match groups.last_mut().filter(|group| group.name == lane.roles) {
                Some(group) => group.last = index,
                None => groups.push(Group {
                    name: lane.roles.clone(),
                    first: index,
                    last: index,
                }),
            }
        }
        for group in groups.iter_mut().filter(|group| group.first < group.last) {
            group.name = group.name.replace(", ", "s, ") + "s";
        }
        groups
    }

    /// The picture in a line.
    pub(super) fn headline(&self) -> String {
        let steps = crate::words::counted(self.steps as u64, "step", "steps");
        let shows = self.shows.clone().unwrap_or(steps);
        format!("{}: {shows}", self.title)
    }
}

impl Lane {
    fn is_clients(&self) -> bool {
        self.name == CLIENTS
    }
}

const CLIENTS: &str = "clients";

/// Whether something happens between a client and a node.
fn is_of_clients(action: Action) -> bool {
    match action {
        Action::Step(event) | Action::Torn { event, .. } => matches!(event, Occurs::Ask { .. }),
        Action::Fail { at, .. } => matches!(at, Point::Ask(_) | Point::Reply(..)),
        Action::Read { step, .. } => step == ReadStep::Ask,
        Action::Answer { .. } | Action::GiveUp(_) => true,
        Action::Crash(_)
        | Action::Lose(_)
        | Action::Repeat(_)
        | Action::Stop(_)
        | Action::Settle => false,
    }
}

fn lanes(world: &World, clients: bool, conflict: Option<&Conflict>) -> Vec<Lane> {
    let cluster = world.cluster();
    let down = &world.scenario().world.down;
    let clients = clients.then(|| Lane {
        name: CLIENTS.to_owned(),
        roles: String::new(),
        down: false,
        is_decisive: false,
    });
    let roles = |node: NodeId| -> String {
        let roles = [
            ("proposer", cluster.proposers()),
            ("acceptor", cluster.acceptors()),
            ("learner", cluster.learners()),
        ];
        let own = roles.iter().filter(|(_, nodes)| nodes.contains(node));
        let own: Vec<&str> = own.map(|(name, _)| *name).collect();
        match own.len() == roles.len() {
            true => "server".to_owned(),
            false => own.join(", "),
        }
    };
    let nodes = cluster.nodes().iter().map(|node| Lane {
        name: node.to_string(),
        roles: roles(node),
        down: down.contains(&node.index()),
        is_decisive: conflict.is_some_and(|conflict| conflict.decisive().contains(node)),
    });
    clients.into_iter().chain(nodes).collect()
}
