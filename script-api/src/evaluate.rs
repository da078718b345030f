//! Which of Rhai's two evaluators runs a script: the walker of syntax trees, or the virtual machine of bytecode (Grain).
//!
//! The machine needs half of the walker's time for loops, calls and arithmetic, but each text has to be lowered for it
//! first, and it does not get everything right. So it runs the texts that [`suitable`](crate::suitable) lets through.
//! Results, output and errors are the same then; only the column of an error may be that of a neighbouring word.
//! `tests/evaluators.rs` compares both over all scripts of the repository and thousands of broken ones.

use alloc::boxed::Box;

use rhai::grain::{Compiler, SharedProgram, Vm};
use rhai::{AST, Caches, Dynamic, Engine, EvalAltResult, GlobalRuntimeState, Scope};

use crate::suitable::is_suitable;

/// Evaluates the statements of `code`. `functions` has all functions that they can call, those of `code` too, and is the
/// last library of `global`.
///
/// # Errors
///
/// The script's error.
pub fn statements(
    engine: &Engine,
    global: &mut GlobalRuntimeState,
    scope: &mut Scope<'_>,
    functions: &AST,
    code: &AST,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let program = is_suitable(functions, code)
        .then(|| lower(&functions.merge(code)))
        .flatten();
    match program {
        Some(program) => run(engine, global, scope, &program),
        None => walk(engine, global, scope, code),
    }
}

/// Evaluates a text that stands for itself.
///
/// # Errors
///
/// The script's error.
pub fn whole(engine: &Engine, scope: &mut Scope<'_>, code: &AST) -> Result<Dynamic, Box<EvalAltResult>> {
    match is_suitable(code, code).then(|| lower(code)).flatten() {
        Some(program) => {
            let mut global = engine.new_global_runtime_state();
            // As at the prompt: what natives call back is walked, which costs less than a machine for each call.
            global.lib.push(code.shared_lib().clone());
            run(engine, &mut global, scope, &program)
        }
        None => engine.eval_ast_with_scope(scope, code),
    }
}

/// Runs bytecode.
///
/// # Errors
///
/// The script's error.
pub fn run(
    engine: &Engine,
    global: &mut GlobalRuntimeState,
    scope: &mut Scope<'_>,
    program: &SharedProgram,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let state = core::mem::replace(global, engine.new_global_runtime_state());
    let mut machine = Vm::with_global_state(engine, state);
    let result = machine.eval_with_callbacks(scope, program);
    take_up(machine.into_global_state(), global);
    result
}

/// Fills a fresh `global` with what a run has left, but for the machine's notes of errors: those only ever grow.
fn take_up(state: GlobalRuntimeState, global: &mut GlobalRuntimeState) {
    for (name, module) in state.scan_imports_raw() {
        global.push_import(name.clone(), module.clone());
    }
    global.lib = state.lib;
    global.source = state.source;
    global.num_operations = state.num_operations;
    global.num_modules_loaded = state.num_modules_loaded;
    (global.level, global.scope_level) = (state.level, state.scope_level);
    global.always_search_scope = state.always_search_scope;
    global.embedded_module_resolver = state.embedded_module_resolver;
    global.constants = state.constants;
    global.tag = state.tag;
}

/// Walks the statements of `code`.
///
/// # Errors
///
/// The script's error.
pub fn walk(
    engine: &Engine,
    global: &mut GlobalRuntimeState,
    scope: &mut Scope<'_>,
    code: &AST,
) -> Result<Dynamic, Box<EvalAltResult>> {
    #[expect(
        deprecated,
        reason = "the one way to keep imports and constants from one text to the next"
    )]
    engine.eval_statements_raw(global, &mut Caches::new(), scope, code.statements())
}

/// The bytecode of a text with its functions; `None` where a part of it would have to be walked all the same.
pub fn lower(code: &AST) -> Option<SharedProgram> {
    let program = Compiler::new().compile(code);
    let is_whole = program.residual_count() == 0 && program.num_functions() == code.iter_fn_def().count();
    is_whole.then(|| program.into_shared())
}
