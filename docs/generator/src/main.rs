//! `manual`: writes the book's pages and the editors' definitions below `target/manual`, and builds the book with mdBook.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{fmt, fs, io};

use manual::{book, definitions, reference};
use sim::fake;

/// The mdBook that the pages are written for.
const MDBOOK_VERSION: &str = "0.4.52";

/// Why there is no book.
#[derive(Debug)]
enum Error {
    /// A file or folder could not be read or written.
    File(PathBuf, io::Error),
    /// A program could not be started, or failed.
    Program(String),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(out, "{}: {error}", path.display()),
            Self::Program(command) => write!(out, "`{command}` failed"),
        }
    }
}

fn main() -> ExitCode {
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("manual: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), Error> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let target = target
        .canonicalize()
        .map_err(|error| Error::File(target.clone(), error))?;
    let output = target.join("manual");
    let namespaces = reference::namespaces(&fake::standard_machine());
    let source = book::folder();
    let pages = book::pages(&namespaces).map_err(|error| Error::File(source.clone(), error))?;
    // A page that is no more must not stay.
    if output.exists() {
        fs::remove_dir_all(&output).map_err(|error| Error::File(output.clone(), error))?;
    }
    for (path, text) in &pages {
        put(&output.join("src").join(path), text)?;
    }
    let settings = source.join("book.toml");
    let text = fs::read_to_string(&settings).map_err(|error| Error::File(settings.clone(), error))?;
    put(&output.join("book.toml"), &text)?;
    let definitions_file = output.join(definitions::FILE);
    put(&definitions_file, &definitions::file(&namespaces))?;
    println!("manual: {} pages in {}", pages.len() - 1, output.join("src").display());
    println!("manual: editors' definitions in {}", definitions_file.display());
    let mut build = Command::new(mdbook(&target.join("tools"))?);
    run(build.env("RUST_LOG", "warn").arg("build").arg(&output))?;
    println!("manual: the book is {}", output.join("html/index.html").display());
    Ok(())
}

fn put(path: &Path, text: &str) -> Result<(), Error> {
    let refused = |error| Error::File(path.into(), error);
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(refused)?;
    fs::write(path, text).map_err(refused)
}

/// The program mdBook: on the search path, else in `tools`, where it is installed if need be.
fn mdbook(tools: &Path) -> Result<PathBuf, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([tools.join("bin")]);
    let found = folders.map(|folder| folder.join("mdbook")).find(|file| file.is_file());
    if let Some(program) = found {
        return Ok(program);
    }
    println!(
        "manual: mdBook {MDBOOK_VERSION} is missing and will be built into {}",
        tools.display()
    );
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "install",
        "mdbook",
        "--version",
        MDBOOK_VERSION,
        "--locked",
        "--no-default-features",
    ]);
    run(cargo.arg("--root").arg(tools))?;
    Ok(tools.join("bin/mdbook"))
}

fn run(command: &mut Command) -> Result<(), Error> {
    let is_success = command.status().is_ok_and(|status| status.success());
    is_success
        .then_some(())
        .ok_or_else(|| Error::Program(format!("{command:?}")))
}
