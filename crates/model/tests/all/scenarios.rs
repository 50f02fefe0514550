//! A scenario that is wrong is refused with one message that says what and where, and the way out.

use std::path::{Path, PathBuf};

use model::{Ask, Scenario};

/// A scenario that is right, with a marker in each place where a test puts something wrong.
const RIGHT: &str = "\
title = \"\"
about = \"\"
[cluster]
proposers = 2
acceptors = 3
[protocol]
# protocol
[world]
# world
[[ask]]
value = \"A\"
of = 0
[expect]
# expect
[expect.verdicts]
# verdicts
";

/// The message for a text, after the file's name.
fn refusal(text: &str) -> String {
    let error = match Scenario::parse(Path::new("models/wrong.toml"), text) {
        Ok(scenario) => panic!("not refused: {scenario:?}"),
        Err(error) => error.to_string(),
    };
    let (file, message) = error.split_once(": ").unwrap();

    assert_eq!(file, "models/wrong.toml");
    message.to_owned()
}

/// The message for [`RIGHT`] with `old` replaced.
fn replaced(old: &str, new: &str) -> String {
    assert_eq!(RIGHT.matches(old).count(), 1, "{old}");
    refusal(&RIGHT.replace(old, new))
}

fn assert_says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "no `{word}` in:\n{message}");
    }
}

#[test]
fn what_is_right_is_read() {
    let scenario = Scenario::parse(Path::new("models/a-name.toml"), RIGHT).unwrap();
    assert_eq!(scenario.name, "a-name");
    let cluster = scenario.cluster().unwrap();
    assert_eq!(cluster.nodes().len(), 5);
}

#[test]
fn fields_and_words_that_do_not_exist() {
    for (old, new, words) in [
        (
            "# world",
            "crashs = 1",
            &["line 9", "`crashs`", "`crashes`", "`torn`"][..],
        ),
        (
            "acceptors = 3",
            "aceptors = 3",
            &["line 5", "`aceptors`", "`acceptors`"],
        ),
        (
            "# protocol",
            "rule = \"notes\"",
            &["line 7", "`rule`", "`rules`"],
        ),
        ("of = 0", "by = 0", &["`by`", "`of`"]),
        ("# expect", "state = 1", &["line 14", "`state`", "`states`"]),
        (
            "title = \"\"",
            "titel = \"\"",
            &["line 1", "`titel`", "`title`"],
        ),
        ("title = \"\"\n", "", &["title"]),
        (
            "# world",
            "network = \"tcp\"",
            &["line 9", "`tcp`", "`set`", "`bag`", "`ordered`"],
        ),
        (
            "# protocol",
            "rules = \"raft\"",
            &["line 7", "`raft`", "`lamport`", "`notes`"],
        ),
        (
            "# verdicts",
            "agreement = \"true\"",
            &["`true`", "`holds`", "`violated`"],
        ),
        (
            "value = \"A\"",
            "value = \"I\"",
            &["line 11", "\"I\"", "\"A\" to \"H\""],
        ),
        (
            "value = \"A\"",
            "value = \"a\"",
            &["line 11", "\"a\"", "\"A\" to \"H\""],
        ),
        (
            "value = \"A\"",
            "value = \"AB\"",
            &["line 11", "\"AB\"", "one letter"],
        ),
        ("value = \"A\"", "value = \"\"", &["line 11", "one letter"]),
        (
            "value = \"A\"",
            "value = 1",
            &["line 11", "integer", "string"],
        ),
        (
            "of = 0",
            "of = -1",
            &["line 12", "-1", "a number, 0 or more"],
        ),
        (
            "# world",
            "rounds = -1",
            &["line 9", "-1", "a number, 0 or more"],
        ),
        (
            "# world",
            "crashes = 300",
            &["line 9", "300", "from 0 to 255"],
        ),
        (
            "# world",
            "rounds = 1\nrounds = 2",
            &["line 10", "duplicate key"],
        ),
        ("[world]", "[world", &["line 8"]),
    ] {
        assert_says(&replaced(old, new), words);
    }
}

