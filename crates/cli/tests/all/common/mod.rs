//! A folder of its own for each test, with `models` to check in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::OutputAssertExt as _;
use tempfile::TempDir;

/// Where one test runs `paxos`. Nothing outside is written.
pub(crate) struct Room {
    folder: TempDir,
}

impl Room {
    /// A room whose folder `models` has these scenarios of the repository.
    pub(crate) fn with(scenarios: &[&str]) -> Room {
        let folder = tempfile::tempdir().expect("temporary folders can be made");
        let room = Room { folder };
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        for scenario in scenarios {
            let file = shipped.join(format!("{scenario}.toml"));
            let text = std::fs::read_to_string(&file)
                .unwrap_or_else(|error| panic!("no scenario {}: {error}", file.display()));
            room.write(&format!("models/{scenario}.toml"), &text);
        }
        room
    }

    /// The path of something in the room.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders it is in.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        let folder = path.parent().expect("it is in the room's folder");
        std::fs::create_dir_all(folder).expect("folders can be made in the room");
        std::fs::write(path, text).expect("files can be written in the room");
    }

    /// The command, to be run here, with nothing of the outside that could change what it prints.
    pub(crate) fn paxos(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paxos"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR")
            .env_remove("CLICOLOR_FORCE");
        command
    }
}

/// What a command said.
pub(crate) struct Said {
    /// On standard output.
    pub(crate) out: String,
    /// On standard error.
    pub(crate) err: String,
}

/// Runs a command to its end, which must be this exit code.
pub(crate) fn run(mut command: Command, code: i32) -> Said {
    let assert = command.assert().code(code);
    let output = assert.get_output();
    Said {
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The lines of a story without those that tell of changes within nodes, under their event.
pub(crate) fn events<'a>(story: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    story.filter(|line| !line.starts_with("        "))
}
