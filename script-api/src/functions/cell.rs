//! `cell` and `counter`: values that several tasks read and change.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::poll_fn;
use core::sync::atomic::{AtomicI64, Ordering};

use rhai::{Dynamic, EvalAltResult, FnPtr, NativeCallContext};
use services::host;
use services::shared::{Cell, Closed};
use services::value::Value;

use crate::context::TaskContext;
use crate::convert;
use crate::error::thrown;
use crate::handles;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

const CELL: Param = Param {
    name: "cell",
    kind: Kind::Cell,
    meaning: "what cell::open returned, here or in another task",
};
const COUNTER: Param = Param {
    name: "counter",
    kind: Kind::Counter,
    meaning: "what counter::open returned, here or in another task",
};
const CLOSED: (&str, &str) = ("closed", "the task that made it has ended");
const OUT_OF_MEMORY: (&str, &str) = ("out_of_memory", "what cells and channels hold takes too much memory");
const CANNOT_COPY: (&str, &str) = ("cannot_copy", "the value belongs to this task alone");
const TOO_MANY: (&str, &str) = ("too_many", "the task has 4096 channels, cells and counters already");

const OPEN: Doc = Doc {
    namespace: "cell",
    name: "open",
    params: &[Param {
        name: "value",
        kind: Kind::Any,
        meaning: "what it holds at first",
    }],
    returns: "cell",
    errors: &[TOO_MANY, OUT_OF_MEMORY, CANNOT_COPY],
    waits: false,
    summary: "Makes a cell: a value that several tasks read and change.",
    notes: "Capture it in the closures of the tasks that use it; each works on copies of the value. The cell ends with the \
            task that made it.",
    example: Example::Shows(
        "let total = cell::open(0); task::wait(task::start(|| total.set(42))); total.get()",
        "42",
    ),
};

const GET: Doc = Doc {
    namespace: "cell",
    name: "get",
    params: &[CELL],
    returns: "any",
    errors: &[CLOSED],
    waits: false,
    summary: "Returns a copy of the cell's value.",
    notes: "",
    example: Example::Shows("cell::open([1, 2]).get()", "[1, 2]"),
};

const SET: Doc = Doc {
    namespace: "cell",
    name: "set",
    params: &[
        CELL,
        Param {
            name: "value",
            kind: Kind::Any,
            meaning: "what it holds from now on",
        },
    ],
    returns: "()",
    errors: &[CLOSED, OUT_OF_MEMORY, CANNOT_COPY],
    waits: false,
    summary: "Replaces the cell's value.",
    notes: "",
    example: Example::Shows("let c = cell::open(1); c.set(2); c.get()", "2"),
};

const UPDATE: Doc = Doc {
    namespace: "cell",
    name: "update",
    params: &[
        CELL,
        Param {
            name: "change",
            kind: Kind::Function,
            meaning: "takes the value, returns the one to put in its place",
        },
    ],
    returns: "any",
    errors: &[
        CLOSED,
        OUT_OF_MEMORY,
        CANNOT_COPY,
        ("busy", "the function changes the same cell again"),
        ("...", "what the function throws; the value stays then"),
    ],
    waits: true,
    summary: "Changes the cell's value by a function; other updates wait meanwhile. Returns the new value.",
    notes: "",
    example: Example::Shows("let c = cell::open(20); c.update(|n| n * 2 + 2)", "42"),
};

const COUNTER_OPEN: Doc = Doc {
    namespace: "counter",
    name: "open",
    params: &[Param {
        name: "start",
        kind: Kind::Int,
        meaning: "what it shows at first",
    }],
    returns: "counter",
    errors: &[TOO_MANY, OUT_OF_MEMORY],
    waits: false,
    summary: "Makes a counter that several tasks may change at once.",
    notes: "It ends with the task that made it.",
    example: Example::Shows(
        "let n = counter::open(0); let a = task::start(|| n.add(40)); task::wait(a); n.add(2)",
        "42",
    ),
};

const ADD: Doc = Doc {
    namespace: "counter",
    name: "add",
    params: &[
        COUNTER,
        Param {
            name: "number",
            kind: Kind::Int,
            meaning: "what to add; may be negative",
        },
    ],
    returns: "int",
    errors: &[CLOSED],
    waits: false,
    summary: "Adds to the counter and returns what it shows then; wraps around beyond 64 bits.",
    notes: "",
    example: Example::Shows("counter::open(40).add(2)", "42"),
};

const COUNTER_GET: Doc = Doc {
    namespace: "counter",
    name: "get",
    params: &[COUNTER],
    returns: "int",
    errors: &[CLOSED],
    waits: false,
    summary: "Returns what the counter shows.",
    notes: "",
    example: Example::Shows("counter::open(7).get()", "7"),
};

