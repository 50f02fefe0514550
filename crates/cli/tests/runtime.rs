//! The commands around real nodes: what they print, how they end, and what they refuse.

#![expect(
    clippy::unwrap_used,
    reason = "it is a test, also where it is not a test function"
)]

mod real;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use node::client::Outcome;
use real::{Cluster, PAXOS};

const LONG: Duration = Duration::from_secs(20);

/// What a command printed, and how it ended.
struct Said {
    out: String,
    err: String,
    code: Option<i32>,
}

fn said(output: Output) -> Said {
    Said {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}

fn paxos(arguments: &[&str]) -> Said {
    said(Command::new(PAXOS).args(arguments).output().unwrap())
}

/// Asks a cluster by command.
fn ask(cluster: &Cluster, arguments: &[&str]) -> Said {
    let config = cluster.config();
    let config = config.to_str().unwrap();
    let (what, rest) = arguments.split_first().unwrap();
    let mut all = vec![*what, "--config", config];
    all.extend(rest);
    paxos(&all)
}

/// Waits for something that happens soon, or not at all.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Runs a command that must refuse, in one line.
fn refused(mut command: Command) -> String {
    let said = said(command.output().unwrap());
    assert_eq!(said.code, Some(2), "{}", said.err);
    let complaint = said.err.lines().find(|line| line.starts_with("error: "));
    complaint
        .unwrap_or_else(|| panic!("{}", said.err))
        .to_owned()
}

#[test]
fn outcomes_are_printed_for_people_and_machines() {
    let mut cluster = Cluster::new(3, "");
    let nobody = ask(&cluster, &["propose", "k", "v"]);
    assert_eq!((nobody.code, nobody.out.as_str()), (Some(4), ""));
    assert!(
        nobody.err.starts_with("POST_FAILED n0 at "),
        "{}",
        nobody.err
    );
    let long = ask(&cluster, &["propose", "k", &"v".repeat(1001)]);
    assert_eq!(long.code, Some(6));
    assert_eq!(
        long.err,
        "FATAL a value has 1 to 1000 bytes, and this one has 1001\n"
    );
    let json = ask(&cluster, &["propose", "--json", "k", ""]);
    assert_eq!(json.code, Some(6));
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["outcome"], "FATAL");

    cluster.start_all();
    let nothing = ask(&cluster, &["get", "k"]);
    assert_eq!(
        (nothing.code, nothing.out.as_str(), nothing.err.as_str()),
        (Some(0), "", "undecided, as of now\n")
    );
    let ours = ask(&cluster, &["propose", "k", "red"]);
    assert_eq!(
        (ours.code, ours.out.as_str()),
        (Some(0), "red (the same value as ours)\n")
    );
    let other = ask(&cluster, &["propose", "--server", "1", "k", "blue"]);
    assert_eq!(
        other.out,
        "red (another's: ours was not chosen, and never will be)\n"
    );
    let json = ask(
        &cluster,
        &["propose", "--server", "n2", "--json", "k", "blue"],
    );
    assert_eq!(
        json.out,
        "{\"decided\":true,\"key\":\"k\",\"outcome\":\"SUCCESS\",\"same_as_ours\":false,\"value\":\"red\"}\n"
    );
    let read = ask(&cluster, &["get", "k"]);
    assert_eq!(read.out, "red\n");

    cluster.kill(1);
    cluster.kill(2);
    let alone = ask(
        &cluster,
        &["propose", "--server", "0", "--timeout", "500ms", "l", "red"],
    );
    assert_eq!(alone.code, Some(7));
    assert!(
        alone
            .err
            .starts_with("UNKNOWN no valid answer from n0 within 500ms"),
        "{}",
        alone.err
    );
    assert!(
        alone.err.contains("ask again with the same value"),
        "{}",
        alone.err
    );
}

#[test]
fn who_does_not_propose_says_so() {
    let votes = "id = 1\nroles = [\"acceptor\", \"learner\"]\n";
    let mut cluster = Cluster::new(2, "").with_file(|text| text.replacen("id = 1\n", votes, 1));
    for number in 0..2 {
        cluster.start(number);
    }
    cluster.wait_until_answers(0);
    let refused = ask(&cluster, &["propose", "--server", "1", "k", "v"]);
    assert_eq!(refused.code, Some(6), "{}", refused.err);
    assert_eq!(
        refused.err,
        "FATAL n1 takes no requests: it does not propose\n"
    );
    // Left alone, a client asks only those who do.
    assert_eq!(
        ask(&cluster, &["propose", "k", "v"]).out,
        "v (the same value as ours)\n"
    );
    cluster.stop_and_conform();
}

