//! `debug::cost`: what the safepoints and the arena cost a program.

use alloc::boxed::Box;
use alloc::string::String;

use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext, Scope};

use crate::context::TaskContext;
use crate::engine::{self, Profile};
use crate::registry::{Api, Doc, Example, Kind, Param};

const COST: Doc = Doc {
    namespace: "debug",
    name: "cost",
    params: &[Param {
        name: "program",
        kind: Kind::Text,
        meaning: "a script that ends by itself",
    }],
    returns: "map",
    errors: &[("syntax_error", "the program has one")],
    waits: false,
    summary: "Runs a program in three ways and returns the milliseconds of each.",
    notes: "`usual_ms` is as every script runs; `without_safepoints_ms` lacks the look at requests after each operation; \
            `on_kernel_heap_ms` lacks that and the arena too.",
    example: Example::Shows("debug::cost(\"1 + 1\").usual_ms >= 0.0", "true"),
};

/// Adds `debug::cost`.
pub fn register(api: &mut Api) {
    api.script(&COST, cost);
}

fn cost(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let program = arguments
        .first()
        .and_then(|program| program.read_lock::<ImmutableString>());
    let program = program
        .map(|program| String::from(program.as_str()))
        .unwrap_or_default();
    context.checkpoint(call)?;
    let usual_ms = time(context, &program, engine::build)?;
    let without_safepoints_ms = time(context, &program, engine::build_without_safepoints)?;
    let mut on_kernel_heap = None;
    context.host.tasks.on_kernel_heap(&mut || {
        on_kernel_heap = Some(time(context, &program, engine::build_without_safepoints));
    });
    let mut map = Map::new();
    map.insert("usual_ms".into(), usual_ms.into());
    map.insert("without_safepoints_ms".into(), without_safepoints_ms.into());
    map.insert("on_kernel_heap_ms".into(), on_kernel_heap.unwrap_or(Ok(0.0))?.into());
    Ok(Dynamic::from_map(map))
}

/// The milliseconds that `program` takes, without its compilation.
fn time(
    context: &TaskContext,
    program: &str,
    build: fn(TaskContext, Profile) -> Engine,
) -> Result<f64, Box<EvalAltResult>> {
    let engine = build(*context, Profile::CONSOLE);
    let code = engine::compile(context, &engine, &Scope::new(), program, "")?;
    let start_ns = context.host.clock.uptime_ns();
    engine.run_ast(&code)?;
    let taken_ns = context.host.clock.uptime_ns() - start_ns;
    Ok((taken_ns / 1000) as f64 / 1000.0)
}
