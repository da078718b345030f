//! `every`, `after`, `at`, `on` and `emit`: functions that are called at a time or on an event.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use rhai::{Dynamic, EvalAltResult, ImmutableString, NativeCallContext};
use services::shared::{Handle, Kind as HandleKind};
use services::value::Value;

use super::task::{self, Body};
use super::{int, time};
use crate::context::TaskContext;
use crate::handles;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};
use crate::timers::{self, Schedule};

const TIMER: Param = Param {
    name: "timer",
    kind: Kind::Timer,
    meaning: "what every, after, at or on returned",
};
const BODY: Param = Param {
    name: "body",
    kind: Kind::Function,
    meaning: "a closure or function without parameters",
};
const NOT_STARTED: &[(&str, &str)] = &[
    ("out_of_range", "the time lies in the past, or ms is not positive"),
    ("wrong_arguments", "the function takes other arguments"),
    ("cannot_copy", "a captured variable belongs to this task alone"),
    ("too_many", "the task has too many channels, cells, counters and timers"),
    ("too_many_tasks", "too many tasks run at once"),
    ("out_of_memory", "there is not enough free memory for another task"),
];

const EVERY: Doc = Doc {
    namespace: "",
    name: "every",
    params: &[
        Param {
            name: "ms",
            kind: Kind::Int,
            meaning: "milliseconds from one call to the next, 1 or more",
        },
        BODY,
    ],
    returns: "timer",
    errors: NOT_STARTED,
    waits: false,
    summary: "Calls a function again and again, in a task of its own; `cancel()` ends it.",
    notes: "The rhythm does not drift. Times that come while a call still runs are passed over and counted. The function \
            works on copies of the captured variables as they are now; what one call changes, the next one sees, but \
            nobody else: use a cell, a counter or a channel to tell others. An error is shown and the next call comes \
            all the same; after 10 errors in a row the timer ends. It ends with the task that made it too, and Ctrl-C \
            does not stop it.",
    example: Example::Shows(
        "let n = counter::open(0); let t = every(5, || n.add(1)); while n.get() < 3 { time::sleep_ms(5); } t.cancel()",
        "true",
    ),
};

const AFTER: Doc = Doc {
    namespace: "",
    name: "after",
    params: &[
        Param {
            name: "ms",
            kind: Kind::Int,
            meaning: "milliseconds until the call, 0 or more",
        },
        BODY,
    ],
    returns: "timer",
    errors: NOT_STARTED,
    waits: false,
    summary: "Calls a function once, later, in a task of its own.",
    notes: "See `every` for what the function sees. task::wait(timer.id()) waits for its result.",
    example: Example::Shows("let t = after(5, || 6 * 7); task::wait(t.id())", "42"),
};

const AT: Doc = Doc {
    namespace: "",
    name: "at",
    params: &[
        Param {
            name: "time",
            kind: Kind::Any,
            meaning: "milliseconds since 1970, or a date as time::parse knows it",
        },
        BODY,
    ],
    returns: "timer",
    errors: &[
        ("parse_error", "the text is no date that is known"),
        ("not_ready", "the machine has no clock that is set"),
        ("wrong_type", "time is neither a number nor a text"),
        ("...", "what after throws; out_of_range where the time lies in the past"),
    ],
    waits: false,
    summary: "Calls a function once, at a date and time, in a task of its own.",
    notes: "See `every` for what the function sees. The moment is fixed when `at` is called: setting the clock later does \
            not move it.",
    example: Example::Shows(
        "let t = at(\"2999-01-01 00:00\", || print(\"now\")); t.cancel()",
        "true",
    ),
};

const ON: Doc = Doc {
    namespace: "",
    name: "on",
    params: &[
        Param {
            name: "event",
            kind: Kind::Text,
            meaning: "the event's name",
        },
        Param {
            name: "body",
            kind: Kind::Function,
            meaning: "a closure or function; it gets the event's value, or nothing where it takes nothing",
        },
    ],
    returns: "timer",
    errors: NOT_STARTED,
    waits: false,
    summary: "Calls a function on each event of a name, in a task of its own; `cancel()` ends that.",
    notes: "Scripts make events with `emit`; the machine makes `task_ended` with #{id, name, code}, where code is () for \
            a task that ended well. One call follows the other; up to 64 events wait, more are dropped and counted. See \
            `every` for what the function sees, and for errors.",
    example: Example::Shows(
        "let c = channel::open(1); let t = on(\"door\", |v| c.send(v)); emit(\"door\", 42); c.receive()",
        "42",
    ),
};

