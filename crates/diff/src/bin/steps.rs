//! The other side of `paxos diff --against`: answers, a line of JSON for a line of JSON, what can happen in a state.
//! It is built with the core of another revision.

use std::io::{self, BufReader};

fn main() -> io::Result<()> {
    diff::serve(BufReader::new(io::stdin()), &mut io::stdout().lock())
}
