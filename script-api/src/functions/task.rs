//! `task`: several scripts at once.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use rhai::{AST, Dynamic, EvalAltResult, FnPtr, Module, NativeCallContext, Shared};
use services::host::{self, LimitError, StartError};
use services::task::{Outcome, TaskId, TaskInfo, TaskSpec, TaskState};
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

const BODY: Param = Param {
    name: "body",
    kind: Kind::Function,
    meaning: "a closure or function without parameters",
};

const NOT_FOUND: (&str, &str) = ("not_found", "there is no such task");

const START: Doc = Doc {
    namespace: "task",
    name: "start",
    params: &[BODY],
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

const START_WITH: Doc = Doc {
    namespace: "task",
    name: "start",
    params: &[
        BODY,
        Param {
            name: "options",
            kind: Kind::Map,
            meaning: "core: the number of the core that the task stays on; name: what lists call it",
        },
    ],
    returns: "int",
    errors: &[
        ("no_such_core", "no core with this number runs tasks"),
        ("unknown_option", "the map names something else"),
        ("wrong_type", "an option is of the wrong type"),
        ("...", "as above"),
    ],
    waits: false,
    summary: "The same, on a certain core or under another name.",
    notes: "Without the option, a task stays on the core that had the least to do when it was started. cpu::list() shows the \
            cores.",
    example: Example::Shows(
        "let id = task::start(|| task::name(), #{core: 0, name: \"worker\"}); task::wait(id)",
        "\"worker\"",
    ),
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
    notes: "One map per task: id, parent (or ()), name, core, state (`ready`, `waiting` or `ended`), cpu_time_us (microseconds \
            of processor time), operations, arena_bytes (memory), stack_peak_bytes (the most of its stack that was ever \
            in use), handles (channels, cells, counters and timers that it owns).",
    example: Example::Shows("task::list().len() >= 1", "true"),
};

const INFO: Doc = Doc {
    namespace: "task",
    name: "info",
    params: &[ID],
    returns: "map",
    errors: &[NOT_FOUND],
    waits: false,
    summary: "Tells all about one task.",
    notes: "What task::list tells, and memory_limit_bytes, started_ms (uptime when it was started), children (those that \
            run, by number), line and column (of the last function of the machine that it called, where known).",
    example: Example::Shows("task::info(task::current()).children", "[]"),
};

const LIMIT: Doc = Doc {
    namespace: "task",
    name: "limit",
    params: &[
        Param {
            name: "id",
            kind: Kind::Any,
            meaning: "a task's number, or () for the running task",
        },
        Param {
            name: "limits",
            kind: Kind::Map,
            meaning: "#{memory_bytes: ...}: bytes of memory beyond which its evaluation ends with memory_limit",
        },
    ],
    returns: "map",
    errors: &[
        NOT_FOUND,
        ("out_of_range", "the limit is too small or too large"),
        ("not_settable", "the map names something else"),
        ("wrong_type", "a value is of the wrong type"),
        ("unsupported", "memory is not counted by task on this machine"),
    ],
    waits: false,
    summary: "Changes a running task's memory limit, and returns what is known of the task.",
    notes: "At three times the limit the task is abandoned at once. A task that has more than the new limit already ends \
            at its next operation.",
    example: Example::Shows("task::limit((), #{}).id == task::current()", "true"),
};

const CURRENT: Doc = Doc {
    namespace: "task",
    name: "current",
    params: &[],
    returns: "int",
    errors: &[],
    waits: false,
    summary: "Returns the running task's number.",
    notes: "",
    example: Example::Shows("task::info(task::current()).state", "\"ready\""),
};

const NAME: Doc = Doc {
    namespace: "task",
    name: "name",
    params: &[],
    returns: "string",
    errors: &[],
    waits: false,
    summary: "Returns the running task's name.",
    notes: "",
    example: Example::Shows("task::wait(task::start(|| task::name()))", "\"closure in line 1\""),
};

/// Adds `task::*`.
pub fn register(api: &mut Api) {
    api.script(&START, start);
    api.script(&START_WITH, start);
    api.service(&WAIT, wait);
    api.service(&KILL, kill);
    api.service(&LIST, list);
    api.service(&INFO, info);
    api.service(&LIMIT, limit);
    api.service(&CURRENT, current);
    api.service(&NAME, name);
}

fn start(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let function = function(call, arguments, 0)?;
    let mut options = Options {
        name: match call.call_position().line() {
            Some(line) if function.is_anonymous() => format!("closure in line {line}"),
            _ => format!("{}()", function.fn_name()),
        },
        core: None,
    };
    if let Some(wanted) = arguments.get(1) {
        options
            .take(wanted)
            .map_err(|error| error.to_script(context, call.call_position()))?;
    }
    let (host, terminal) = (context.host, context.terminal);
    let body = |launch, _| -> Body { Box::new(move || program::run_function(host, terminal, launch)) };
    let id = launch(context, call, &function, &[0], &options, &body)?;
    Ok(Dynamic::from_int(i64::try_from(id.0).unwrap_or(i64::MAX)))
}

/// How a task is started.
pub(super) struct Options {
    /// Shown in lists.
    pub(super) name: String,
    /// The core that it stays on; `None` leaves the choice to the machine.
    pub(super) core: Option<u32>,
}

impl Options {
    /// Takes what a script has said.
    fn take(&mut self, wanted: &Dynamic) -> Result<(), ScriptError> {
        let wrong_type = |message: &str| ScriptError::new("wrong_type", message);
        let map = wanted
            .read_lock::<rhai::Map>()
            .ok_or_else(|| wrong_type("options come as a map"))?;
        for (name, value) in map.iter() {
            match name.as_str() {
                "core" => {
                    let core = value.as_int().map_err(|_| wrong_type("core is a whole number"))?;
                    self.core = Some(u32::try_from(core).map_err(|_| {
                        let message = format!("no core {core} runs tasks; cpu::list() tells which do");
                        ScriptError::new("no_such_core", message)
                    })?);
                }
                "name" => {
                    let name = value
                        .as_immutable_string_ref()
                        .map_err(|_| wrong_type("name is a string"))?;
                    self.name = owned(&name);
                }
                _ => {
                    let message = format!("there is no option `{name}`; core and name can be set");
                    return Err(ScriptError::new("unknown_option", message));
                }
            }
        }
        Ok(())
    }
}

/// A task's body.
pub(super) type Body = Box<dyn FnOnce() -> Outcome + Send>;

/// The function at `index` of the arguments.
pub(super) fn function(
    call: &NativeCallContext<'_>,
    arguments: &[&mut Dynamic],
    index: usize,
) -> Result<FnPtr, Box<EvalAltResult>> {
    let argument = arguments.get(index);
    let function = argument.and_then(|function| function.read_lock::<FnPtr>().map(|function| function.clone()));
    function.ok_or_else(|| thrown("wrong_arguments", "not a function", call.call_position()))
}

/// Starts a task, as `options` say, that has what it needs to call `function`; `body` makes what it runs, on the kernel heap,
/// and is told how many arguments the function takes: the first count in `counts` that it has.
pub(super) fn launch(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    function: &FnPtr,
    counts: &[usize],
    options: &Options,
    body: &dyn Fn(Launch, usize) -> Body,
) -> Result<TaskId, Box<EvalAltResult>> {
    let position = call.call_position();
    let libraries = call.namespaces();
    let with_count = |&count: &usize| Some((parameters(libraries, function, count)?, count));
    let (parameters, count) = counts.iter().find_map(with_count).ok_or_else(|| {
        thrown(
            "wrong_arguments",
            "the function takes other arguments, or is not a script's",
            position,
        )
    })?;
    let imports: Vec<_> = call.global_runtime_state().scan_imports_raw().collect();
    let constants = constants(call);

    let tasks = context.host.tasks;
    let mut started = Ok(TaskId(0));
    // What moves into the new task: references to the code, and copies on the kernel heap.
    tasks.on_kernel_heap(&mut || {
        started = copy(&parameters, function).and_then(|captured| {
            let imports = imports
                .iter()
                .filter_map(|(name, module)| Some((owned(name), owned(module.id()?))));
            let launch = Launch {
                libraries: libraries.to_vec(),
                function: owned(function.fn_name()),
                captured,
                imports: imports.collect(),
                constants: copy_constants(&constants)?,
            };
            let name = owned(&options.name);
            let body = body(launch, count);
            let core = options.core;
            tasks.start(TaskSpec { name, core, body }).map_err(start_error)
        });
    });
    let result = match &started {
        Ok(id) => Ok(*id),
        Err(error) => Err(error.to_script(context, position)),
    };
    let mut started = Some(started);
    tasks.on_kernel_heap(&mut || drop(started.take()));
    result
}

/// The names of the parameters that the function's captured values fill; `None` where it does not take `count` more.
fn parameters(libraries: &[Shared<Module>], function: &FnPtr, count: usize) -> Option<Vec<String>> {
    let captured = function.curry().len();
    libraries.iter().rev().find_map(|library| {
        let code = AST::new_from_module(library.clone());
        let definition = code
            .iter_fn_def()
            .find(|definition| definition.name == function.fn_name() && definition.params.len() == captured + count)?;
        Some(
            definition
                .params
                .iter()
                .take(captured)
                .map(|name| owned(name))
                .collect(),
        )
    })
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
        StartError::NoSuchCore(_) => "no_such_core",
    };
    ScriptError::new(code, error)
}

