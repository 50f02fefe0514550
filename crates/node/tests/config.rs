//! Cluster files and secrets: what cannot be meant is refused, in words that say where and what to
//! do.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use node::{ClusterFile, RulesName, Secret, Timing};
use paxos::NodeId;
use tempfile::TempDir;

const CLUSTER: &str = "cluster = \"0123456789abcdef0123456789abcdef\"\n";
const NODE_0: &str = "[[node]]\nid = 0\naddress = \"127.0.0.1:7100\"\n";

/// A folder with a cluster file in it.
struct Room {
    folder: TempDir,
}

impl Room {
    fn new(text: &str) -> Room {
        let folder = tempfile::tempdir().expect("temporary folders can be made");
        let room = Room { folder };
        room.write("cluster.toml", text, 0o644);
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>, mode: u32) {
        fs::write(self.path(name), text).expect("files can be written there");
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.path(name), mode).expect("they are ours");
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path("cluster.toml")).expect("it was written")
    }

    /// The file; or why not, without the folder's name.
    fn read(&self) -> Result<ClusterFile, String> {
        let read = ClusterFile::read(&self.path("cluster.toml"));
        read.map_err(|error| self.plain(&error.to_string()))
    }

    fn plain(&self, said: &str) -> String {
        said.replace(&format!("{}/", self.folder.path().display()), "")
    }

    fn refused(&self) -> String {
        self.read().map(|_| ()).expect_err("it makes no sense")
    }
}

/// Why a cluster file of this text is refused.
fn refused(text: &str) -> String {
    Room::new(text).refused()
}

/// The cluster, and these nodes.
fn refused_nodes(nodes: &str) -> String {
    refused(&format!("{CLUSTER}{nodes}"))
}

fn n(number: usize) -> NodeId {
    NodeId::new(number).expect("tests have few nodes")
}

#[test]
fn a_file_says_who_takes_part_and_how() {
    let text = format!(
        "{CLUSTER}rules = \"notes\"\n[timing]\nretry-ms = 7\n\n\
         [[node]]\nid = 2\naddress = \"[::1]:7102\"\nroles = [\"acceptor\"]\n{NODE_0}"
    );
    let file = Room::new(&text).read().unwrap();
    assert_eq!(file.cluster.to_string(), "0123456789abcdef0123456789abcdef");
    assert_eq!(file.rules, RulesName::StrictAccept);
    let timing = Timing {
        retry_ms: 7,
        ..Timing::default()
    };
    assert_eq!(file.timing, timing);
    let nodes: Vec<(NodeId, SocketAddr)> =
        file.nodes.iter().map(|one| (one.id, one.address)).collect();
    let (first, last) = (
        "127.0.0.1:7100".parse().unwrap(),
        "[::1]:7102".parse().unwrap(),
    );
    assert_eq!(nodes, [(n(0), first), (n(2), last)]);
    assert_eq!(file.roles.proposers().to_string(), "{n0}");
    assert_eq!(file.roles.acceptors().to_string(), "{n0 n2}");
    assert_eq!(file.roles.learners().to_string(), "{n0}");
    assert!(!file.secret.is_some());
    assert!(!file.nodes[0].initialised);
    assert_eq!(
        file.member(n(1)).unwrap_err().to_string(),
        format!(
            "{}: there is no node n1 in this cluster, only n0, n2",
            file.path.display()
        )
    );
}

#[test]
fn what_is_not_a_cluster_file_is_refused_with_the_place() {
    let missing = ClusterFile::read(Path::new("/nowhere/cluster.toml"));
    assert_eq!(
        missing.unwrap_err().to_string(),
        "cannot use the cluster file /nowhere/cluster.toml: No such file or directory (os error 2)"
    );
    assert_eq!(
        refused("cluster = 7"),
        "cluster.toml: TOML parse error at line 1, column 11\n  |\n1 | cluster = 7\n  |           ^\n\
         invalid type: integer `7`, expected a string"
    );
    assert_eq!(
        refused("cluster = \"0123\""),
        "cluster.toml: TOML parse error at line 1, column 11\n  |\n1 | cluster = \"0123\"\n  |           ^^^^^^\n\
         a cluster's id is 32 hexadecimal digits"
    );
    assert_eq!(
        refused(NODE_0),
        "cluster.toml: TOML parse error at line 1, column 1\n  |\n1 | [[node]]\n  | ^\n\
         missing field `cluster`"
    );
}

