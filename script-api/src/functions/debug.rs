//! `debug`: breaks things on purpose, for tests. Only where the kernel's command line says `debug=on`.

use alloc::boxed::Box;
use alloc::vec;

use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, NativeCallContext};
use services::host::Debug;
use services::value::Value;

use super::int;
use crate::catalogue;
use crate::context::TaskContext;
use crate::engine;
use crate::entries;
use crate::error::thrown;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

const DEPTH: Param = Param {
    name: "depth",
    kind: Kind::Int,
    meaning: "how many arrays lie inside of each other",
};

/// A description of a function here: they all lack results and errors of interest.
const fn doc(name: &'static str, params: &'static [Param], summary: &'static str, example: Example) -> Doc {
    Doc {
        namespace: "debug",
        name,
        params,
        returns: "any",
        errors: &[],
        waits: false,
        summary,
        notes: "",
        example,
    }
}

const NEST: Doc = doc(
    "nest",
    &[DEPTH],
    "Returns arrays inside of each other; a deep nest takes much stack to drop, compare or print.",
    Example::Shows("debug::nest(2)", "[[[]]]"),
);
const DROP_NEST: Doc = doc(
    "drop_nest",
    &[
        Param {
            name: "stack_bytes",
            kind: Kind::Int,
            meaning: "stack left for it",
        },
        DEPTH,
    ],
    "Drops nested arrays with so much stack left.",
    Example::Shows("debug::drop_nest(100000, 10)", ""),
);
const PANIC: Doc = doc(
    "panic",
    &[],
    "Panics in a native function.",
    Example::DoesNotReturn("debug::panic()"),
);
const RAISE: Doc = doc(
    "raise",
    &[Param {
        name: "exception",
        kind: Kind::Text,
        meaning: "de, db, bp, ud, nm, np, ss, gp, pf, df, boot_stack",
    }],
    "Raises a processor exception.",
    Example::DoesNotReturn("debug::raise(\"gp\")"),
);
const PANIC_SERVICE: Doc = doc(
    "panic_service",
    &[],
    "Makes a supervised service panic in its next poll; returns its name.",
    Example::Shows("debug::panic_service().len() > 0", "true"),
);
const SERVICE_RESTARTS: Doc = doc(
    "service_restarts",
    &[],
    "Counts the restarts of supervised services.",
    Example::Shows("debug::service_restarts() >= 0", "true"),
);
const PANIC_MACHINE: Doc = doc(
    "panic_machine",
    &[],
    "Panics outside of any task.",
    Example::DoesNotReturn("debug::panic_machine()"),
);
const ARENA_POINTERS: Doc = doc(
    "arena_pointers",
    &[],
    "Counts the kernel's variables that point into a task's memory; there must be none.",
    Example::Shows("debug::arena_pointers()", "0"),
);
const ALLOCATE: Doc = doc(
    "allocate",
    &[Param {
        name: "bytes",
        kind: Kind::Int,
        meaning: "size of the result",
    }],
    "Returns a blob of zeros, allocated in one piece without a look at the limits.",
    Example::Shows("debug::allocate(1000).len()", "1000"),
);
const STACK_LEFT: Doc = doc(
    "stack_left",
    &[],
    "Returns the bytes of stack that are left here.",
    Example::Shows("debug::stack_left() > 0", "true"),
);

const CALL_CORE: Doc = doc(
    "call_core",
    &[Param {
        name: "core",
        kind: Kind::Int,
        meaning: "a core's number",
    }],
    "Interrupts another core and returns the nanoseconds until it has come; () where it does not.",
    Example::Shows("debug::call_core(99)", ""),
);

const ENTRIES: Doc = doc(
    "entries",
    &[Param {
        name: "path",
        kind: Kind::Text,
        meaning: "a function's name with its namespace",
    }],
    "Counts the calls that have entered a function since the start, whoever made them.",
    Example::Shows("mem::info(); debug::entries(\"mem::info\") > 0", "true"),
);
const INTERRUPT: Doc = doc(
    "interrupt",
    &[
        Param {
            name: "core",
            kind: Kind::Int,
            meaning: "the core that is to take it",
        },
        Param {
            name: "way",
            kind: Kind::Text,
            meaning: "message, line, or nobody for a line that no device admits to",
        },
    ],
    "Lets the emulator's teaching device interrupt a core; returns how many have come in this way.",
    Example::Shows(
        "try { debug::interrupt(99, \"message\") } catch (error) { print(error.code) }",
        "refused",
    ),
);

