//! How stories are told.

/// How a path is told.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct StoryArgs {
    /// Draw stories as lanes side by side, as wide as the terminal is or as COLUMNS says; without it they
    /// are told in a line an event
    #[arg(long)]
    pub(crate) diagram: bool,
}