fn task_id(arguments: &Args<'_>) -> TaskId {
    TaskId(u64::try_from(arguments.int(0)).unwrap_or(u64::MAX))
}

fn wait(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let id = task_id(arguments);
    let outcome = host::block_on(context.host.tasks, context.host.tasks.wait(id))?;
    result(id, outcome)
}

/// The result of a task that has ended, or its error.
pub(super) fn result(id: TaskId, outcome: Option<Outcome>) -> Result<Value, ScriptError> {
    match outcome {
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
            format_args!("there is no task {}, or its result was already taken", id.0),
        )),
    }
}

fn kill(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(context.host.tasks.kill(task_id(arguments)).into())
}

fn current(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(int(context.host.tasks.current().0))
}

fn name(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(find(context, context.host.tasks.current())?.name.into())
}

fn find(context: &TaskContext, id: TaskId) -> Result<TaskInfo, ScriptError> {
    let task = context.host.tasks.list().into_iter().find(|task| task.id == id);
    task.ok_or_else(|| not_found(id))
}

fn not_found(id: TaskId) -> ScriptError {
    ScriptError::new("not_found", format_args!("there is no task {}", id.0))
}

fn list(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let rows = context.host.tasks.list().into_iter();
    Ok(Value::Array(rows.map(|task| Value::Map(row(context, task))).collect()))
}