const EMIT: Doc = Doc {
    namespace: "",
    name: "emit",
    params: &[
        Param {
            name: "event",
            kind: Kind::Text,
            meaning: "the event's name",
        },
        Param {
            name: "value",
            kind: Kind::Any,
            meaning: "what listeners get; each has a copy",
        },
    ],
    returns: "int",
    errors: &[("cannot_copy", "the value belongs to this task alone")],
    waits: false,
    summary: "Makes an event; returns how many listeners will hear of it.",
    notes: "",
    example: Example::Shows("emit(\"nobody_listens\", 1)", "0"),
};

const LIST: Doc = Doc {
    namespace: "timer",
    name: "list",
    params: &[],
    returns: "array",
    errors: &[],
    waits: false,
    summary: "Lists what is called at a time or on an event.",
    notes: "One map each: id (its task's number), name, runs, skipped (times passed over, or events dropped), errors, \
            due_ms (milliseconds until the next call; () for events).",
    example: Example::Shows(
        "let t = every(60000, || 1); timer::list()[0].name",
        "\"every 60000 ms\"",
    ),
};

const CANCEL: Doc = Doc {
    namespace: "timer",
    name: "cancel",
    params: &[TIMER],
    returns: "bool",
    errors: &[],
    waits: false,
    summary: "Ends it; tells whether it had not ended before.",
    notes: "A call that runs ends at its next operation.",
    example: Example::Shows("let t = after(60000, || 1); t.cancel()", "true"),
};

const ID: Doc = Doc {
    namespace: "timer",
    name: "id",
    params: &[TIMER],
    returns: "int",
    errors: &[("closed", "it has ended")],
    waits: false,
    summary: "Returns the number of the task that makes the calls.",
    notes: "",
    example: Example::Shows(
        "let t = after(60000, || 1); task::info(t.id()).name",
        "\"after 60000 ms\"",
    ),
};

/// Adds `every` and its like, and `timer::*`.
pub fn register(api: &mut Api) {
    api.script(&EVERY, every);
    api.script(&AFTER, after);
    api.script(&AT, at);
    api.script(&ON, on);
    api.service(&EMIT, emit);
    api.service(&LIST, list);
    api.method(&CANCEL, cancel);
    api.method(&ID, id);
}

type Made = Result<Dynamic, Box<EvalAltResult>>;

fn every(context: &TaskContext, call: &NativeCallContext<'_>, arguments: &mut [&mut Dynamic]) -> Made {
    let ms = milliseconds(context, call, arguments, 1)?;
    let schedule = Schedule::Every {
        period_ns: ms.saturating_mul(1_000_000),
    };
    make(context, call, arguments, &format!("every {ms} ms"), None, schedule)
}

fn after(context: &TaskContext, call: &NativeCallContext<'_>, arguments: &mut [&mut Dynamic]) -> Made {
    let ms = milliseconds(context, call, arguments, 0)?;
    make(
        context,
        call,
        arguments,
        &format!("after {ms} ms"),
        None,
        in_ms(context, ms),
    )
}

fn at(context: &TaskContext, call: &NativeCallContext<'_>, arguments: &mut [&mut Dynamic]) -> Made {
    let ms = context.on_kernel_heap(|| ms_until(context, arguments.first().map(|time| &**time)));
    let (unix_ms, ms) = ms.map_err(|error| error.to_script(context, call.call_position()))?;
    make(
        context,
        call,
        arguments,
        &format!("at {}", time::iso_8601(unix_ms)),
        None,
        in_ms(context, ms),
    )
}

fn on(context: &TaskContext, call: &NativeCallContext<'_>, arguments: &mut [&mut Dynamic]) -> Made {
    let event = arguments.first().and_then(|event| event.read_lock::<ImmutableString>());
    let event = event.map(|event| ImmutableString::clone(&event)).unwrap_or_default();
    make(
        context,
        call,
        arguments,
        &format!("on {event}"),
        Some(&event),
        Schedule::Event,
    )
}

/// The milliseconds in the first argument.
fn milliseconds(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &[&mut Dynamic],
    least: i64,
) -> Result<u64, Box<EvalAltResult>> {
    let ms = arguments.first().and_then(|ms| ms.as_int().ok()).unwrap_or(-1);
    let fits = u64::try_from(ms).ok().filter(|_| ms >= least);
    fits.ok_or_else(|| {
        let error = ScriptError::new("out_of_range", format_args!("ms must be at least {least}, but is {ms}"));
        error.to_script(context, call.call_position())
    })
}

