//! `time`: how long a function takes.

use alloc::format;
use alloc::string::String;

use rhai::{AST, Dynamic, GlobalRuntimeState, Scope};

use super::{PLAIN, param};
use crate::compute::{Call, Error, Result};
use crate::engine;
use crate::evaluate;
use crate::registry::{Api, Doc, Example, Kind, Param, ScriptError};
use crate::show::units;

/// `time(f, 0)` repeats until so much time has passed.
const ADAPTIVE_NS: u64 = 200_000_000;

const FUNCTION: Param = param("function", Kind::Function, "takes no arguments");
const TIME: Doc = Doc {
    name: "time",
    params: &[FUNCTION],
    summary: "Runs a function, prints how long it took, and returns its value.",
    notes: "An operation is a step of the script's evaluation, which takes about as long on any machine of a speed.",
    example: Example::Shows("time(|| 6 * 7)", "took ..."),
    ..PLAIN
};
const TIME_REPEATED: Doc = Doc {
    params: &[
        FUNCTION,
        param(
            "count",
            Kind::Int,
            "how often to run it; 0 for as often as fits into 0.2 s",
        ),
    ],
    errors: &[("out_of_range", "count is negative")],
    summary: "Runs a function again and again, prints how long one run took, and returns the last value.",
    notes: "",
    example: Example::Shows("time(|| 6 * 7, 100)", "took ..."),
    ..TIME
};

/// Adds `time`.
pub fn register(api: &mut Api) {
    api.compute(&TIME, |call| run(call, 1));
    api.compute(&TIME_REPEATED, |call| run(call, call.count(1, "count")?));
}

fn run(call: &Call<'_>, count: usize) -> Result<Dynamic> {
    let mut timed = Timed::new(call)?;
    let clock = call.context.host.clock;
    let (start_ns, mut runs, mut least_ns) = (clock.uptime_ns(), 0u64, u64::MAX);
    let (value, total_ns) = loop {
        let run_start_ns = clock.uptime_ns();
        let value = timed.run(call)?;
        let now_ns = clock.uptime_ns();
        runs += 1;
        least_ns = least_ns.min(now_ns - run_start_ns);
        let total_ns = now_ns - start_ns;
        if if count == 0 {
            total_ns >= ADAPTIVE_NS
        } else {
            runs >= count as u64
        } {
            break (value, total_ns);
        }
    };
    let operations = timed.global.num_operations;
    let text = if runs == 1 {
        format!("took {}, {operations} operations", duration(total_ns))
    } else {
        let (mean, least) = (duration(total_ns / runs), duration(least_ns));
        let each = operations / runs;
        format!("took {mean} on average, {least} at least, {each} operations each, {runs} runs")
    };
    let stopped = |_| Error::Script(ScriptError::Interrupted.to_script(call.context, call.native.call_position()));
    call.context.print_line(&text).map_err(stopped)?;
    Ok(value)
}

fn duration(ns: u64) -> String {
    let ns = Dynamic::from_int(ns.try_into().unwrap_or(i64::MAX));
    units::readable("ns", &ns).unwrap_or_default()
}

/// The call of the function, as a script of its own: so its operations are counted, which a native's call loses.
struct Timed {
    code: AST,
    scope: Scope<'static>,
    global: GlobalRuntimeState,
}

impl Timed {
    fn new(call: &Call<'_>) -> Result<Self> {
        let mut scope = Scope::new();
        scope.push_dynamic("function", call.value(0).clone());
        let code = engine::compile(call.context, call.native.engine(), &scope, "function.call()", "")?;
        let mut global = call.native.global_runtime_state().clone();
        global.level += 1;
        (global.scope_level, global.always_search_scope, global.num_operations) = (0, false, 0);
        Ok(Self { code, scope, global })
    }

    fn run(&mut self, call: &Call<'_>) -> Result<Dynamic> {
        Ok(evaluate::walk(
            call.native.engine(),
            &mut self.global,
            &mut self.scope,
            &self.code,
        )?)
    }
}