fn row(context: &TaskContext, task: TaskInfo) -> Vec<(String, Value)> {
    let handles = context.host.shared.count_of(task.id);
    let entries = [
        ("id", int(task.id.0)),
        ("parent", task.parent.map_or(Value::Unit, |parent| int(parent.0))),
        ("name", task.name.into()),
        ("core", int(task.core)),
        ("state", task.state.name().into()),
        ("cpu_time_us", int(task.cpu_time_us)),
        ("operations", int(task.operations)),
        ("arena_bytes", int(task.arena_bytes)),
        ("stack_peak_bytes", int(task.stack_peak_bytes)),
        ("handles", int(handles)),
    ];
    entries.into_iter().map(|(name, value)| (owned(name), value)).collect()
}

fn info(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let id = task_id(arguments);
    let tasks = context.host.tasks.list();
    let children = tasks
        .iter()
        .filter(|task| task.parent == Some(id) && task.state != TaskState::Ended);
    let children = children.map(|task| int(task.id.0)).collect();
    let task = tasks
        .into_iter()
        .find(|task| task.id == id)
        .ok_or_else(|| not_found(id))?;
    let known = |number: u32| if number == 0 { Value::Unit } else { int(number) };
    let ((line, column), limit) = (task.position, task.memory_limit_bytes);
    let started_ms = task.started_ns / 1_000_000;
    let mut entries = row(context, task);
    for (name, value) in [
        ("memory_limit_bytes", if limit == 0 { Value::Unit } else { int(limit) }),
        ("started_ms", int(started_ms)),
        ("children", Value::Array(children)),
        ("line", known(line)),
        ("column", known(column)),
    ] {
        entries.push((owned(name), value));
    }
    Ok(Value::Map(entries))
}

/// The task that the first argument names; `()` is the running one.
fn task_or_own(context: &TaskContext, arguments: &Args<'_>) -> Result<TaskId, ScriptError> {
    match arguments.any(0)? {
        Value::Unit => Ok(context.host.tasks.current()),
        Value::Int(_) => Ok(task_id(arguments)),
        _ => Err(ScriptError::new(
            "wrong_type",
            "a task's number, or () for the running task",
        )),
    }
}

fn limit(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let id = task_or_own(context, arguments)?;
    set_limits(context, id, arguments.any(1)?)?;
    let mut entries = row(context, find(context, id)?);
    let limit = find(context, id)?.memory_limit_bytes;
    entries.push((owned("memory_limit_bytes"), int(limit)));
    Ok(Value::Map(entries))
}

/// Sets the limits in a map: all that can be set of one task. All are looked at before the first is set.
pub(super) fn set_limits(context: &TaskContext, id: TaskId, limits: Value) -> Result<(), ScriptError> {
    let Value::Map(entries) = limits else {
        return Err(ScriptError::new("wrong_type", "limits come as a map"));
    };
    let mut memory_bytes = None;
    for (name, value) in entries {
        match (name.as_str(), value) {
            ("memory_bytes", Value::Int(bytes)) => memory_bytes = Some(bytes),
            ("memory_bytes", _) => return Err(ScriptError::new("wrong_type", "memory_bytes is a whole number")),
            _ => {
                let message = format!("`{name}` cannot be set; memory_bytes can");
                return Err(ScriptError::new("not_settable", message));
            }
        }
    }
    let Some(bytes) = memory_bytes else { return Ok(()) };
    // What is negative is as much out of range as zero.
    let set = context
        .host
        .tasks
        .set_memory_limit(id, u64::try_from(bytes).unwrap_or(0));
    set.map_err(|error| {
        let code = match error {
            LimitError::NotFound => "not_found",
            LimitError::OutOfRange { .. } => "out_of_range",
            LimitError::Unsupported => "unsupported",
        };
        ScriptError::new(code, error)
    })
}
