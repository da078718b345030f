//! Makes every engine: the shared functions, the limits, and the safepoints.
//!
//! Each task has an engine of its own, in its arena. What all engines share is made once, at boot, on the kernel heap,
//! and never freed, so that an abandoned engine leaves nothing behind but a reference count.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::TypeId;
use core::sync::atomic::{AtomicBool, Ordering};

use rhai::packages::{Package, StandardPackage};
use rhai::{
    AST, Blob, Dynamic, Engine, EvalAltResult, LexError, Module, OptimizationLevel, ParseErrorType, Position, Scope,
    Shared, Token,
};

use services::task::Hardware;

use crate::context::{NATIVE_STACK_BYTES, Stop, TaskContext};
use crate::error::thrown;
use crate::functions;
use crate::handles;
use crate::registry::{Api, Doc};
use crate::resolver::FileResolver;
use crate::table;
use crate::underscore::Underscore;

/// Limits by who wrote the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Longer source text is refused before it is parsed.
    pub source_limit_bytes: usize,
    /// How deep expressions may nest outside and inside of functions.
    pub expression_depths: (usize, usize),
    /// How deep script functions may call each other; the stack usually ends first.
    pub call_depth: usize,
    /// They may ask for access to the machine's registers.
    pub may_unlock_hardware: bool,
}

impl Profile {
    /// For a person at the machine's own terminal.
    pub const CONSOLE: Self = Self {
        source_limit_bytes: 256 * 1024,
        expression_depths: (128, 128),
        call_depth: 4096,
        may_unlock_hardware: true,
    };
}

/// Strings that an engine keeps one copy of; Rhai's own default.
const INTERNED_STRINGS: usize = 1024;

/// Ours, by namespace; the empty one needs no prefix.
type Namespaces = Vec<(&'static str, Shared<Module>)>;

struct SharedModules {
    /// Rhai's own functions, found by a search: made in no time, but each use of a function costs the search.
    searched: Shared<Module>,
    common_types: Shared<Module>,
    functions: Namespaces,
    docs: Vec<&'static Doc>,
}

static SHARED: spin::Once<SharedModules> = spin::Once::new();
/// What is pure computation. Start-up does not wait for it: it is made like [`table`], while the prompt waits.
static COMPUTING: spin::Once<(Namespaces, Vec<&'static Doc>)> = spin::Once::new();
/// Only for machines that were started with `debug=on`.
static DEBUG: spin::Once<(Namespaces, Vec<&'static Doc>)> = spin::Once::new();
fn shared() -> &'static SharedModules {
    SHARED.call_once(|| {
        let mut api = Api::default();
        functions::register(&mut api);
        name_types(api.global());
        iterate_bytes(api.global());
        let (functions, docs) = api.finish();
        SharedModules {
            searched: StandardPackage::new_lazy().as_shared_module(),
            common_types: name_common_types().into(),
            functions,
            docs,
        }
    })
}

/// Gives Rhai's types the names that they have anyway: those that `Dynamic::type_name` gives. Each method call looks for
/// the name of a value's type, twice; what is not found here is searched for in all modules and then compared with each
/// type's full name in turn.
fn name_types(module: &mut Module) {
    for name in ["array", "blob", "f64", "map", "string"] {
        module.set_custom_type_raw(name, name);
    }
}

/// The names of the commonest types, and of those that methods are called on most, in a module of its own that is searched
/// first.
fn name_common_types() -> Module {
    let mut module = Module::new();
    module.set_custom_type_raw("i64", "i64");
    handles::register(&mut module);
    module.build_index();
    module
}

/// Makes `for` give the bytes of a blob as ints: Rhai's own iterator gives a type that scripts can do nothing with.
fn iterate_bytes(module: &mut Module) {
    module.set_iter(TypeId::of::<Blob>(), |blob| {
        Box::new(
            blob.cast::<Blob>()
                .into_iter()
                .map(|byte| Dynamic::from_int(byte.into())),
        )
    });
}

fn debug(context: &TaskContext) -> Option<&'static (Namespaces, Vec<&'static Doc>)> {
    context.host.debug?;
    Some(DEBUG.call_once(|| {
        let mut api = Api::default();
        functions::debug::register(&mut api);
        api.finish()
    }))
}

/// Makes the functions that only compute, for engines made from now on; true where they were not there. Call it with
/// allocations on the kernel heap.
pub(crate) fn make_computing() -> bool {
    let is_missing = COMPUTING.get().is_none();
    COMPUTING.call_once(|| {
        let mut api = Api::default();
        functions::register_computing(&mut api);
        api.finish()
    });
    is_missing
}

/// The descriptions of all functions that the running task has.
pub fn docs(context: &TaskContext) -> Docs {
    if COMPUTING.get().is_none() {
        context.host.tasks.on_kernel_heap(&mut || {
            make_computing();
        });
    }
    let computing = COMPUTING.get().map(|(_, docs)| docs.as_slice()).unwrap_or_default();
    let debug = debug(context).map(|(_, docs)| docs.as_slice()).unwrap_or_default();
    Docs {
        parts: [&shared().docs, computing, debug],
    }
}

/// Goes through descriptions.
pub struct Docs {
    /// What is left of each list.
    parts: [&'static [&'static Doc]; 3],
}

impl Iterator for Docs {
    type Item = &'static Doc;

    /// Used in dozens of places, which must not have a copy each.
    #[inline(never)]
    fn next(&mut self) -> Option<&'static Doc> {
        let part = self.parts.iter_mut().find(|part| !part.is_empty())?;
        let (doc, rest) = part.split_first()?;
        *part = rest;
        Some(doc)
    }
}