/// Adds `cell::*` and `counter::*`.
pub fn register(api: &mut Api) {
    api.service(&OPEN, open);
    api.method(&GET, get);
    api.method(&SET, set);
    api.method_script(&UPDATE, update);
    api.service(&COUNTER_OPEN, open_counter);
    api.method(&ADD, add);
    api.method(&COUNTER_GET, get_counter);
}

fn closed(_: Closed) -> ScriptError {
    ScriptError::new(CLOSED.0, CLOSED.1)
}

fn out_of_memory() -> ScriptError {
    ScriptError::new(OUT_OF_MEMORY.0, OUT_OF_MEMORY.1)
}

fn find(context: &TaskContext, arguments: &Args<'_>) -> Result<Arc<Cell>, ScriptError> {
    let handle = arguments.handle(0).ok_or_else(|| closed(Closed))?;
    context.host.shared.cell(handle).map_err(closed)
}

fn open(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let value = arguments.any(0)?;
    let shared = context.host.shared;
    let handle = shared
        .make_cell(context.host.tasks.current())
        .map_err(super::no_object)?;
    if !shared.cell(handle).map_err(closed)?.set(value) {
        shared.forget(handle);
        return Err(out_of_memory());
    }
    Ok(Value::Handle(handle))
}

fn get(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(Arc::unwrap_or_clone(find(context, arguments)?.get()))
}

fn set(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let cell = find(context, arguments)?;
    if cell.set(arguments.any(1)?) {
        Ok(Value::Unit)
    } else {
        Err(out_of_memory())
    }
}

fn counter(context: &TaskContext, arguments: &Args<'_>) -> Result<Arc<AtomicI64>, ScriptError> {
    let handle = arguments.handle(0).ok_or_else(|| closed(Closed))?;
    context.host.shared.counter(handle).map_err(closed)
}

fn open_counter(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let owner = context.host.tasks.current();
    let made = context.host.shared.make_counter(owner, arguments.int(0));
    made.map(Value::Handle).map_err(super::no_object)
}

fn add(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let number = arguments.int(1);
    let before = counter(context, arguments)?.fetch_add(number, Ordering::Relaxed);
    Ok(Value::Int(before.wrapping_add(number)))
}

fn get_counter(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(Value::Int(counter(context, arguments)?.load(Ordering::Relaxed)))
}

/// Between the two ends of a change the script's own function runs, in the task's arena; so the steps around it switch
/// to the kernel heap one by one.
fn update(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let position = call.call_position();
    let throw = |error: ScriptError| error.to_script(context, position);
    let handle = arguments.first().and_then(|value| handles::handle(value));
    let change = arguments
        .get(1)
        .and_then(|value| value.read_lock::<FnPtr>().map(|function| function.clone()));
    let (Some(handle), Some(change)) = (handle, change) else {
        return Err(thrown(
            "wrong_arguments",
            "update takes a cell and a function",
            position,
        ));
    };
    let task = context.host.tasks.current();
    let begun = context.on_kernel_heap(|| -> Result<(), ScriptError> {
        let cell = context.host.shared.cell(handle).map_err(closed)?;
        if cell.is_changed_by(task) {
            return Err(ScriptError::new(
                "busy",
                "the function changes the cell that it is called for",
            ));
        }
        let poll = move |waker: &mut core::task::Context<'_>| cell.poll_begin_change(task, waker);
        let begun = host::block_on(context.host.tasks, poll_fn(poll))?;
        begun.map_err(closed)
    });
    begun.map_err(throw)?;
    // The task may be interrupted or killed in the function; the task's end then ends the change.
    let result = current(context, handle)
        .map_err(throw)
        .and_then(|value| change.call_within_context::<Dynamic>(call, (value,)));
    let stored = result.and_then(|value| {
        let stored = context.on_kernel_heap(|| -> Result<(), ScriptError> {
            let copy = convert::to_value(&value).map_err(|error| ScriptError::new(error.code(), error))?;
            let cell = context.host.shared.cell(handle).map_err(closed)?;
            if cell.set(copy) { Ok(()) } else { Err(out_of_memory()) }
        });
        stored.map_err(throw).map(|()| value)
    });
    context.on_kernel_heap(|| {
        if let Ok(cell) = context.host.shared.cell(handle) {
            cell.end_change(task);
        }
    });
    stored
}

/// The cell's value in the task's arena.
fn current(context: &TaskContext, handle: services::shared::Handle) -> Result<Dynamic, ScriptError> {
    let held = context.on_kernel_heap(|| context.host.shared.cell(handle).map(|cell| cell.get()));
    let held = held.map_err(closed)?;
    let value = convert::to_dynamic(&held, None);
    context.on_kernel_heap(|| drop(held));
    Ok(value)
}