#[test]
fn a_store_is_made_once_and_never_by_serving() {
    let cluster = Cluster::new(1, "");
    let again = refused(cluster.command("init", 0));
    assert!(again.contains("there is a store in"), "{again}");
    fs::remove_dir_all(cluster.data(0)).unwrap();
    let lost = refused(cluster.serve(0));
    assert!(
        lost.contains("the cluster file says that n0 was initialised: restore"),
        "{lost}"
    );
    let again = refused(cluster.command("init", 0));
    assert!(
        again.contains("an empty store must not take its place"),
        "{again}"
    );
    // A copy of the cluster file that does not know is no way around it.
    let text = fs::read_to_string(cluster.config()).unwrap();
    fs::write(cluster.config(), text.replace("initialised = true", "")).unwrap();
    let missing = refused(cluster.serve(0));
    assert!(missing.contains("make one with `paxos init`"), "{missing}");
}

#[test]
fn what_belongs_to_another_is_refused() {
    let mut cluster = Cluster::new(2, "");
    let mut command = Command::new(PAXOS);
    command
        .args(["serve", "--id", "1", "--config"])
        .arg(cluster.config());
    command.arg("--data").arg(cluster.data(0));
    let foreign = refused(command);
    assert!(
        foreign.contains("n0") && foreign.contains("n1"),
        "{foreign}"
    );

    cluster.start(0);
    cluster.start(1);
    cluster.wait_until_answers(0);
    cluster.stop(1);
    let mut again = cluster.command("serve", 0);
    again.args(["--listen", "127.0.0.1:0"]);
    let in_use = refused(again);
    assert!(in_use.contains("in use by another process"), "{in_use}");

    let taken = UdpSocket::bind(cluster.address(1)).unwrap();
    let busy = refused(cluster.command("serve", 1));
    assert!(busy.contains("cannot listen on"), "{busy}");
    drop(taken);

    let mut nobody = cluster.command("serve", 7);
    nobody.stdin(Stdio::null());
    let nobody = refused(nobody);
    assert!(
        nobody.contains("there is no node n7 in this cluster, only n0, n1"),
        "{nobody}"
    );
}

#[test]
fn the_members_of_a_cluster_do_not_change() {
    let mut cluster = Cluster::new(3, "");
    cluster.start_all();
    assert_eq!(ask(&cluster, &["propose", "k", "v"]).code, Some(0));
    for number in 0..3 {
        cluster.stop(number);
    }
    // Five nodes would have majorities that know nothing of k.
    let text = fs::read_to_string(cluster.config()).unwrap();
    let more = "[[node]]\nid = 3\naddress = \"127.0.0.1:9003\"\n\
                [[node]]\nid = 4\naddress = \"127.0.0.1:9004\"\n";
    fs::write(cluster.config(), format!("{text}\n{more}")).unwrap();
    let refusal = refused(cluster.serve(0));
    assert!(
        refusal.contains("the members and roles of a cluster never change"),
        "{refusal}"
    );
    // A client or a node that believes in five is not understood by those that know of three.
    fs::write(cluster.config(), &text).unwrap();
    cluster.start(0);
    cluster.start(1);
    cluster.wait_until_answers(0);
    fs::write(cluster.config(), format!("{text}\n{more}")).unwrap();
    let unheard = ask(
        &cluster,
        &["get", "--server", "0", "--timeout", "500ms", "k"],
    );
    assert_eq!(unheard.code, Some(7), "{}", unheard.err);
}

#[test]
fn without_a_secret_nobody_else_is_listened_to() {
    let cluster = Cluster::new(1, "");
    let mut serve = cluster.serve(0);
    serve.args(["--listen", "0.0.0.0:0"]);
    let refusal = refused(serve);
    assert!(refusal.contains("can be reached by anybody"), "{refusal}");
}

