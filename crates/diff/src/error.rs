//! Why two cores could not be compared.

/// Why two cores could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A world that could not be explored.
    #[error(transparent)]
    Exploration(#[from] checker::Error),
}
