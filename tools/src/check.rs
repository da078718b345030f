//! `check`: format, clippy, the rules between the crates, documentation. Everything is looked at before it fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::toolchain::Toolchain;
use crate::{command, packages};

/// A crate, its folder, which of our crates it may use, and which its tests may use, too.
type Layer = (&'static str, &'static str, Names, Names);
type Names = &'static [&'static str];
const OF_THE_TESTS: Names = &["hw", "services", "script-api", "sim", "names", "xtask"];
/// The one direction of dependency.
const LAYERS: &[Layer] = &[
    ("hw", "kernel/hw", &[], &[]),
    ("drivers", "kernel/drivers", &["hw"], &[]),
    ("services", "kernel/services", &["hw"], &[]),
    ("script-api", "script-api", &["services"], &["hw", "sim"]),
    ("sim", "sim", &["drivers", "services", "script-api"], &["hw"]),
    ("manual", "docs/generator", &["services", "script-api", "sim"], &[]),
    ("kernel", "kernel", &["hw", "drivers", "services", "script-api"], &[]),
    ("names", "names", &[], &[]),
    ("xtask", "tools", &["names"], &[]),
    ("tests", "tests", OF_THE_TESTS, &[]),
];
/// Crates whose every root file forbids unsafe code.
const SAFE: &[&str] = &[
    "drivers",
    "services",
    "script-api",
    "sim",
    "manual",
    "names",
    "xtask",
    "tests",
];
/// The parts of the kernel that may hold unsafe code.
const UNSAFE_FOLDERS: &[&str] = &["boot", "arch", "memory", "executor", "report"];
/// A file over this many lines is to be split.
const FILE_LINES_LIMIT: usize = 600;
/// The commands stay small, or they become a second system.
const TOOLS_LINES_LIMIT: usize = 1500;

type Rule = fn() -> Result<Vec<String>, Error>;

/// Runs the command.
///
/// # Errors
///
/// Where the set-up fails, or something was found.
pub fn run(arguments: Arguments) -> Result<(), Error> {
    arguments.finish()?;
    packages::ensure(packages::BASE)?;
    let toolchain = Toolchain::ensure()?;
    let mut failed = Vec::new();
    for (name, mut program) in programs(&toolchain) {
        println!("check: {name}");
        if let Err(error) = command::run(&mut program) {
            println!("check: {error}");
            failed.push(name);
        }
    }
    for (name, rule) in [("layers", layers as Rule), ("unsafe", safety), ("sizes", sizes)] {
        println!("check: {name}");
        let found = rule()?;
        found.iter().for_each(|line| println!("check: {line}"));
        if !found.is_empty() {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        println!("check: all is well");
        return Ok(());
    }
    Err(Error::Found(format!("check has failed: {}", failed.join(", "))))
}

fn programs(toolchain: &Toolchain) -> Vec<(&'static str, Command)> {
    let host = |words: &[&str]| {
        let mut cargo = command::cargo();
        cargo.args(words);
        cargo
    };
    let mut documents = host(&["doc", "--no-deps", "--quiet", "--workspace", "--exclude", "kernel"]);
    documents.env("RUSTDOCFLAGS", "-Dwarnings");
    let mut kernel_documents = host(&["doc", "--no-deps", "--quiet", "--package", "kernel", "--lib"]);
    kernel_documents.env("RUSTDOCFLAGS", "-Dwarnings");
    let mut kernel = toolchain.cargo("clippy");
    kernel.args(["--quiet", "--package", "kernel", "--bin", "rhaios", "--", "-Dwarnings"]);
    let members = [
        "clippy",
        "--quiet",
        "--workspace",
        "--exclude",
        "kernel",
        "--all-targets",
        "--",
        "-Dwarnings",
    ];
    let library = [
        "clippy",
        "--quiet",
        "--package",
        "kernel",
        "--lib",
        "--tests",
        "--",
        "-Dwarnings",
    ];
    vec![
        ("format", host(&["fmt", "--all", "--check"])),
        ("clippy, host", host(&members)),
        ("clippy, the kernel's host tests", host(&library)),
        ("clippy, kernel", kernel),
        ("documents", documents),
        ("documents, kernel", kernel_documents),
    ]
}

/// Dependencies against the layers.
fn layers() -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for (name, folder, allowed, allowed_in_tests) in LAYERS {
        let manifest = read(&command::root().join(folder).join("Cargo.toml"))?;
        for (used, is_of_tests) in dependencies(&manifest) {
            let has = |names: Names| names.contains(&used.as_str());
            let is_ours = LAYERS.iter().any(|(known, ..)| *known == used);
            if is_ours && !has(allowed) && !(is_of_tests && has(allowed_in_tests)) {
                found.push(format!("{name} must not depend on {used}"));
            }
        }
    }
    Ok(found)
}

