//! Why there are no reports.

/// Why answers cannot be turned into files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two files would have one name.
    #[error(
        "two reports would be written to `{0}`: give each scenario a name of its own, and none \
         the name `README`, `engines` or `mutants`"
    )]
    SameFile(String),
    /// What was found cannot be written as JSON.
    #[error("what was found cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// What was found cannot be written as JUnit's XML.
    #[error("what was found cannot be written as JUnit's XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// A world without end cannot be kept up to the order of its ballots.
    #[error("what follows on the trace's last state cannot be judged: {0}")]
    Ranked(String),
    /// What follows on a saved path cannot be explored.
    #[error("what follows on the trace's last state cannot be explored: {0}")]
    Onward(#[from] checker::Error),
}