#[test]
fn an_unknown_field_is_told_with_those_there_are() {
    assert_eq!(
        refused(&format!("{CLUSTER}secrt = \"x\"\n{NODE_0}")),
        "cluster.toml: TOML parse error at line 2, column 1\n  |\n2 | secrt = \"x\"\n  | ^^^^^\n\
         unknown field `secrt`, expected one of `cluster`, `rules`, `secret`, `timing`, `node`"
    );
    assert_eq!(
        refused_nodes("[[node]]\nid = 0\nadress = \"127.0.0.1:7100\"\n"),
        "cluster.toml: TOML parse error at line 4, column 1\n  |\n4 | adress = \"127.0.0.1:7100\"\n  | ^^^^^^\n\
         unknown field `adress`, expected one of `id`, `address`, `initialised`, `roles`"
    );
    assert_eq!(
        refused(&format!("{CLUSTER}[timing]\nretry = 1\n{NODE_0}")),
        "cluster.toml: TOML parse error at line 3, column 1\n  |\n3 | retry = 1\n  | ^^^^^\n\
         unknown field `retry`, expected one of `retry-ms`, `retry-ms-max`, `idle-ms`, `waiting-max`"
    );
    assert_eq!(
        refused(&format!("{CLUSTER}rules = \"raft\"\n{NODE_0}")),
        "cluster.toml: TOML parse error at line 2, column 9\n  |\n2 | rules = \"raft\"\n  |         ^^^^^^\n\
         unknown variant `raft`, expected `lamport` or `notes`"
    );
}

#[test]
fn a_node_has_a_number_below_16_and_an_address() {
    assert_eq!(
        refused_nodes("[[node]]\nid = 16\naddress = \"127.0.0.1:7100\"\n"),
        "cluster.toml: TOML parse error at line 3, column 6\n  |\n3 | id = 16\n  |      ^^\n\
         a node's number is below 16"
    );
    assert_eq!(
        refused_nodes("[[node]]\nid = 0\naddress = \"localhost:7100\"\n"),
        "cluster.toml: TOML parse error at line 4, column 11\n  |\n4 | address = \"localhost:7100\"\n  |           \
         ^^^^^^^^^^^^^^^^\ninvalid socket address syntax"
    );
    assert_eq!(
        refused_nodes("[[node]]\nid = 3\naddress = \"127.0.0.1:0\"\n"),
        "cluster.toml: n3 has port 0; choose the port that others find it at"
    );
}

#[test]
fn each_node_has_its_own_id_and_address() {
    let same_id = format!("{NODE_0}[[node]]\nid = 0\naddress = \"127.0.0.1:7101\"\n");
    assert_eq!(
        refused_nodes(&same_id),
        "cluster.toml: two nodes have one id; give each its own"
    );
    let same_address = format!("{NODE_0}[[node]]\nid = 1\naddress = \"127.0.0.1:7100\"\n");
    assert_eq!(
        refused_nodes(&same_address),
        "cluster.toml: two nodes have one address; give each its own"
    );
}

#[test]
fn a_cluster_that_could_never_decide_is_refused() {
    let expected = "cluster.toml: a cluster has at least one proposer and one acceptor; add [[node]] tables, or roles to them";
    assert_eq!(refused(CLUSTER), expected);
    let nobody_votes = format!("{NODE_0}roles = [\"proposer\", \"learner\"]\n");
    assert_eq!(refused_nodes(&nobody_votes), expected);
    let nobody_proposes = format!("{NODE_0}roles = [\"acceptor\", \"learner\"]\n");
    assert_eq!(refused_nodes(&nobody_proposes), expected);
}

#[test]
fn a_node_waits_a_while_and_not_for_less_and_less() {
    let timed = |timing: &str| refused(&format!("{CLUSTER}[timing]\n{timing}\n{NODE_0}"));
    assert_eq!(
        timed("retry-ms = 0"),
        "cluster.toml: timing: retry-ms is 0, and must be at least 1 and at most retry-ms-max, 3000"
    );
    assert_eq!(
        timed("retry-ms = 200\nretry-ms-max = 100"),
        "cluster.toml: timing: retry-ms is 200, and must be at least 1 and at most retry-ms-max, 100"
    );
}

#[test]
fn patience_doubles_up_to_its_bound_and_never_wraps() {
    let timing = Timing::default();
    let patience = |attempt| timing.patience(attempt).as_millis();
    assert_eq!([0, 1, 2, 4].map(patience), [100, 200, 400, 1_600]);
    assert!(
        (5..200)
            .chain([u32::MAX])
            .all(|attempt| patience(attempt) == 3_000)
    );
}

#[test]
fn without_a_secret_all_addresses_are_of_this_machine() {
    for (address, shown) in [
        ("192.0.2.1:7101", "192.0.2.1:7101"),
        ("0.0.0.0:7101", "0.0.0.0:7101"),
        ("[::]:7101", "[::]:7101"),
    ] {
        let nodes = format!("{NODE_0}[[node]]\nid = 1\naddress = \"{address}\"\n");
        assert_eq!(
            refused_nodes(&nodes),
            format!(
                "cluster.toml: n1 is at {shown}, where anybody can send to it: name a file with a secret \
                 (`secret = \"cluster.secret\"`, mode 0600), or use loopback addresses only"
            )
        );
    }
    let nodes = "[[node]]\nid = 1\naddress = \"192.0.2.1:7101\"\n";
    let room = Room::new(&format!("{CLUSTER}secret = \"cluster.secret\"\n{nodes}"));
    room.write("cluster.secret", [7; 32], 0o600);
    assert!(room.read().unwrap().secret.is_some());
}

