//! `cargo xtask sim`: the prompt on the developer's own terminal.
//!
//! With a terminal at both ends it is the prompt, raw keys and all; with a pipe it runs the lines that come through it,
//! as a shell does; with `--eval` or a file it runs that and ends.
#![forbid(unsafe_code)]

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use script_api::complete::Scanner;
use script_api::context::TaskContext;
use script_api::session::Session;
use script_api::supervisor;
use services::host::Tasks;
use services::task::{Outcome, TaskError};
use services::terminal::Terminal;
use services::value::Value;
use sim::console::Standard;
use sim::host::{self, Simulated};
use sim::tasks::wait_for;
use sim::tty;

const HELP: &str = "\
cargo xtask sim [--data DIR] [--eval CODE | FILE]

The prompt on this terminal. Ctrl-D ends it.

  --data DIR   a folder of this machine as /data; made where it is missing
  --eval CODE  evaluate, show the result, and end
  FILE         run a script of this machine, and end
Without a terminal, the lines of standard input are run as at the prompt.
The exit code is 1 where something failed.
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
enum Work {
    Prompt,
    Evaluate(String),
    RunFile(PathBuf),
    Help,
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<(Option<PathBuf>, Work), String> {
    let (mut data, mut work) = (None, Work::Prompt);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} wants a value"));
        let wanted = match word.as_str() {
            "--data" => {
                data = Some(PathBuf::from(value()?));
                continue;
            }
            "--eval" => Work::Evaluate(value()?),
            "--help" | "-h" => return Ok((None, Work::Help)),
            option if option.starts_with('-') => return Err(format!("there is no option {option}")),
            file => Work::RunFile(file.into()),
        };
        if work != Work::Prompt {
            return Err(String::from("one thing at a time: --eval CODE, or one FILE"));
        }
        work = wanted;
    }
    Ok((data, work))
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            tty::restore();
            eprintln!("sim: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all went well.
fn run() -> Result<bool, String> {
    let (data, work) = arguments(std::env::args().skip(1))?;
    if work == Work::Help {
        print!("{HELP}");
        return Ok(true);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let machine = host::make(data.as_deref(), words.join(" ")).map_err(|error| error.to_string())?;
    match work {
        Work::Prompt if tty::is_interactive() => prompt(&machine).map_err(|error| error.to_string()),
        Work::Prompt => Ok(with_session(&machine, |session| run_lines(session, io::stdin().lock()))),
        Work::Evaluate(text) => Ok(with_session(&machine, move |session| {
            session.evaluate_and_show(&text).is_well()
        })),
        Work::RunFile(path) => {
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(with_session(&machine, move |session| session.run_text(&text)))
        }
        Work::Help => Ok(true),
    }
}

/// The prompt, until Ctrl-D.
fn prompt(machine: &Simulated) -> io::Result<bool> {
    tty::take()?;
    let console = Standard::raw(|| tty::exit(0));
    let terminal: &'static Terminal = Box::leak(Box::new(Terminal::new(console)));
    terminal.set_view(tty::view());
    tty::follow_signals(terminal)?;
    thread::spawn(move || wait_for(terminal.pump()));
    let host = machine.host;
    machine
        .tasks
        .on_kernel_heap(&mut || wait_for(supervisor::serve_until_end(host, terminal)));
    wait_for(terminal.flush());
    tty::restore();
    Ok(true)
}

/// A session without a terminal: what it prints goes to standard output.
fn with_session(machine: &Simulated, work: impl FnOnce(&mut Session) -> bool + Send + 'static) -> bool {
    let terminal: &'static Terminal = Box::leak(Box::new(Terminal::new(Standard::plain())));
    terminal.set_view(tty::view());
    thread::spawn(move || wait_for(terminal.pump()));
    let host = machine.host;
    let outcome = machine.tasks.run("script", move || -> Outcome {
        let mut session = Session::new(TaskContext::current(host, Some(terminal)));
        if work(&mut session) {
            Ok(Value::Unit)
        } else {
            Err(TaskError::default())
        }
    });
    wait_for(terminal.flush());
    if let Err(error) = &outcome
        && !error.code.is_empty()
    {
        eprintln!("sim: {error}");
    }
    outcome.is_ok()
}

/// Runs each complete input as the prompt does; whether all went well.
fn run_lines(session: &mut Session, lines: impl BufRead) -> bool {
    let mut scanner = Scanner::default();
    let mut text = String::new();
    let mut is_well = true;
    for line in lines.lines() {
        let Ok(line) = line else {
            eprintln!("sim: the input is not UTF-8 text");
            return false;
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
        if scanner.is_complete(&text) {
            is_well &= session.evaluate_and_show(&text).is_well();
            text.clear();
            scanner = Scanner::default();
        }
    }
    if !text.is_empty() {
        is_well &= session.evaluate_and_show(&text).is_well();
    }
    is_well
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_arguments() {
        let read = |words: &[&str]| arguments(words.iter().map(|&word| String::from(word)));
        assert_eq!(read(&[]), Ok((None, Work::Prompt)));
        assert_eq!(
            read(&["--data", "d", "--eval", "1 + 1"]),
            Ok((Some("d".into()), Work::Evaluate("1 + 1".into())))
        );
        assert_eq!(read(&["a.rhai"]), Ok((None, Work::RunFile("a.rhai".into()))));
        for wrong in [
            &["--data"][..],
            &["--eval"],
            &["--what"],
            &["a", "b"],
            &["--eval", "1", "b"],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
