//! Programs from files, and tasks that run a function of another task.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use rhai::{
    AST, Dynamic, Engine, EvalAltResult, FnPtr, GlobalRuntimeState, ImmutableString, Locked, Module, NativeCallContext,
    Position, Scope, Shared,
};
use services::host::Host;
use services::task::{Outcome, TaskError};
use services::terminal::Terminal;
use services::value::Value;

use crate::context::TaskContext;
use crate::convert::{self, CopyError};
use crate::engine::{self, Profile};
use crate::error::{self, Failure, thrown};
use crate::evaluate;
use crate::resolver;

/// Runs a script in a scope of its own, on the caller's engine and task, and returns its value. Its functions
/// and variables are gone afterwards.
///
/// # Errors
///
/// `not_found`, a syntax error, or what the program throws, with the file's name.
pub fn run_file(context: TaskContext, call: &NativeCallContext<'_>, path: &str) -> Result<Dynamic, Box<EvalAltResult>> {
    let position = call.call_position();
    let path = resolver::canonical(call.call_source(), path).ok_or_else(|| {
        thrown(
            "not_found",
            format_args!("{path} leads out of its file system"),
            position,
        )
    })?;
    let text = resolver::read_text(context, &path, position)?;
    let run = || {
        let ast = engine::compile(&context, call.engine(), &Scope::new(), &text.text, &path)?;
        evaluate::whole(call.engine(), &mut Scope::new(), &ast)
    };
    run().map_err(|error| error::in_module(&path, position, error))
}

/// A function with all that it needs to run in another task.
pub struct Launch {
    /// The code of the task that starts it, by reference: the kernel keeps a parent's arena while its children live. What
    /// is found first comes last. Nothing is made for the launch in that arena: a child could not give it back.
    pub libraries: Vec<Shared<Module>>,
    /// The function's name in the library.
    pub function: String,
    /// Copies of its captured values. On the kernel heap, as all that follows.
    pub captured: Vec<Value>,
    /// What the starting task imported: names and paths. The new task imports them itself.
    pub imports: Vec<(String, String)>,
    /// Copies of the starting task's global constants.
    pub constants: Vec<(String, Value)>,
}

/// The body of a task that runs a function. Runs on the new task's fiber.
///
/// # Errors
///
/// What the function throws, or the reason why it was stopped.
pub fn run_function(host: Host, terminal: Option<&'static Terminal>, launch: Launch) -> Outcome {
    let context = TaskContext::current(host, terminal);
    let result = call_function(context, launch);
    let mut outcome = Ok(Value::Unit);
    host.tasks.on_kernel_heap(&mut || outcome = to_outcome(result.as_ref()));
    outcome
}

/// A result as other tasks see it. Call it with allocations on the kernel heap.
pub fn to_outcome(result: Result<&Dynamic, &Failure>) -> Outcome {
    match result {
        Ok(value) => convert::to_value(value)
            .map_err(|error: CopyError| TaskError::new(error.code(), format_args!("the task's result: {error}"))),
        Err(failure) => Err(failure.to_task_error()),
    }
}

fn call_function(context: TaskContext, launch: Launch) -> Result<Dynamic, Failure> {
    Landed::new(context, launch, Captured::Values)?.call(&mut [])
}

/// How a function sees what it captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Captured {
    /// Each call begins with the same values.
    Values,
    /// What one call changes, the next one sees.
    Variables,
}

/// A function of another task, in the task that is to call it.
pub struct Landed {
    engine: Engine,
    global: GlobalRuntimeState,
    function: FnPtr,
}

impl Landed {
    /// Copies what the launch carries into the running task's arena, and gives the originals back.
    ///
    /// # Errors
    ///
    /// An import that cannot be had, or a function that the code does not have.
    pub fn new(context: TaskContext, launch: Launch, captured: Captured) -> Result<Self, Failure> {
        let engine = engine::build(context, Profile::CONSOLE);
        let library = merged(&launch.libraries);
        let code = AST::new_from_module(library.clone());

        // Copies into this task's arena; then the originals are given back, before the script can end the fiber.
        let copy = |value: &Value| match (convert::to_dynamic(value, Some(&code)), captured) {
            (value, Captured::Values) => value,
            (value, Captured::Variables) => value.into_shared(),
        };
        let captured = launch.captured.iter().map(copy).collect();
        let function = convert::function(&launch.function, captured, Some(&code));
        let imports: Vec<(ImmutableString, ImmutableString)> = launch
            .imports
            .iter()
            .map(|(name, path)| (name.as_str().into(), path.as_str().into()))
            .collect();
        let constants: BTreeMap<ImmutableString, Dynamic> = launch
            .constants
            .iter()
            .map(|(name, value)| (name.as_str().into(), convert::to_dynamic(value, Some(&code))))
            .collect();
        let mut originals = Some((
            launch.libraries,
            launch.function,
            launch.captured,
            launch.imports,
            launch.constants,
        ));
        context.host.tasks.on_kernel_heap(&mut || drop(originals.take()));

        let mut global = engine.new_global_runtime_state();
        global.lib.push(library);
        if !constants.is_empty() {
            global.constants = Some(Shared::new(Locked::new(constants)));
        }
        let modules = resolve_imports(&engine, &imports).map_err(|error| Failure::of(&error))?;
        global.extend(modules);
        let is_gone = || Failure::of(&thrown("not_found", "the function is gone", Position::NONE));
        let function = function.ok_or_else(is_gone)?;
        Ok(Self {
            engine,
            global,
            function,
        })
    }

    /// Calls the function with arguments behind those that it captured.
    ///
    /// # Errors
    ///
    /// What it throws.
    pub fn call(&self, arguments: &mut [Dynamic]) -> Result<Dynamic, Failure> {
        let name = self.function.fn_name();
        let call = NativeCallContext::new_with_all_fields(&self.engine, name, None, &self.global, Position::NONE);
        let result = self.function.call_raw(&call, None, arguments);
        result.map_err(|error| Failure::of(&error))
    }
}

/// All functions as one module, in the running task's arena where there are several.
fn merged(libraries: &[Shared<Module>]) -> Shared<Module> {
    if let [one] = libraries {
        return one.clone();
    }
    let mut all = Module::new();
    for module in libraries {
        all.merge(module);
    }
    all.into()
}

/// The modules that were imported by these names, imported anew.
///
/// # Errors
///
/// The first that cannot be had.
pub fn resolve_imports(
    engine: &Engine,
    imports: &[(ImmutableString, ImmutableString)],
) -> Result<Vec<(ImmutableString, Shared<Module>)>, Box<EvalAltResult>> {
    imports
        .iter()
        .map(|(name, path)| {
            let module = engine.module_resolver().resolve(engine, None, path, Position::NONE)?;
            Ok((name.clone(), module))
        })
        .collect()
}