#[test]
fn a_journal_is_one_nodes_and_nothing_else_is_one() {
    let mut cluster = Cluster::new(2, "");
    cluster.start_all();
    cluster.stop(0);
    cluster.stop(1);
    let mut serve = cluster.command("serve", 0);
    serve.arg("--journal").arg(cluster.journal(1));
    let refusal = refused(serve);
    assert!(refusal.contains("is the journal of n1"), "{refusal}");
    let precious = cluster.path().join("precious");
    fs::write(&precious, "not a line").unwrap();
    let mut serve = cluster.command("serve", 0);
    serve.arg("--journal").arg(&precious);
    let refusal = refused(serve);
    assert!(refusal.contains("is not a journal"), "{refusal}");
    assert_eq!(fs::read(&precious).unwrap(), b"not a line");
    let said = paxos(&["conform", precious.to_str().unwrap()]);
    assert_eq!(said.code, Some(2), "{}", said.err);
}

#[test]
fn what_ran_without_a_journal_makes_it_incomplete() {
    let mut cluster = Cluster::new(1, "");
    cluster.start_all();
    cluster.stop(0);
    let silent = cluster.command("serve", 0);
    cluster.start_by(0, silent);
    cluster.wait_until_answers(0);
    assert_eq!(ask(&cluster, &["propose", "hidden", "v"]).code, Some(0));
    cluster.stop(0);
    cluster.start_all();
    assert_eq!(ask(&cluster, &["get", "hidden"]).out, "v\n");
    cluster.stop(0);
    let (said, code) = cluster.conform();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("process 2 of n0"), "{said}");
}

#[test]
fn an_interrupted_client_says_that_it_does_not_know() {
    let mut cluster = Cluster::new(3, "");
    cluster.start(0);
    wait_until("the node listens", || cluster.log(0).contains("serving"));
    let config = cluster.config();
    let child = Command::new(PAXOS)
        .args([
            "propose",
            "--server",
            "0",
            "--timeout",
            "60s",
            "k",
            "v",
            "--config",
        ])
        .arg(config)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It has asked as soon as the node has written that down.
    let journal = cluster.journal(0);
    wait_until("the node is asked", || {
        fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"Propose\""))
    });
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let said = said(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(7), "{}", said.err);
    assert!(said.err.starts_with("UNKNOWN interrupted"), "{}", said.err);
}

#[test]
fn metrics_and_logs_can_be_read_by_machines() {
    let mut cluster = Cluster::new(1, "");
    let mut serve = cluster.serve(0);
    serve.args(["--metrics", "0", "--log-format", "json"]);
    cluster.start_by(0, serve);
    cluster.wait_until_answers(0);
    assert_eq!(ask(&cluster, &["propose", "k", "v"]).code, Some(0));
    let log = cluster.log(0);
    let serving: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(serving["fields"]["message"], "serving");
    let address = serving["fields"]["metrics"].as_str().unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");

    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    for line in [
        "paxos_decided_total 1",
        "paxos_datagrams_dropped_total{reason=\"tag\"} 0",
        "paxos_answers_total{kind=\"chosen\"} 1",
        "# TYPE paxos_commit_seconds histogram",
    ] {
        assert!(page.contains(line), "{line} is not in {page}");
    }
    assert!(cluster.stop(0).success());
    assert!(cluster.log(0).contains("stopped in order"));
}

#[test]
fn a_journal_that_was_touched_is_refused_by_line() {
    let mut cluster = Cluster::new(3, "");
    cluster.start_all();
    cluster.stop(2);
    assert_eq!(ask(&cluster, &["propose", "k", "v"]).code, Some(0));
    for number in 0..2 {
        cluster.stop(number);
    }
    let (text, code) = cluster.conform();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("conforms: "), "{text}");

    let whole = fs::read_to_string(cluster.journal(1)).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let mut without = lines.clone();
    without.remove(3);
    let altered = whole.replacen("\"round\":1", "\"round\":2", 1);
    let place = 1 + whole
        .lines()
        .position(|line| line.contains("\"round\":1"))
        .unwrap();
    for (text, line) in [(without.join("\n") + "\n", 4), (altered, place)] {
        fs::write(cluster.journal(1), text).unwrap();
        let (said, code) = cluster.conform();
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains(&format!("n1.journal:{line}: ")),
            "{line}: {said}"
        );
    }
    // Cut between two lines, it is whole by itself; the other tells of a promise that is gone.
    let promise = whole
        .lines()
        .position(|line| line.contains("\"Promise\""))
        .unwrap();
    let cut = lines[..promise].join("\n") + "\n";
    fs::write(cluster.journal(1), cut).unwrap();
    let (said, code) = cluster.conform();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("n0.journal:"), "{said}");
    assert!(said.contains("may have been cut"), "{said}");
}