const STARVE_RANDOM: Doc = doc(
    "starve_random",
    &[Param {
        name: "on",
        kind: Kind::Bool,
        meaning: "false lets noise count again",
    }],
    "Forgets all noise that random numbers come from, and lets no more count.",
    Example::Shows("debug::starve_random(false)", ""),
);

/// Adds `debug::*`.
pub fn register(api: &mut Api) {
    catalogue::register(api, |name| name == "debug");
    api.script(&NEST, |_, call, arguments| Ok(nest(count(call, arguments, 0)?)));
    api.script(&DROP_NEST, drop_nest);
    api.script(&PANIC, |_, _, _| panic!("debug::panic() was called"));
    api.script(&RAISE, raise);
    api.service(&PANIC_SERVICE, |context, _| Ok(hooks(context)?.panic_service().into()));
    api.service(&SERVICE_RESTARTS, |context, _| {
        Ok(int(hooks(context)?.service_restarts()))
    });
    api.service(&INTERRUPT, interrupt);
    api.service(&PANIC_MACHINE, |context, _| {
        hooks(context)?.panic_machine();
        Ok(Value::Unit)
    });
    api.service(&ARENA_POINTERS, |context, _| Ok(int(hooks(context)?.arena_pointers())));
    api.script(&ALLOCATE, |_, call, arguments| {
        Ok(Dynamic::from_blob(vec![0; count(call, arguments, 0)?]))
    });
    api.service(&STACK_LEFT, stack_left);
    api.service(&CALL_CORE, |context, arguments| {
        let core = u32::try_from(arguments.int(0)).unwrap_or(u32::MAX);
        Ok(hooks(context)?.call_core(core).map_or(Value::Unit, int))
    });
    api.service(&ENTRIES, |context, arguments| {
        let path = arguments.text(0);
        let own = engine::docs(context).filter(|doc| doc.path() == path);
        Ok(int(own.map(entries::of).sum::<u64>()))
    });
    api.service(&STARVE_RANDOM, |context, arguments| {
        context
            .host
            .random
            .starve(arguments.with(0, |on: &bool| *on).unwrap_or(false));
        Ok(Value::Unit)
    });
    super::cost::register(api);
    super::deaf::register(api);
    super::noise::register(api);
}

fn interrupt(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let core = u32::try_from(arguments.int(0)).unwrap_or(u32::MAX);
    let came = hooks(context)?.interrupt(core, &arguments.text(1));
    came.map(int).map_err(|reason| ScriptError::new("refused", reason))
}

fn hooks(context: &TaskContext) -> Result<&'static dyn Debug, ScriptError> {
    context
        .host
        .debug
        .ok_or_else(|| ScriptError::new("unsupported", "debug=on is not on the kernel's command line"))
}

fn count(call: &NativeCallContext<'_>, arguments: &[&mut Dynamic], index: usize) -> Result<usize, Box<EvalAltResult>> {
    let number = arguments
        .get(index)
        .and_then(|number| number.as_int().ok())
        .unwrap_or(-1);
    usize::try_from(number).map_err(|_| {
        thrown(
            "out_of_range",
            format_args!("{number} is negative"),
            call.call_position(),
        )
    })
}

/// Built from the inside out, so that building needs no stack.
fn nest(depth: usize) -> Dynamic {
    (0..depth).fold(Dynamic::from_array(Array::new()), |inner, _| {
        Dynamic::from_array(vec![inner])
    })
}

fn drop_nest(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let (stack_bytes, depth) = (count(call, arguments, 0)?, count(call, arguments, 1)?);
    let mut nest = Some(nest(depth));
    let hooks = context
        .host
        .debug
        .ok_or_else(|| thrown("unsupported", "no debug hooks", call.call_position()))?;
    hooks.with_stack_left(stack_bytes, &mut || drop(nest.take()));
    Ok(Dynamic::UNIT)
}

fn raise(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let position = call.call_position();
    let name = arguments.first().and_then(|name| name.read_lock::<ImmutableString>());
    let name = name.ok_or_else(|| thrown("wrong_type", "not a name", position))?;
    let hooks = context
        .host
        .debug
        .ok_or_else(|| thrown("unsupported", "no debug hooks", position))?;
    if hooks.raise(&name) {
        Ok(Dynamic::UNIT)
    } else {
        Err(thrown(
            "not_found",
            format_args!("there is no exception {}", name.as_str()),
            position,
        ))
    }
}

fn stack_left(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(int(context.control.stack_left_bytes()))
}