/// The names in every section of dependencies of a manifest, each with whether only tests have it.
fn dependencies(manifest: &str) -> Vec<(String, bool)> {
    let mut names = Vec::new();
    let (mut in_section, mut is_of_tests) = (false, false);
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            // A dependency may also have a section of its own: `[dependencies.name]`.
            let (table, name) = section.rsplit_once('.').unwrap_or(("", section));
            in_section = name.ends_with("dependencies");
            is_of_tests = section.split('.').any(|part| part == "dev-dependencies");
            if table.ends_with("dependencies") {
                names.push((name.to_string(), is_of_tests));
            }
        } else if in_section && let Some((key, _)) = line.split_once('=') {
            names.push((key.split('.').next().unwrap_or(key).trim().to_string(), is_of_tests));
        }
    }
    names
}

/// Unsafe code where it does not belong.
fn safety() -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for (name, folder, ..) in LAYERS.iter().filter(|(name, ..)| SAFE.contains(name)) {
        let source = command::root().join(folder).join("src");
        let folder = fs::read_dir(source.join("bin")).into_iter();
        let programs = folder.flatten().flatten().map(|entry| entry.path());
        for file in ["lib.rs", "main.rs"]
            .map(|root| source.join(root))
            .into_iter()
            .chain(programs)
        {
            if file.is_file() && !read(&file)?.contains("#![forbid(unsafe_code)]") {
                found.push(format!("{name}: {} does not forbid unsafe code", shown(&file)));
            }
        }
    }
    let kernel = command::root().join("kernel/src");
    for file in rust_files(&kernel)? {
        let is_allowed = UNSAFE_FOLDERS
            .iter()
            .any(|folder| file.starts_with(kernel.join(folder)));
        let code = read(&file)?;
        let is_unsafe = |line: &str| {
            let code = line.split("//").next().unwrap_or_default();
            ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
                .iter()
                .any(|word| code.contains(word))
        };
        if !is_allowed && code.lines().any(is_unsafe) {
            let allowed = UNSAFE_FOLDERS.join(", ");
            found.push(format!("{} holds unsafe code; only {allowed} may", shown(&file)));
        }
    }
    Ok(found)
}

/// Files that are too long.
fn sizes() -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let mut tools_lines = 0;
    for folder in ["kernel", "script-api", "sim", "docs", "tools", "tests"] {
        for file in rust_files(&command::root().join(folder))? {
            let code = read(&file)?;
            let lines = code.lines().count();
            tools_lines += if folder == "tools" { code_lines(&code) } else { 0 };
            if lines > FILE_LINES_LIMIT {
                found.push(format!("{} has {lines} lines, over {FILE_LINES_LIMIT}", shown(&file)));
            }
        }
    }
    if tools_lines > TOOLS_LINES_LIMIT {
        found.push(format!("tools/ has {tools_lines} lines, over {TOOLS_LINES_LIMIT}"));
    }
    Ok(found)
}

/// Lines that are neither empty nor comment nor test.
fn code_lines(text: &str) -> usize {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::file(folder))?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn shown(path: &Path) -> String {
    path.strip_prefix(command::root()).unwrap_or(path).display().to_string()
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(Error::file(path))
}

#[cfg(test)]
mod tests {
    use super::dependencies;

    #[test]
    fn reads_every_form_of_dependency() {
        let manifest = "[package]\nname = 'x'\n[dependencies]\nhw.workspace = true\nlog = { version = '1' }\n\
                        [dev-dependencies]\nservices = { path = '..' }\n[dependencies.drivers]\npath = '..'\n\
                        [target.x86_64-unknown-none.dependencies]\nspin = '1'\n[lints]\nworkspace = true\n";
        let marked = dependencies(manifest)
            .into_iter()
            .map(|(name, is_of_tests)| if is_of_tests { name + "?" } else { name });
        assert_eq!(
            marked.collect::<Vec<_>>(),
            ["hw", "log", "services?", "drivers", "spin"]
        );
    }
}