/// A node whose store is restored from a copy has forgotten its vote: the others decide once more.
#[test]
fn a_store_that_was_restored_from_a_copy_is_told_and_the_two_values_as_well() {
    let mut cluster = Cluster::new(3, "");
    let copy = cluster.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(cluster.data(1)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    let decide = |cluster: &mut Cluster, nodes: [usize; 2], asked: usize, value: &str| {
        for node in nodes {
            cluster.start(node);
        }
        cluster.wait_until_answers(asked);
        let said = ask(
            cluster,
            &["propose", "--server", &asked.to_string(), "k", value],
        );
        assert_eq!(said.out, format!("{value} (the same value as ours)\n"));
        for node in nodes {
            assert!(cluster.stop(node).success());
        }
    };
    decide(&mut cluster, [0, 1], 0, "tea");
    fs::remove_dir_all(cluster.data(1)).unwrap();
    fs::rename(&copy, cluster.data(1)).unwrap();
    decide(&mut cluster, [1, 2], 2, "milk");

    let (said, code) = cluster.conform();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("n1 runs as process 1 after process 1"),
        "{said}"
    );
    assert!(said.contains("two values are decided"), "{said}");
    // Without its journal the two values are found as well.
    let without = Command::new(PAXOS)
        .arg("conform")
        .args([cluster.journal(0), cluster.journal(2)])
        .output()
        .unwrap();
    assert_eq!(without.status.code(), Some(1));
    let said = String::from_utf8(without.stdout).unwrap();
    assert!(said.contains("two values are decided"), "{said}");
}

#[test]
fn a_journal_that_is_missing_makes_it_incomplete() {
    let mut cluster = Cluster::new(3, "");
    cluster.start_all();
    assert_eq!(ask(&cluster, &["propose", "k", "v"]).code, Some(0));
    for number in 0..3 {
        cluster.stop(number);
    }
    let journals = [cluster.journal(0), cluster.journal(1)];
    let journals: Vec<&str> = journals.iter().map(|path| path.to_str().unwrap()).collect();
    let said = paxos(&[&["conform"], &journals[..]].concat());
    assert_eq!(said.code, Some(3), "{}", said.out);
    assert!(said.out.starts_with("incomplete: "), "{}", said.out);
    let unknown = paxos(&[&["conform", "--key", "nobody"], &journals[..]].concat());
    assert_eq!(unknown.code, Some(2), "{}", unknown.err);
    let absent = paxos(&["conform", "nowhere"]);
    assert_eq!(absent.code, Some(2));
    assert!(absent.err.contains("nowhere"), "{}", absent.err);
}

#[test]
fn journals_are_bounded_and_say_what_is_gone() {
    let mut cluster = Cluster::new(1, "");
    let mut serve = cluster.serve(0);
    serve.args(["--journal-max", "4KiB"]);
    cluster.start_by(0, serve);
    cluster.wait_until_answers(0);
    let older = |number: u32| {
        let name = format!("{}.{number}", cluster.journal(0).display());
        std::path::PathBuf::from(name)
    };
    let client = cluster.client(0, LONG);
    let mut turned = None;
    for number in 0..200 {
        let key = format!("k{number}");
        assert!(matches!(client.propose(&key, "v"), Outcome::Success(_)));
        if turned.is_none() && older(2).exists() {
            turned = Some(key);
        }
    }
    assert!(turned.is_some() && older(7).exists() && !older(8).exists());
    assert!(fs::metadata(older(7)).unwrap().len() < 64 << 10);
    cluster.stop(0);
    let (said, code) = cluster.conform();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.starts_with("incomplete: "), "{said}");
}

