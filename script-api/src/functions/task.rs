//! `task`: several scripts at once.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use rhai::{AST, Dynamic, EvalAltResult, FnPtr, Module, NativeCallContext, Shared};
use services::host::{self, StartError};
use services::task::{TaskId, TaskSpec};
use services::value::Value;

use super::int;
use crate::context::TaskContext;
use crate::convert;
use crate::error::thrown;
use crate::program::{self, Launch};
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

const ID: Param = Param {
    name: "id",
    kind: Kind::Int,
    meaning: "what task::start returned",
};

const START: Doc = Doc {
    namespace: "task",
    name: "start",
    params: &[Param {
        name: "body",
        kind: Kind::Function,
        meaning: "a closure or function without parameters",
    }],
    returns: "int",
    errors: &[
        ("wrong_arguments", "the function has parameters"),
        (
            "cannot_copy",
            "a captured variable holds something that belongs to this task alone",
        ),
        ("too_large", "the captured values are too large to copy"),
        ("out_of_memory", "there is not enough free memory for another task"),
        ("too_many_tasks", "too many tasks run at once"),
    ],
    waits: false,
    summary: "Starts a function as a task of its own and returns the task's number.",
    notes: "The new task works on copies of the captured variables, as they are now: what one task changes, the other \
            does not see. It ends with the task that started it.",
    example: Example::Shows("let n = 20; let id = task::start(|| n * 2 + 2); task::wait(id)", "42"),
};

const WAIT: Doc = Doc {
    namespace: "task",
    name: "wait",
    params: &[ID],
    returns: "any",
    errors: &[
        ("not_found", "there is no such task, or its result was already taken"),
        (
            "result_dropped",
            "results that nobody took grew too large for the memory",
        ),
        (
            "...",
            "what the task threw, or why it ended: `killed`, `stack_overflow`, `out_of_memory`, `native_panic`",
        ),
    ],
    waits: true,
    summary: "Waits for a task's end and returns its result, or throws its error.",
    notes: "A result can be taken once.",
    example: Example::Shows(
        "try { task::wait(task::start(|| 1 / 0)) } catch (error) { print(error.code) }",
        "arithmetic",
    ),
};

const KILL: Doc = Doc {
    namespace: "task",
    name: "kill",
    params: &[ID],
    returns: "bool",
    errors: &[],
    waits: false,
    summary: "Asks a task to end; tells whether it was running.",
    notes: "The task ends at its next operation, or at once where it waits.",
    example: Example::Shows("let id = task::start(|| { loop {} }); task::kill(id)", "true"),
};

const LIST: Doc = Doc {
    namespace: "task",
    name: "list",
    params: &[],
    returns: "array",
    errors: &[],
    waits: false,
    summary: "Lists all tasks.",
    notes: "One map per task: id, parent (or ()), name, state (`ready`, `waiting` or `ended`), cpu_ms, operations, \
            arena_bytes, stack_peak_bytes.",
    example: Example::Shows("task::list().len() >= 1", "true"),
};

/// Adds `task::*`.
pub fn register(api: &mut Api) {
    api.script(&START, start);
    api.service(&WAIT, wait);
    api.service(&KILL, kill);
    api.service(&LIST, list);
}

fn start(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let position = call.call_position();
    let function = arguments
        .first()
        .and_then(|function| function.read_lock::<FnPtr>().map(|function| function.clone()));
    let function = function.ok_or_else(|| thrown("wrong_arguments", "not a function", position))?;
    let library = library(call);
    let parameters = parameters(&library, &function).ok_or_else(|| {
        thrown(
            "wrong_arguments",
            "the function takes arguments, or is not a script's",
            position,
        )
    })?;
    let imports: Vec<_> = call.global_runtime_state().scan_imports_raw().collect();
    let constants = constants(call);

    let name = match position.line() {
        Some(line) if function.is_anonymous() => format!("closure in line {line}"),
        _ => format!("{}()", function.fn_name()),
    };
    let tasks = context.host.tasks;
    let mut started = Ok(TaskId(0));
    // What moves into the new task: references to the code, and copies on the kernel heap.
    let mut code = Some(library);
    tasks.on_kernel_heap(&mut || {
        let Some(library) = code.take() else { return };
        started = copy(&parameters, &function).and_then(|captured| {
            let imports = imports
                .iter()
                .filter_map(|(name, module)| Some((owned(name), owned(module.id()?))));
            let launch = Launch {
                library,
                function: owned(function.fn_name()),
                captured,
                imports: imports.collect(),
                constants: copy_constants(&constants)?,
            };
            let (host, terminal) = (context.host, context.terminal);
            let body = Box::new(move || program::run_function(host, terminal, launch));
            tasks
                .start(TaskSpec {
                    name: owned(&name),
                    body,
                })
                .map_err(start_error)
        });
    });
    let result = match &started {
        Ok(id) => Ok(Dynamic::from_int(i64::try_from(id.0).unwrap_or(i64::MAX))),
        Err(ScriptError::Thrown { code, message }) => Err(thrown(code, message, position)),
        Err(ScriptError::Interrupted) => Err(thrown("killed", "interrupted", position)),
    };
    let mut started = Some(started);
    tasks.on_kernel_heap(&mut || drop(started.take()));
    result
}

