//! What came of a step of which only the states before and after it are known.

use model::State;
use paxos::{Broadcast, NodeSet};

use super::item::Item;
use crate::facts;

/// What came of a step, as far as it shows in the states before and after it.
pub(super) fn difference(before: &State, after: &State) -> Vec<Item> {
    let mut items = Vec::new();
    let mut news = Vec::new();
    for (node, server) in after.servers() {
        let was = before.server(node);
        let saved = facts::beyond(&server.disk, &was.disk);
        if !saved.is_empty() {
            items.push(Item::Saves(saved));
        }
        let announced = server.announced.iter();
        let fresh = announced.filter(|value| !was.announced.contains(*value));
        news.extend(fresh.map(Item::Announces));
    }
    for parcel in &after.mail {
        let (from, message) = (parcel.from(), parcel.message());
        let was = before.mail.iter();
        let was = was.filter(|was| was.from() == from && was.message() == message);
        let sent: NodeSet = was.fold(NodeSet::EMPTY, |sent, was| sent.union(was.to()));
        let to: NodeSet = parcel
            .to()
            .iter()
            .filter(|to| !sent.contains(*to))
            .collect();
        if !to.is_empty() {
            let said = Broadcast { from, to, message };
            items.push(Item::Sends {
                said,
                missing: to,
                never: NodeSet::EMPTY,
            });
        }
    }
    items.extend(news);
    items
}
