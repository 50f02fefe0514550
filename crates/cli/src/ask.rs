//! `paxos propose` and `paxos get`: a client.

use std::io::{IsTerminal as _, Write as _, stdout};

use node::client::{Client, Outcome, Told};
use node::{ClusterFile, Value};
use serde_json::{Map, json};

use crate::args::{ClientArgs, GetArgs, ProposeArgs};
use crate::error::Error;
use crate::print::{Tone, toned};
use crate::{Ended, print};

/// Asks for a value to be chosen.
///
/// # Errors
/// If the cluster file cannot be used.
pub(crate) fn propose(args: &ProposeArgs) -> Result<Ended, Error> {
    answer_when_interrupted(&args.client, &args.key)?;
    let outcome = client(&args.client)?.propose(&args.key, &args.value);
    tell(&args.client, &args.key, Some(&args.value), &outcome)
}

/// Asks what is chosen.
///
/// # Errors
/// If the cluster file cannot be used.
pub(crate) fn get(args: &GetArgs) -> Result<Ended, Error> {
    answer_when_interrupted(&args.client, &args.key)?;
    let outcome = client(&args.client)?.get(&args.key);
    tell(&args.client, &args.key, None, &outcome)
}

/// Ctrl-C is no excuse for no outcome: the request may have been sent.
fn answer_when_interrupted(args: &ClientArgs, key: &str) -> Result<(), Error> {
    let (args, key) = (args.clone(), key.to_owned());
    ctrlc::set_handler(move || {
        let reason =
            "interrupted: it may have been done, or may yet be; ask again with the same value";
        let outcome = Outcome::Unknown(reason.to_owned());
        // Nobody is left to be told of a closed pipe.
        let _ = tell(&args, &key, None, &outcome);
        std::process::exit(Ended::Unknown as i32);
    })?;
    Ok(())
}

fn client(args: &ClientArgs) -> Result<Client, Error> {
    let file = ClusterFile::read(&args.config)?;
    for id in &args.server {
        file.member(*id)?;
    }
    let client = Client::new(file, args.timeout);
    Ok(match args.server.is_empty() {
        true => client,
        false => client.asking(args.server.clone()),
    })
}

/// Prints the outcome; its exit code.
fn tell(
    args: &ClientArgs,
    key: &str,
    own: Option<&str>,
    outcome: &Outcome,
) -> Result<Ended, Error> {
    if args.json {
        print::line(&json(key, own, outcome).to_string())?;
    } else {
        match outcome {
            // For a script, the value as it is and nothing else.
            Outcome::Success(Told::Chosen(value)) if own.is_none() && !stdout().is_terminal() => {
                let mut out = stdout().lock();
                out.write_all(value.bytes())?;
                out.write_all(b"\n")?;
            }
            Outcome::Success(Told::Chosen(value)) => {
                let whose = match own {
                    None => "",
                    Some(own) if own.as_bytes() == value.bytes() => " (the same value as ours)",
                    Some(_) => " (another's: ours was not chosen, and never will be)",
                };
                print::line(&format!("{value}{}", toned(Tone::Quiet, whose)))?;
            }
            Outcome::Success(Told::Undecided) => {
                print::say(&toned(Tone::Doubtful, "undecided, as of now"));
            }
            Outcome::PostFailed(reason)
            | Outcome::Retryable(reason)
            | Outcome::Fatal(reason)
            | Outcome::Unknown(reason) => {
                print::say(&format!("{} {reason}", toned(Tone::Bad, outcome.name())));
            }
        }
    }
    Ok(match outcome {
        Outcome::Success(_) => Ended::Met,
        Outcome::PostFailed(_) => Ended::PostFailed,
        Outcome::Retryable(_) => Ended::Retryable,
        Outcome::Fatal(_) => Ended::Fatal,
        Outcome::Unknown(_) => Ended::Unknown,
    })
}

fn json(key: &str, own: Option<&str>, outcome: &Outcome) -> serde_json::Value {
    let mut object = Map::new();
    object.insert("key".to_owned(), json!(key));
    object.insert("outcome".to_owned(), json!(outcome.name()));
    match outcome {
        Outcome::Success(Told::Chosen(value)) => {
            object.insert("decided".to_owned(), json!(true));
            object.insert("value".to_owned(), text(value));
            if let Some(own) = own {
                let is_same = own.as_bytes() == value.bytes();
                object.insert("same_as_ours".to_owned(), json!(is_same));
            }
        }
        Outcome::Success(Told::Undecided) => {
            object.insert("decided".to_owned(), json!(false));
        }
        Outcome::PostFailed(reason)
        | Outcome::Retryable(reason)
        | Outcome::Fatal(reason)
        | Outcome::Unknown(reason) => {
            object.insert("reason".to_owned(), json!(reason));
        }
    }
    serde_json::Value::Object(object)
}

/// A value as text; one that is not text as its bytes.
fn text(value: &Value) -> serde_json::Value {
    match std::str::from_utf8(value.bytes()) {
        Ok(text) => json!(text),
        Err(_) => json!(value.bytes()),
    }
}