/// Makes what all engines share, so that it is not made in a task's arena.
pub(crate) fn make_shared(context: &TaskContext) {
    shared();
    debug(context);
}

/// An engine for the running task.
pub fn build(context: TaskContext, profile: Profile) -> Engine {
    let mut engine = build_without_safepoints(context, profile);
    engine.on_progress(move |operations| context.safepoint(operations).map(|stop| stop.token()));
    engine
}

/// The same, but scripts cannot be stopped and do not let others run: only for measuring what safepoints cost.
pub(crate) fn build_without_safepoints(context: TaskContext, profile: Profile) -> Engine {
    let mut engine = Engine::new_raw();
    engine.set_max_strings_interned(INTERNED_STRINGS);
    let shared = shared();
    engine.register_global_module(table::get().unwrap_or(&shared.searched).clone());
    let modules =
        |made: Option<&'static (Namespaces, _)>| made.map(|(modules, _)| modules.as_slice()).unwrap_or_default();
    let (computing, debug) = (modules(COMPUTING.get()), modules(debug(&context)));
    for (namespace, module) in shared.functions.iter().chain(computing).chain(debug) {
        if namespace.is_empty() {
            engine.register_global_module(module.clone());
        } else {
            engine.register_static_module(namespace, module.clone());
        }
    }
    engine.register_global_module(shared.common_types.clone());
    engine.set_module_resolver(FileResolver::new(context));
    // Shared, so that copying the engine's state for a call copies a reference and not the context.
    engine.set_default_tag(Dynamic::from(context).into_shared());
    harden(&mut engine, context, profile);
    engine
}

/// Sets limits, and what is printed where.
fn harden(engine: &mut Engine, context: TaskContext, profile: Profile) {
    engine.disable_symbol("eval");
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_expr_depths(profile.expression_depths.0, profile.expression_depths.1);
    engine.set_max_call_levels(profile.call_depth);
    if !profile.may_unlock_hardware {
        context.control.set_hardware(Hardware::Forbidden);
    }
    guard_parser(engine, context);
    let print = move |text: &str| {
        // The next operation ends the script where the stack is short or the wait was interrupted.
        if context.control.stack_left_bytes() >= NATIVE_STACK_BYTES {
            let _ = context.print_line(text);
        }
    };
    engine.on_print(print);
    engine.on_debug(move |text, source, position| {
        let place = match source {
            Some(source) => format!("{source} {position:?}: "),
            None if position.is_none() => String::new(),
            None => format!("{position:?}: "),
        };
        print(&format!("{place}{text}"));
    });
}

/// Makes every token a safepoint: parsing lets others run, and can be stopped. [`compile`] tells that from a real error.
fn guard_parser(engine: &mut Engine, context: TaskContext) {
    // Rhai reserves the word `debug` for its function of that name; as a namespace it stands before `::`.
    let has_debug = context.host.debug.is_some();
    // And `print`, which several namespaces have: it is a name after `::`, and Rhai's own word elsewhere.
    let is_in_namespace = AtomicBool::new(false);
    let underscore = spin::Mutex::new(Underscore::default());
    #[expect(deprecated, reason = "Rhai marks the hook as volatile, not as going away")]
    engine.on_parse_token(move |token, _, _| {
        // Noted before anything else, so that the end of a text is never missed.
        let is_pattern = underscore.lock().note(&token);
        if context.safepoint(context.control.operations()).is_some() {
            return Token::LexError(Box::new(LexError::ImproperSymbol(String::new(), String::new())));
        }
        // Relaxed: one task parses with one engine.
        let is_in_namespace = is_in_namespace.swap(token == Token::DoubleColon, Ordering::Relaxed);
        match token {
            Token::Reserved(word) if has_debug && *word == "debug" => Token::Identifier(word),
            Token::Reserved(word) if is_in_namespace && *word == "print" => Token::Identifier(word),
            Token::Underscore if !is_pattern => Token::Identifier(Box::new("_".into())),
            other => other,
        }
    });
}

/// Parses `text`; `source` names the file, or is empty for text from the prompt.
///
/// # Errors
///
/// A syntax error, `source_too_large`, or the reason why the task must stop.
pub fn compile(
    context: &TaskContext,
    engine: &Engine,
    scope: &Scope<'_>,
    text: &str,
    source: &str,
) -> Result<AST, Box<EvalAltResult>> {
    let limit = Profile::CONSOLE.source_limit_bytes;
    if text.len() > limit {
        let message = format!("a script may have {limit} bytes, this one has {}", text.len());
        return Err(thrown("source_too_large", message, Position::NONE));
    }
    let mut ast = engine.compile_with_scope(scope, text).map_err(|error| {
        // The parser stopped in the middle: the end of an empty text lets the hook forget what it has noted.
        let _ = engine.compile("");
        let was_stopped =
            matches!(&*error.0, ParseErrorType::BadInput(LexError::ImproperSymbol(symbol, _)) if symbol.is_empty());
        match context.stop() {
            Some(stop) => EvalAltResult::ErrorTerminated(stop.token(), error.1).into(),
            None if was_stopped => EvalAltResult::ErrorTerminated(Stop::RecursionLimit.token(), error.1).into(),
            None => Box::<EvalAltResult>::from(error),
        }
    })?;
    if !source.is_empty() {
        ast.set_source(source);
    }
    Ok(ast)
}
