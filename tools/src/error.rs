//! Why a command could not do its work.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::{fmt, io};

use crate::elf;

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Error {
    /// The command line was not understood; the text says why.
    Usage(String),
    /// A file or folder could not be read or written.
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program could not be started.
    Start {
        /// Its name.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program ended with a failure; it has printed why.
    Failed {
        /// The whole command.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A program did not end in time and was stopped.
    TimedOut {
        /// The whole command.
        command: String,
        /// The limit.
        limit_seconds: u64,
    },
    /// Something has to be installed and we may not; the text is the command to run.
    NotAllowed(String),
    /// Something is missing that no command of ours can get; the text names it.
    Missing(String),
    /// The linked kernel is not what was expected.
    Elf(elf::Error),
    /// Checks or tests have failed, or something cannot be packed; the text says which.
    Found(String),
}

impl Error {
    /// For `map_err` on an operation on `path`.
    pub fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::File {
            path: path.to_path_buf(),
            source,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(reason) => write!(out, "{reason}; `cargo xtask help` lists the commands"),
            Self::File { path, source } => write!(out, "{}: {source}", path.display()),
            Self::Start { program, source } => write!(out, "could not start {program}: {source}"),
            Self::Failed { command, status } => write!(out, "`{command}` failed ({status})"),
            Self::TimedOut { command, limit_seconds } => write!(out, "`{command}` took over {limit_seconds} s"),
            Self::NotAllowed(command) => write!(
                out,
                "this needs root; run this once, then try again:\n\n    {command}\n"
            ),
            Self::Missing(what) => write!(out, "missing: {what}"),
            Self::Elf(error) => write!(out, "the kernel's file: {error}"),
            Self::Found(what) => out.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

impl From<elf::Error> for Error {
    fn from(error: elf::Error) -> Self {
        Self::Elf(error)
    }
}