fn in_ms(context: &TaskContext, ms: u64) -> Schedule {
    let now_ns = context.host.clock.uptime_ns();
    Schedule::Once {
        due_ns: now_ns.saturating_add(ms.saturating_mul(1_000_000)),
    }
}

/// A date in milliseconds since 1970, and the milliseconds until then.
fn ms_until(context: &TaskContext, time: Option<&Dynamic>) -> Result<(i64, u64), ScriptError> {
    let text = time.and_then(|time| time.read_lock::<ImmutableString>());
    let unix_ms = match (time.and_then(|time| time.as_int().ok()), &text) {
        (Some(unix_ms), _) => unix_ms,
        (None, Some(text)) => time::parse_date(text)?,
        (None, None) => {
            return Err(ScriptError::new(
                "wrong_type",
                "a time is a number of milliseconds or a text",
            ));
        }
    };
    let now_ms = time::unix_ms(context)?;
    let ms = unix_ms.checked_sub(now_ms).and_then(|ms| u64::try_from(ms).ok());
    let in_past = || ScriptError::new("out_of_range", "the time lies in the past");
    Ok((unix_ms, ms.ok_or_else(in_past)?))
}

/// Makes the timer, and starts the task that does its work. The function is the second argument.
fn make(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &[&mut Dynamic],
    name: &str,
    event: Option<&str>,
    schedule: Schedule,
) -> Made {
    let function = task::function(call, arguments, 1)?;
    let shared = context.host.shared;
    let made = context.on_kernel_heap(|| {
        let owner = context.host.tasks.current();
        let made = shared.make_timer(owner, String::from(name), event.map(String::from));
        made.map_err(super::no_object)
    });
    let handle = made.map_err(|error| error.to_script(context, call.call_position()))?;
    let (host, terminal) = (context.host, context.terminal);
    let body = |launch, arguments| -> Body {
        Box::new(move || timers::run(host, terminal, handle, schedule, launch, arguments))
    };
    // What happens on an event may want to know more of it.
    let counts: &[usize] = if schedule == Schedule::Event { &[1, 0] } else { &[0] };
    let options = task::Options {
        name: String::from(name),
        core: None,
    };
    let started = task::launch(context, call, &function, counts, &options, &body);
    context.on_kernel_heap(|| match &started {
        Ok(id) => {
            if let Ok(timer) = shared.timer(handle) {
                timer.set_task(*id);
            }
        }
        Err(_) => {
            shared.forget(handle);
        }
    });
    started.map(|_| handles::dynamic(handle))
}

fn emit(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(int(context.host.shared.emit(&arguments.text(0), &arguments.any(1)?)))
}

fn list(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let now_ns = context.host.clock.uptime_ns();
    let rows = context.host.shared.timers().into_iter().map(|timer| {
        let figures = timer.figures();
        let due_ms = figures.due_ns.saturating_sub(now_ns) / 1_000_000;
        Value::map([
            ("id", timer.task().map_or(Value::Unit, |task| int(task.0))),
            ("name", timer.name.as_str().into()),
            ("runs", int(figures.runs)),
            ("skipped", int(figures.skipped)),
            ("errors", int(figures.errors)),
            (
                "due_ms",
                if timer.event.is_some() {
                    Value::Unit
                } else {
                    int(due_ms)
                },
            ),
        ])
    });
    Ok(Value::Array(rows.collect()))
}

fn handle(arguments: &Args<'_>) -> Handle {
    arguments.handle(0).unwrap_or(Handle {
        kind: HandleKind::Timer,
        number: 0,
    })
}

fn cancel(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let timer = context.host.shared.timer(handle(arguments)).ok();
    let task = timer.and_then(|timer| timer.task());
    // Told to end before it can notice that it hears of nothing any more, and end by itself.
    let was_running = task.is_some_and(|task| context.host.tasks.kill(task));
    // It is no longer listed from now on, even where its task takes a while to end.
    context.host.shared.forget(handle(arguments));
    Ok(was_running.into())
}

fn id(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let timer = context.host.shared.timer(handle(arguments)).ok();
    let task = timer.and_then(|timer| timer.task());
    let closed = || ScriptError::new("closed", "the timer has ended");
    task.map(|task| int(task.0)).ok_or_else(closed)
}