#[test]
fn the_files_of_a_journal_are_read_as_one() {
    let mut cluster = Cluster::new(3, "");
    for number in 0..3 {
        let mut serve = cluster.serve(number);
        serve.args(["--journal-max", "16KiB"]);
        cluster.start_by(number, serve);
    }
    cluster.wait_until_all_answer();
    let client = cluster.client_of_all(LONG);
    for number in 0..20 {
        let key = format!("k{number}");
        assert!(matches!(client.propose(&key, "v"), Outcome::Success(_)));
    }
    for number in 0..3 {
        cluster.stop(number);
        let older = format!("{}.1", cluster.journal(number).display());
        assert!(fs::exists(older).unwrap(), "n{number}");
    }
    let (said, code) = cluster.conform();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_run_is_drawn() {
    let mut cluster = Cluster::new(3, "");
    cluster.start_all();
    assert_eq!(ask(&cluster, &["propose", "k", "v"]).code, Some(0));
    for number in 0..3 {
        cluster.stop(number);
    }
    let journals: Vec<_> = (0..3).map(|number| cluster.journal(number)).collect();
    let svg = cluster.path().join("k.svg");
    let output = Command::new(PAXOS)
        .arg("conform")
        .args(&journals)
        .args(["--key", "k", "--svg"])
        .arg(&svg)
        .output()
        .unwrap();
    let said = said(output);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("A is v"), "{}", said.out);
    assert!(
        said.out.contains("tells its client SUCCESS(A)"),
        "{}",
        said.out
    );
    assert!(fs::read_to_string(svg).unwrap().starts_with("<svg"));
}

/// A `paxos cluster up` that ends with the test.
struct Up(Child);

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_cluster_goes_up_with_one_command_and_down_with_ctrl_c() {
    let room = tempfile::tempdir().unwrap();
    let folder = room.path().join("cluster");
    for life in 1..=2 {
        let child = Command::new(PAXOS)
            .args(["cluster", "up", "--secret", "--dir"])
            .arg(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut up = Up(child);
        let mut pids = Vec::new();
        let mut lines = BufReader::new(up.0.stdout.take().unwrap()).lines();
        for line in &mut lines {
            let line = line.unwrap();
            if line.contains("all nodes answer") {
                break;
            }
            let mut words = line.split_whitespace().skip_while(|word| *word != "pid");
            let pid: i32 = words.nth(1).unwrap().parse().unwrap();
            pids.push(nix::unistd::Pid::from_raw(pid));
        }
        assert_eq!(pids.len(), 3);
        let mode = fs::metadata(folder.join("cluster.secret"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let config = folder.join("cluster.toml");
        let value = format!("life {life}");
        let said = paxos(&["propose", "--config", config.to_str().unwrap(), "k", &value]);
        assert!(said.out.starts_with("life 1"), "{}", said.out);
        let this = nix::unistd::Pid::from_raw(up.0.id() as i32);
        nix::sys::signal::kill(this, nix::sys::signal::Signal::SIGINT).unwrap();
        assert!(up.0.wait().unwrap().success());
        for pid in pids {
            let gone = nix::sys::signal::kill(pid, None);
            assert_eq!(gone, Err(nix::errno::Errno::ESRCH), "{pid} is left");
        }
    }
    let other = paxos(&[
        "cluster",
        "up",
        "--nodes",
        "5",
        "--dir",
        folder.to_str().unwrap(),
    ]);
    assert_eq!(other.code, Some(2));
    assert!(
        other.err.contains("has 3 nodes; a cluster that is there"),
        "{}",
        other.err
    );
    // The secret is not for everybody.
    fs::set_permissions(
        folder.join("cluster.secret"),
        fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let config = folder.join("cluster.toml");
    let said = paxos(&["get", "--config", config.to_str().unwrap(), "k"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("chmod 600"), "{}", said.err);
}

#[test]
fn a_folder_that_holds_no_cluster_of_ours_is_said_so() {
    let room = tempfile::tempdir().unwrap();
    fs::write(room.path().join("cluster.toml"), "cluster = \"12\"\n").unwrap();
    let said = paxos(&["cluster", "up", "--dir", room.path().to_str().unwrap()]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("32 hexadecimal digits"), "{}", said.err);
}