#[test]
fn clusters_that_cannot_be() {
    let place = "proposers = 2\nacceptors = 3";
    for (new, words) in [
        (
            "proposers = 2\nacceptors = 0",
            &["cluster.acceptors is 0", "at least 1"][..],
        ),
        (
            "proposers = 0\nacceptors = 3",
            &["cluster.proposers is 0", "at least 1"],
        ),
        ("servers = 0", &["cluster.servers is 0", "at least one"]),
        ("servers = 17", &["17 nodes", "room for 16"]),
        (
            "proposers = 8\nacceptors = 8\nlearners = 1",
            &["17 nodes", "room for 16"],
        ),
        (
            "servers = 3\nproposers = 2",
            &["either `servers`", "`proposers` and `acceptors`"],
        ),
        (
            "servers = 3\nlearners = 1",
            &["either `servers`", "`proposers` and `acceptors`"],
        ),
        (
            "proposers = 2",
            &["either `servers`", "`proposers` and `acceptors`"],
        ),
        (
            "acceptors = 2",
            &["either `servers`", "`proposers` and `acceptors`"],
        ),
        (
            "learners = 2",
            &["either `servers`", "`proposers` and `acceptors`"],
        ),
        ("", &["either `servers`", "`proposers` and `acceptors`"]),
        ("servers = 18446744073709551615", &["room for 16"]),
        (
            "proposers = 9223372036854775807\nacceptors = 9223372036854775807\nlearners = 9223372036854775807",
            &["room for 16"],
        ),
    ] {
        assert_says(&replaced(place, new), words);
    }
}

#[test]
fn protocols_that_cannot_be() {
    for (new, words) in [
        (
            "prepare-quorum = 2",
            &["prepare-quorum", "accept-quorum", "both"][..],
        ),
        (
            "accept-quorum = 2",
            &["prepare-quorum", "accept-quorum", "both"],
        ),
        (
            "prepare-quorum = 0\naccept-quorum = 2",
            &["prepare-quorum is 0", "from 1 to", "acceptors, 3"],
        ),
        (
            "prepare-quorum = 2\naccept-quorum = 0",
            &["accept-quorum is 0", "from 1 to", "acceptors, 3"],
        ),
        (
            "prepare-quorum = 4\naccept-quorum = 2",
            &["prepare-quorum is 4", "acceptors, 3"],
        ),
        (
            "prepare-quorum = 2\naccept-quorum = 4",
            &["accept-quorum is 4", "acceptors, 3"],
        ),
        (
            "rules = \"notes\"\nprepare-quorum = 2\naccept-quorum = 2",
            &["quorum", "rules = \"lamport\""],
        ),
        (
            "quorums = {}",
            &["protocol.quorums needs either `weights`", "`accept-sets`"],
        ),
        (
            "quorums = { weights = [1, 1, 2], prepare-weight = 3 }",
            &["protocol.quorums needs either `weights`", "`accept-weight`"],
        ),
        (
            "quorums = { weights = [1, 1, 2], prepare-weight = 3, accept-weight = 3, accept-sets = [[2]] }",
            &["protocol.quorums needs either `weights`"],
        ),
        (
            "quorums = { weights = [1, 1], prepare-weight = 2, accept-weight = 2 }",
            &["2 weights", "3 acceptors", "one for each"],
        ),
        (
            "quorums = { weights = [1, 1, 2], prepare-weight = 0, accept-weight = 2 }",
            &[
                "quorums.prepare-weight is 0",
                "from 1 to",
                "weigh together, 4",
            ],
        ),
        (
            "quorums = { weights = [1, 1, 2], prepare-weight = 3, accept-weight = 5 }",
            &["quorums.accept-weight is 5", "weigh together, 4"],
        ),
        (
            "quorums = { weights = [1, 1, 256], prepare-weight = 3, accept-weight = 3 }",
            &["256", "from 0 to 255"],
        ),
        (
            "quorums = { prepare-sets = [[2, 3]], accept-sets = [] }",
            &["quorums.accept-sets has 0 sets", "from 1 to 16"],
        ),
        (
            "quorums = { prepare-sets = [[2, 3], []], accept-sets = [[2]] }",
            &["quorums.prepare-sets has an empty set", "leave it out"],
        ),
        (
            "quorums = { prepare-sets = [[2, 3]], accept-sets = [[1, 2]] }",
            &[
                "quorums.accept-sets names node 1",
                "no acceptor",
                "{n2 n3 n4}",
            ],
        ),
        (
            "quorums = { prepare-sets = [[2, 3]], accept-sets = [[5]] }",
            &["quorums.accept-sets names node 5", "no acceptor"],
        ),
        (
            "rules = \"notes\"\nquorums = { prepare-sets = [[2]], accept-sets = [[2]] }",
            &[
                "protocol.quorums goes with rules = \"lamport\"",
                "leave those out",
            ],
        ),
        (
            "prepare-quorum = 2\naccept-quorum = 2\nquorums = { prepare-sets = [[2]], accept-sets = [[2]] }",
            &[
                "protocol.quorums goes with",
                "without protocol.prepare-quorum",
            ],
        ),
        (
            "quorums = { sets = [[2]] }",
            &["line 7", "`sets`", "`prepare-sets`"],
        ),
    ] {
        assert_says(&replaced("# protocol", new), words);
    }
}

