//! The committed schemas, and what they say of a document.

use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};

use crate::worlds::{self, DUEL};

pub(crate) struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn read(name: &str) -> Schema {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("schema")
            .join(name);
        let text = std::fs::read_to_string(path).unwrap();
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        let place = format!("http://paxos.invalid/{name}");
        compiler
            .add_resource(&place, serde_json::from_str(&text).unwrap())
            .unwrap();
        let index = compiler.compile(&place, &mut schemas).unwrap();
        Schema { schemas, index }
    }

    pub(crate) fn accepts(&self, value: &Value) {
        if let Err(error) = self.schemas.validate(value, self.index) {
            panic!("{error:#}");
        }
    }

    pub(crate) fn refuses(&self, value: &Value) {
        assert!(self.schemas.validate(value, self.index).is_err(), "{value}");
    }
}

pub(crate) fn itf() -> Schema {
    Schema::read("itf.json")
}

/// The document that a program reads.
fn summary(answers: &[report::Answer]) -> Value {
    let regression = report::Regression {
        file: "old".to_owned(),
        subject: "duel, agreement".to_owned(),
        expected: "mended",
        is_met: Some(true),
        told: "no longer breaks".to_owned(),
    };
    let look = model::guard::SecondLook {
        contradictions: vec!["duel: agreement".to_owned()],
        unfinished: vec!["duel"],
    };
    let text = report::summary(answers, 1, &[regression], Some(&look)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn summaries_are_as_their_schema_says() {
    let schema = Schema::read("summary-2.json");
    let whole = worlds::answer("duel", DUEL, &checker::Limits::default());
    let cut = checker::Limits {
        max_states: Some(20),
        ..checker::Limits::default()
    };
    let part = worlds::answer("cut", DUEL, &cut);
    let good = summary(&[whole, part]);
    schema.accepts(&good);
    let thin = DUEL.replace(
        "acceptors = 1",
        "acceptors = 2\n[protocol]\nprepare-quorum = 1\naccept-quorum = 1",
    );
    let broken = summary(&[worlds::answer("thin", &thin, &checker::Limits::default())]);
    schema.accepts(&broken);
    assert!(broken["scenarios"][0]["properties"][0]["why"].is_array());
    let mut idle = broken;
    idle["scenarios"][0]["properties"][0]["why"] = json!([]);
    schema.refuses(&idle);
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/summary.json");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    schema.accepts(&serde_json::from_str(&shipped).unwrap());
    let refused = |change: fn(&mut Value)| {
        let mut bad = good.clone();
        change(&mut bad);
        schema.refuses(&bad);
    };
    refused(|value| value["version"] = json!(3));
    refused(|value| value["scenarios"][0]["outcome"] = json!("fine"));
    refused(|value| value["scenarios"][0]["states"] = json!(-1));
    refused(|value| value["scenarios"][0]["collision_chance"] = json!(2));
    refused(|value| value["scenarios"][0]["properties"][0]["found"] = json!("yes"));
    refused(|value| value["scenarios"][0]["properties"][0]["steps"] = json!(4));
    refused(|value| value["scenarios"][0]["properties"][0]["why"] = json!(["no reason"]));
    let mut unknown = good.clone();
    unknown["regressions"][0]["is_met"] = Value::Null;
    schema.accepts(&unknown);
    refused(|value| value["regressions"][0]["is_met"] = json!("no"));
    refused(|value| value["regressions"][0]["expected"] = json!("holds"));
    refused(|value| drop(value.as_object_mut().unwrap().remove("not_run")));
}