/// All functions that the caller sees, as one module: what is found first comes last.
fn library(call: &NativeCallContext<'_>) -> Shared<Module> {
    match call.namespaces() {
        [one] => one.clone(),
        several => {
            let mut all = Module::new();
            for module in several {
                all.merge(module);
            }
            all.into()
        }
    }
}

/// The names of the parameters that the function's captured values fill; `None` where more arguments are needed.
fn parameters(library: &Shared<Module>, function: &FnPtr) -> Option<Vec<String>> {
    let code = AST::new_from_module(library.clone());
    let definition = code.iter_fn_def().find(|definition| {
        definition.name == function.fn_name() && definition.params.len() == function.curry().len()
    })?;
    Some(definition.params.iter().map(|name| owned(name)).collect())
}

/// The caller's global constants, still in its arena.
fn constants(call: &NativeCallContext<'_>) -> Vec<(String, Dynamic)> {
    let constants = call
        .global_runtime_state()
        .constants
        .as_ref()
        .and_then(|constants| rhai::locked_read(constants));
    let copy = |constants: &alloc::collections::BTreeMap<rhai::ImmutableString, Dynamic>| {
        constants
            .iter()
            .map(|(name, value)| (owned(name), value.clone()))
            .collect()
    };
    constants.map(|constants| copy(&constants)).unwrap_or_default()
}

fn copy(parameters: &[String], function: &FnPtr) -> Result<Vec<Value>, ScriptError> {
    let named = parameters.iter().zip(function.iter_curry());
    named.map(|(name, value)| copy_named(name, value)).collect()
}

fn copy_constants(constants: &[(String, Dynamic)]) -> Result<Vec<(String, Value)>, ScriptError> {
    constants
        .iter()
        .map(|(name, value)| Ok((owned(name), copy_named(name, value)?)))
        .collect()
}

fn copy_named(name: &str, value: &Dynamic) -> Result<Value, ScriptError> {
    convert::to_value(value).map_err(|error| ScriptError::new(error.code(), format_args!("`{name}`: {error}")))
}

fn owned(text: &str) -> String {
    String::from(text)
}

fn start_error(error: StartError) -> ScriptError {
    let code = match error {
        StartError::OutOfMemory => "out_of_memory",
        StartError::TooManyTasks => "too_many_tasks",
    };
    ScriptError::new(code, error)
}

fn task_id(arguments: &Args<'_>) -> TaskId {
    TaskId(u64::try_from(arguments.int(0)).unwrap_or(u64::MAX))
}

fn wait(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let id = task_id(arguments);
    match host::block_on(context.host.tasks, context.host.tasks.wait(id))? {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => {
            let message = if error.line == 0 {
                error.message
            } else {
                format!(
                    "{} (in the task's line {}, column {})",
                    error.message, error.line, error.column
                )
            };
            Err(ScriptError::new(error.code, message))
        }
        None => Err(ScriptError::new(
            "not_found",
            format_args!("there is no task {}, or its result was already taken", arguments.int(0)),
        )),
    }
}

fn kill(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(context.host.tasks.kill(task_id(arguments)).into())
}

fn list(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let rows = context.host.tasks.list().into_iter().map(|task| {
        Value::map([
            ("id", int(task.id.0)),
            ("parent", task.parent.map_or(Value::Unit, |parent| int(parent.0))),
            ("name", task.name.into()),
            ("state", task.state.name().into()),
            ("cpu_ms", Value::Float(task.cpu_time_us as f64 / 1000.0)),
            ("operations", int(task.operations)),
            ("arena_bytes", int(task.arena_bytes)),
            ("stack_peak_bytes", int(task.stack_peak_bytes)),
        ])
    });
    Ok(Value::Array(rows.collect()))
}