#[test]
fn bounds_that_cannot_be() {
    for (new, words) in [
        ("rounds = 0", &["world.rounds is 0", "from 1 to 255"][..]),
        ("rounds = 256", &["world.rounds is 256", "from 1 to 255"]),
        (
            "torn = true",
            &["world.torn", "world.crashes of at least 1"],
        ),
        (
            "loss = true",
            &["world.loss", "network = \"ordered\"", "always lose"],
        ),
        (
            "network = \"bag\"\nloss = true",
            &["world.loss", "network = \"ordered\""],
        ),
        ("down = [5]", &["world.down names node 5", "0 to 4"]),
        (
            "crash-nodes = [5]\ncrashes = 1",
            &["world.crash-nodes names node 5", "0 to 4"],
        ),
        (
            "crash-nodes = [0]",
            &["world.crash-nodes", "world.crashes of at least 1"],
        ),
        (
            "faults = [\"reply-lost\"]",
            &["world.faults needs world.faults-most of at least 1"],
        ),
        ("faults-most = 1", &["world.faults-most needs world.faults"]),
        (
            "asks-again = 1",
            &["world.asks-again needs world.faults", "never fails"],
        ),
        (
            "faults = [\"reply-lost\", \"reply-lost\"]\nfaults-most = 1",
            &["world.faults names reply-lost twice"],
        ),
        (
            "faults = [\"reply-late\"]\nfaults-most = 1",
            &["unknown variant `reply-late`", "`reply-lost`"],
        ),
    ] {
        assert_says(&replaced("# world", new), words);
    }
}

#[test]
fn requests_that_cannot_be() {
    let asks = "[[ask]]\nvalue = \"A\"\nof = 0\n";
    for (new, words) in [
        (
            "",
            &["0 [[ask]] entries", "from 1 to 8", "`value`", "`of`"][..],
        ),
        (
            &asks.repeat(Ask::LIMIT + 1),
            &["9 [[ask]] entries", "from 1 to 8"],
        ),
        (
            &asks.replace("of = 0", "of = 2"),
            &["ask.of names node 2", "no proposer", "{n0 n1}"],
        ),
        (
            &asks.replace("of = 0", "of = 9"),
            &["ask.of names node 9", "0 to 4"],
        ),
    ] {
        assert_says(&replaced(asks, new), words);
    }
    // A list that is there and empty.
    let empty = format!("ask = []\n{}", RIGHT.replace(asks, ""));
    assert_says(&refusal(&empty), &["0 [[ask]] entries", "from 1 to 8"]);
    // As many as there may be.
    let full = RIGHT.replace(asks, &asks.repeat(Ask::LIMIT));
    assert!(Scenario::parse(Path::new("full.toml"), &full).is_ok());
}

