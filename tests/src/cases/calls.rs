//! Every described function, entered on the machine with arguments that mean harm: no session dies of it, and none
//! outlasts Ctrl-C. The host's tests do the same far more often.

use std::time::Duration;

use script_api::functions;
use script_api::registry::Api;

use crate::calls;
use crate::ensure;
use crate::error::Error;
use crate::machine::{Machine, PROMPT};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[Test {
    name: "calls_with_hostile_arguments_end",
    company: Company::Shared,
    run: all_functions,
}];

/// Each function is called so often for each round, and more often where most calls were of the wrong types.
const CALLS: u32 = 10;
const CALLS_LIMIT: u32 = 60;
/// Fewer entries say that the calls were of the wrong types.
const ENTRIES_AT_LEAST: i64 = 4;
/// When Ctrl-C comes, and how long a call may go on then.
const PATIENCE: Duration = Duration::from_millis(250);
const END_LIMIT: Duration = Duration::from_secs(60);
/// What the supervisor says where an error has ended the session itself.
const LOST: &str = "its variables are lost";

fn all_functions(context: &Context) -> Result<(), Error> {
    let mut api = Api::default();
    functions::register(&mut api);
    functions::register_computing(&mut api);
    let (_, mut docs) = api.finish();
    docs.retain(|doc| calls::is_called(&doc.path()));
    ensure!(docs.len() > 100, "only {} functions", docs.len());
    context.at_prompt("debug=on", |machine| {
        let mut random = calls::numbers(u64::from(context.rounds.unwrap_or(1)));
        for doc in docs {
            let path = doc.path();
            let kinds: Vec<&str> = doc.params.iter().map(|param| param.kind.name()).collect();
            for _ in 0..CALLS * context.rounds.unwrap_or(1) {
                enter(machine, &path, &calls::call(&path, &kinds, &mut random))?;
            }
            let mut entered = 0;
            for _ in (0..CALLS_LIMIT).step_by(CALLS as usize) {
                entered = entries(machine, &path)?;
                if entered >= ENTRIES_AT_LEAST {
                    break;
                }
                for _ in 0..CALLS {
                    enter(machine, &path, &calls::call(&path, &kinds, &mut random))?;
                }
            }
            ensure!(entered >= ENTRIES_AT_LEAST, "{path} was entered {entered} times only");
        }
        machine.settle(END_LIMIT).map(|_| ())
    })
}

/// How often the function was entered. Timers that calls have started may print at any time, also into the answer's line.
fn entries(machine: &mut Machine, path: &str) -> Result<i64, Error> {
    machine.send(format!("\"entered \" + debug::entries(\"{path}\")\r").as_bytes())?;
    let output = machine.settle(END_LIMIT)?;
    let counts = output.split("\"entered ").filter_map(|text| {
        let (count, _) = text.split_once('"')?;
        count.parse().ok()
    });
    counts
        .last()
        .ok_or_else(|| Error::Wrong(format!("how often {path} was entered is not in: {output}")))
}

/// Enters `line`, with Ctrl-C where it takes long.
fn enter(machine: &mut Machine, path: &str, line: &str) -> Result<(), Error> {
    machine.send(line.as_bytes())?;
    machine.send(b"\r")?;
    let prompt = format!("\n{PROMPT}");
    let mut output = match machine.expect(&prompt, PATIENCE) {
        Err(Error::TimedOut { .. }) => {
            // The editor takes Ctrl-C for a key of its own; Ctrl-Q leaves it, and the page comes back before the prompt.
            let (key, end) = match path {
                "edit" => (b"\x11", PROMPT),
                _ => (b"\x03", prompt.as_str()),
            };
            machine.send(key)?;
            machine
                .expect(end, END_LIMIT)
                .map_err(|error| Error::Wrong(format!("`{line}` does not end: {error}")))?
        }
        output => output?,
    };
    output += &machine.settle(END_LIMIT)?;
    let is_killed = output.contains("error[killed]");
    ensure!(
        is_killed || !output.contains(LOST),
        "`{line}` ended the session: {output}"
    );
    Ok(())
}
