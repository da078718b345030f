//! `debug::cost` and `debug::complete`: what the safepoints and the arena cost a program, and what Tab costs.

use alloc::boxed::Box;
use alloc::string::String;

use rhai::{AST, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext, Scope};
use services::terminal::completion::Question;

use crate::completion;
use crate::context::TaskContext;
use crate::engine::{self, Profile};
use crate::registry::{Api, Doc, Example, Kind, Param};
use crate::view::View;

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

const COMPLETE: Doc = Doc {
    namespace: "debug",
    name: "complete",
    params: &[Param {
        name: "text",
        kind: Kind::Text,
        meaning: "what stands to the left of the cursor",
    }],
    returns: "map",
    errors: &[],
    waits: true,
    summary: "Completes a text as Tab does at a prompt without variables; tells how long that took.",
    notes: "The map has `ms`, and `count`, the number of names that are offered.",
    example: Example::Shows("debug::complete(\"fs::rea\").count", "2"),
};

/// Adds `debug::cost` and `debug::complete`.
pub fn register(api: &mut Api) {
    api.script(&COST, cost);
    api.script(&COMPLETE, complete);
}

fn complete(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let text = arguments.first().and_then(|text| text.read_lock::<ImmutableString>());
    let text = text.map(|text| String::from(text.as_str())).unwrap_or_default();
    let (scope, functions) = (Scope::new(), AST::empty());
    let global = call.engine().new_global_runtime_state();
    let view = View {
        context,
        scope: &scope,
        functions: &functions,
        global: &global,
    };
    let (mut taken_ns, mut count) = (0, 0);
    context.host.tasks.on_kernel_heap(&mut || {
        let question = Question {
            cursor: text.len(),
            text: text.clone(),
            is_repeated: false,
        };
        let start_ns = context.host.clock.uptime_ns();
        let completion = completion::complete(view, &question);
        taken_ns = context.host.clock.uptime_ns() - start_ns;
        count = completion.candidates.len() + completion.omitted;
    });
    let mut map = Map::new();
    map.insert("ms".into(), ((taken_ns / 1000) as f64 / 1000.0).into());
    map.insert("count".into(), (count as i64).into());
    Ok(Dynamic::from_map(map))
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