#[test]
fn expectations_that_cannot_be() {
    for (new, words) in [
        (
            "agrement = \"holds\"",
            &["`agrement`", "no property", "agreement, validity"][..],
        ),
        (
            "value-chosen = \"holds\"",
            &["value-chosen", "`holds`", "`witnessed` or `never`"],
        ),
        (
            "agreement = \"never\"",
            &["agreement", "`never`", "`holds` or `violated`"],
        ),
    ] {
        assert_says(&replaced("# verdicts", new), words);
    }
}

/// Deletes its folder when it goes.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("paxos-model-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn files_that_are_no_scenarios() {
    let folder = Folder::new("wrong");
    for (name, bytes, words) in [
        ("empty.toml", &b""[..], &["missing field", "title"][..]),
        (
            "latin1.toml",
            b"title = \"caf\xe9\"",
            &["cannot read", "UTF-8"],
        ),
        (
            "binary.toml",
            b"\x00\x01\x02\xff\xfe",
            &["cannot read", "UTF-8"],
        ),
        ("nul.toml", b"\x00\x00", &["line 1"]),
        ("prose.toml", b"This is no scenario.\n", &["line 1"]),
    ] {
        let path = folder.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        let message = Scenario::read(&path).unwrap_err().to_string();
        assert_says(&message, words);
        assert_says(&message, &[name]);
    }
    let absent = folder.0.join("absent.toml");
    let message = Scenario::read(&absent).unwrap_err().to_string();
    assert_says(&message, &["cannot read", "absent.toml"]);
    let message = Scenario::read(&folder.0).unwrap_err().to_string();
    assert_says(&message, &["cannot read"]);
}

/// The refusal of a world without end with something wrong in it.
fn endless(settings: &str, others: &str) -> String {
    refusal(&format!(
        "title = \"\"\nabout = \"\"\n[cluster]\nproposers = 1\nacceptors = 3\n\
         [endless]\n{settings}\n{others}\n[[ask]]\nvalue = \"A\"\nof = 0\n"
    ))
}

#[test]
fn worlds_without_end_that_make_no_sense() {
    let flying = "in-flight = 1";
    for (settings, others, words) in [
        ("", "", &["in-flight"][..]),
        (
            "in-flight = 0",
            "",
            &["endless.in-flight is 0", "at least 1"],
        ),
        (
            flying,
            "[world]\nrounds = 2",
            &["world.rounds", "[endless]"],
        ),
        (flying, "[world]\nnetwork = \"bag\"", &["network = \"set\""]),
        (
            "in-flight = 1\nalone = 2",
            "",
            &["endless.alone names node 2", "n0"],
        ),
        (
            "in-flight = 1\nstops = 1\nstop-nodes = [7]",
            "",
            &["endless.stop-nodes names node 7", "0 to 3"],
        ),
        (
            "in-flight = 1\nstop-nodes = [1]",
            "",
            &["endless.stops of at least 1"],
        ),
        ("in-flight = 1\nlosses = 1", "", &["world.loss = true"]),
        (
            flying,
            "[expect.verdicts]\nagreement = \"holds\"",
            &["`agreement`", "decides, can-decide"],
        ),
        (
            flying,
            "[expect.verdicts]\ndecides = \"never\"",
            &["`holds` or `violated`"],
        ),
        (
            flying,
            "[expect]\nlocked = true",
            &["expect.locked", "[endless]"],
        ),
        ("in-flight = 1\nflights = 1", "", &["`flights`", "`stops`"]),
    ] {
        assert_says(&endless(settings, others), words);
    }
}

/// Whatever is cut off, what is left is refused or read, without a panic.
#[test]
fn every_part_of_a_file_is_refused_or_read() {
    for end in 0..=RIGHT.len() {
        let _ = Scenario::parse(Path::new("part.toml"), &RIGHT[..end]);
        let _ = Scenario::parse(Path::new("part.toml"), &RIGHT[end..]);
    }
}
