//! `bg` and `fg`: lines of the prompt that run in the background.

use alloc::format;
use core::future::poll_fn;
use core::task::Poll;

use services::host;
use services::task::TaskId;
use services::terminal::Terminal;
use services::terminal::jobs::Refusal;
use services::value::Value;

use super::{int, task};
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

const NO_TERMINAL: (&str, &str) = ("no_terminal", "the task has no terminal");
const NOT_AT_PROMPT: (&str, &str) = ("not_at_prompt", "the task is no line of the prompt");

const BG: Doc = Doc {
    namespace: "",
    name: "bg",
    params: &[],
    returns: "int",
    errors: &[NOT_AT_PROMPT, NO_TERMINAL],
    waits: false,
    summary: "Sends the running line to the background, as Ctrl-Z does; returns its task's number.",
    notes: "The prompt comes back at once, and the line goes on as a task. What it prints goes above the line that is being \
            typed, and its end is told. The new prompt has copies of the functions, imports and variables as they were \
            when the line began; variables that are too large (256 KiB together) or cannot be copied stay with the line, \
            and are named. The line keeps its own, which end with it. fg returns to it, task::wait takes its result, \
            task::kill ends it.",
    example: Example::Shows("bg(); 6 * 7", "..."),
};

const FG: Doc = Doc {
    namespace: "",
    name: "fg",
    params: &[Param {
        name: "id",
        kind: Kind::Int,
        meaning: "the number that was shown when the line went to the background",
    }],
    returns: "any",
    errors: &[
        ("not_found", "no line runs in the background by that number"),
        ("in_use", "another line was brought back and still runs"),
        NOT_AT_PROMPT,
        NO_TERMINAL,
        ("...", "what the line throws"),
    ],
    waits: true,
    summary: "Returns to a line that runs in the background: waits for its end and returns its result.",
    notes: "Ctrl-C and the keys go to that line meanwhile; Ctrl-Z sends it to the background again.",
    example: Example::Shows("try { fg(0) } catch (error) { print(error.code) }", "not_found"),
};

/// Adds `bg` and `fg`.
pub fn register(api: &mut Api) {
    api.service(&BG, bg);
    api.service(&FG, fg);
}

fn terminal(context: &TaskContext) -> Result<&'static Terminal, ScriptError> {
    context
        .terminal
        .ok_or_else(|| ScriptError::new(NO_TERMINAL.0, NO_TERMINAL.1))
}

fn refused(refusal: Refusal) -> ScriptError {
    let code = match refusal {
        Refusal::NotAtPrompt => NOT_AT_PROMPT.0,
        Refusal::NotFound => "not_found",
        Refusal::InUse => "in_use",
    };
    ScriptError::new(code, refusal)
}

fn bg(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let task = terminal(context)?
        .detach(Some(context.host.tasks.current()))
        .map_err(refused)?;
    Ok(int(task.0))
}

fn fg(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let terminal = terminal(context)?;
    let id = TaskId(arguments.count(0, "id")?);
    terminal.bring_back(id, context.control).map_err(refused)?;
    let mut ended = context.host.tasks.wait(id);
    let ends = poll_fn(move |waker| match ended.as_mut().poll(waker) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => terminal.poll_detached_again(id, waker).map(|()| None),
    });
    let end = host::block_on(context.host.tasks, ends);
    terminal.end_bring_back(id);
    match end? {
        Some(outcome) => task::result(id, outcome),
        None => {
            context.print_line(&format!("[{}] goes on in the background", id.0))?;
            Ok(Value::Unit)
        }
    }
}