#[test]
fn a_secret_is_the_owners_alone_and_long() {
    let room = Room::new(&format!("{CLUSTER}secret = \"cluster.secret\"\n{NODE_0}"));
    assert_eq!(
        room.refused(),
        "cluster.toml: cannot read the secret cluster.secret: No such file or directory (os error 2)"
    );
    for mode in [0o644, 0o640, 0o604, 0o660, 0o777] {
        room.write("cluster.secret", [7; 32], mode);
        assert_eq!(
            room.refused(),
            format!(
                "cluster.toml: the secret cluster.secret has mode {mode:04o}, so others may know it; make it \
                 0600: chmod 600 cluster.secret"
            )
        );
    }
    for found in [0, 1, 31] {
        room.write("cluster.secret", vec![7; found], 0o600);
        assert_eq!(
            room.refused(),
            format!(
                "cluster.toml: the secret cluster.secret has {found} bytes, and needs at least 32: head -c 32 \
                 /dev/urandom > cluster.secret"
            )
        );
    }
    for mode in [0o600, 0o400] {
        room.write("cluster.secret", [7; 32], mode);
        let secret = room.read().unwrap().secret;
        assert!(secret.is_some());
        assert_eq!(format!("{secret:?}"), "Secret(…)", "it is not printed");
    }
    assert_eq!(format!("{:?}", Secret::none()), "Secret(none)");
}

#[test]
fn a_secret_is_found_beside_the_cluster_file_or_where_its_path_says() {
    let room = Room::new("");
    let elsewhere = room.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    room.write("elsewhere/a.secret", [7; 32], 0o600);
    for path in [
        "elsewhere/a.secret",
        elsewhere.join("a.secret").to_str().unwrap(),
    ] {
        room.write(
            "cluster.toml",
            format!("{CLUSTER}secret = \"{path}\"\n{NODE_0}"),
            0o644,
        );
        assert!(room.read().unwrap().secret.is_some());
    }
}

#[test]
fn a_node_is_marked_and_all_else_is_kept() {
    let text = format!(
        "# Ours.\n{CLUSTER}\n[timing] # patient\nretry-ms = 200\n\n# The first.\n[[node]]\n\
         address = \"127.0.0.1:7101\" # upstairs\nid = 1\n\n[[node]]\ninitialised = false # not yet\n\
         id = 0x0\nroles = [\n  \"proposer\", # it asks\n  \"acceptor\",\n]\naddress = \"127.0.0.1:7100\"\n# The end.\n"
    );
    let room = Room::new(&text);
    room.read().unwrap().mark_initialised(n(1)).unwrap();
    let marked = text.replace("id = 1\n", "id = 1\ninitialised = true\n");
    assert_eq!(room.text(), marked);
    let initialised = |room: &Room| -> Vec<bool> {
        let file = room.read().unwrap();
        file.nodes.iter().map(|node| node.initialised).collect()
    };
    assert_eq!(initialised(&room), [false, true]);

    room.read().unwrap().mark_initialised(n(0)).unwrap();
    assert_eq!(
        room.text(),
        marked.replace("= false # not yet", "= true # not yet")
    );
    assert_eq!(initialised(&room), [true, true]);

    room.read().unwrap().mark_initialised(n(0)).unwrap();
    assert_eq!(
        room.text(),
        marked.replace("= false # not yet", "= true # not yet")
    );
    let left: Vec<_> = fs::read_dir(room.folder.path())
        .unwrap()
        .map(|one| one.unwrap().file_name())
        .collect();
    assert_eq!(left, ["cluster.toml"]);
}

#[test]
fn a_node_of_an_inline_table_is_marked_too() {
    let nodes = "node = [\n  { id = 0, address = \"127.0.0.1:7100\" }, # one\n  { id = 1, address = \
                 \"127.0.0.1:7101\" },\n]\n";
    let room = Room::new(&format!("{CLUSTER}{nodes}"));
    room.read().unwrap().mark_initialised(n(1)).unwrap();
    let file = room.read().unwrap();
    assert!(!file.nodes[0].initialised && file.nodes[1].initialised);
    assert!(room.text().contains("# one"), "{}", room.text());
}

#[test]
fn the_mode_of_the_cluster_file_is_kept() {
    let room = Room::new(&format!("{CLUSTER}{NODE_0}"));
    room.write("cluster.toml", room.text(), 0o600);
    room.read().unwrap().mark_initialised(n(0)).unwrap();
    let mode = fs::metadata(room.path("cluster.toml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn nodes_that_are_marked_at_once_are_all_marked() {
    let node = |id: usize| {
        format!(
            "[[node]]\nid = {id}\naddress = \"127.0.0.1:{}\"\n",
            7100 + id
        )
    };
    let nodes: String = (0..8).map(node).collect();
    for _ in 0..20 {
        let room = Room::new(&format!("{CLUSTER}{nodes}"));
        let file = room.read().unwrap();
        std::thread::scope(|scope| {
            for id in 0..8 {
                let file = &file;
                scope.spawn(move || file.mark_initialised(n(id)).unwrap());
            }
        });
        let marked = room.read().unwrap();
        assert!(marked.nodes.iter().all(|node| node.initialised));
    }
}
