//! What a session leaves to the next one when its line is detached, and how the next one takes it up.
//!
//! The copy is made before each line, because nobody can look at a scope while a line works on it; so it is small, and
//! what does not fit is named. Functions are kept as the inputs that defined them: nothing of one session refers to the
//! other, and each can end before the other.

use alloc::string::String;
use alloc::vec::Vec;

use rhai::{AST, Dynamic, GlobalRuntimeState, Scope};
use services::legacy::{Legacy, Source, Variable};
use services::value::Value;

use crate::convert;

/// Bytes that the copies of all variables may take.
const VARIABLES_LIMIT_BYTES: usize = 256 * 1024;
/// Bytes that the inputs which define functions may have together; beyond it, the oldest are left behind.
const SOURCES_LIMIT_BYTES: usize = 256 * 1024;
/// Closures have names that begin so.
const CLOSURE: &str = "anon$";

/// An input that defined functions, in the session's arena.
#[derive(Clone, Debug)]
pub struct Input {
    text: String,
    /// Names and numbers of parameters.
    functions: Vec<(String, usize)>,
    /// It failed: its functions with names are forgotten.
    closures_only: bool,
}

impl Input {
    /// An input and its code.
    pub fn new(text: &str, code: &AST) -> Self {
        let functions = code.iter_fn_def();
        Self {
            text: text.into(),
            functions: functions
                .map(|one| (one.name.as_str().into(), one.params.len()))
                .collect(),
            closures_only: false,
        }
    }

    /// The input failed: only its closures live on.
    pub fn keep_closures(&mut self) {
        self.closures_only = true;
    }

    /// Whether the function is one of those that live on.
    fn has_kept(&self, name: &str) -> bool {
        !self.closures_only || name.starts_with(CLOSURE)
    }

    fn source(&self) -> Source {
        Source {
            text: self.text.clone(),
            closures_only: self.closures_only,
        }
    }
}

/// What a session would leave now. Call it with allocations on the kernel heap. Inputs that nothing refers to any more
/// are dropped from `inputs`.
pub fn collect(scope: &Scope<'_>, global: &GlobalRuntimeState, inputs: &mut Vec<Input>) -> Legacy {
    let mut legacy = Legacy::default();
    let mut left_bytes = VARIABLES_LIMIT_BYTES;
    let mut wanted = Vec::new();
    for (name, is_constant, value) in scope.iter_raw() {
        let Ok(value) = convert::to_value_within(value, left_bytes) else {
            legacy.left_behind.push(name.into());
            continue;
        };
        left_bytes = left_bytes.saturating_sub(value.size_bytes());
        note_functions(&value, &mut wanted);
        legacy.variables.push(Variable {
            name: name.into(),
            is_constant,
            value,
        });
    }
    // The newest came first, so that they are the ones that fit.
    legacy.variables.reverse();
    legacy.left_behind.reverse();
    let imports = global.scan_imports_raw();
    legacy.imports = imports
        .filter_map(|(name, module)| Some((name.as_str().into(), module.id()?.into())))
        .collect();
    forget_unused(inputs, &wanted, legacy.left_behind.is_empty());
    let mut left_bytes = SOURCES_LIMIT_BYTES;
    for input in inputs.iter().rev() {
        match left_bytes.checked_sub(input.text.len()) {
            Some(left) => {
                left_bytes = left;
                legacy.sources.push(input.source());
            }
            None => legacy.left_behind.extend(named(input).map(|(name, _)| name.clone())),
        }
    }
    legacy.sources.reverse();
    legacy
}

fn named(input: &Input) -> impl Iterator<Item = &(String, usize)> {
    let functions = input.functions.iter();
    functions.filter(|(name, _)| !name.starts_with(CLOSURE) && input.has_kept(name))
}

/// Drops inputs whose functions newer ones replace. Closures count as used where a variable holds them; where not all
/// variables could be looked at, all do.
fn forget_unused(inputs: &mut Vec<Input>, wanted: &[String], knows_all: bool) {
    let mut seen = Vec::new();
    let mut used: Vec<bool> = inputs
        .iter()
        .rev()
        .map(|input| {
            let fresh = named(input).filter(|function| note(&mut seen, function)).count();
            let is_closure =
                |name: &String| name.starts_with(CLOSURE) && (!knows_all || wanted.binary_search(name).is_ok());
            fresh > 0 || input.functions.iter().any(|(name, _)| is_closure(name))
        })
        .collect();
    inputs.retain(|_| used.pop().unwrap_or(true));
}

/// Adds to a sorted list what it lacks; false where it has it.
fn note<T: Ord + Clone>(list: &mut Vec<T>, new: &T) -> bool {
    match list.binary_search(new) {
        Ok(_) => false,
        Err(place) => {
            list.insert(place, new.clone());
            true
        }
    }
}

fn note_functions(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Function { name, captured } => {
            note(names, name);
            captured.iter().for_each(|value| note_functions(value, names));
        }
        Value::Array(values) => values.iter().for_each(|value| note_functions(value, names)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| note_functions(value, names)),
        _ => {}
    }
}

/// The functions of an input that live on.
pub fn functions(code: &AST, closures_only: bool) -> AST {
    let mut functions = code.clone_functions_only();
    if closures_only {
        functions.retain_functions(|_, _, name, _| name.starts_with(CLOSURE));
    }
    functions
}

/// Puts copies of the variables into `scope`, in the running task's arena.
pub fn restore_variables(legacy: &Legacy, functions: &AST, scope: &mut Scope<'_>) {
    for variable in &legacy.variables {
        let value = convert::to_dynamic(&variable.value, Some(functions));
        if variable.is_constant {
            scope.push_constant_dynamic(variable.name.as_str(), value);
        } else {
            scope.push_dynamic(variable.name.as_str(), value);
        }
    }
}

/// The constants among the variables, as functions see them.
pub fn constants(scope: &Scope<'_>) -> impl Iterator<Item = (String, Dynamic)> {
    let constants = scope.iter_raw().filter(|(_, is_constant, _)| *is_constant);
    constants.map(|(name, _, value)| (name.into(), value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::Engine;

    fn input(engine: &Engine, text: &str) -> Input {
        Input::new(text, &engine.compile(text).expect("it compiles"))
    }

    #[test]
    fn keeps_what_is_used_and_drops_what_was_replaced() {
        let engine = Engine::new();
        let mut scope = Scope::new();
        let global = engine.new_global_runtime_state();
        let keep = "let keep = |x| x + 1;";
        let mut inputs: Vec<Input> = [
            "fn f() { 1 }",
            "fn f() { 2 }",
            "fn f(x) { x }",
            "[1].map(|x| x * 3)",
            keep,
        ]
        .map(|text| input(&engine, text))
        .into();
        engine.run_with_scope(&mut scope, keep).expect("it runs");
        let texts = |legacy: &Legacy| {
            legacy
                .sources
                .iter()
                .map(|source| source.text.clone())
                .collect::<Vec<_>>()
        };
        let legacy = collect(&scope, &global, &mut inputs);
        assert_eq!(texts(&legacy), ["fn f() { 2 }", "fn f(x) { x }", keep]);
        assert_eq!(inputs.len(), 3);
        // A failed input leaves no functions with names.
        let mut failed = input(&engine, "fn g() { 1 } throw 1");
        failed.keep_closures();
        inputs.push(failed);
        assert_eq!(texts(&collect(&scope, &global, &mut inputs)).len(), 3);
    }

    #[test]
    fn names_what_does_not_fit_and_copies_the_rest() {
        let engine = Engine::new();
        let mut scope = Scope::new();
        scope.push("small", 1_i64).push("large", alloc::vec![0_u8; 300_000]);
        scope
            .push_constant("LIMIT", 5_i64)
            .push("strange", core::time::Duration::ZERO);
        let legacy = collect(&scope, &engine.new_global_runtime_state(), &mut Vec::new());
        assert_eq!(legacy.left_behind, ["large", "strange"]);
        let mut copy = Scope::new();
        restore_variables(&legacy, &AST::empty(), &mut copy);
        assert_eq!((copy.len(), copy.get_value::<i64>("small")), (2, Some(1)));
        assert_eq!(copy.is_constant("LIMIT"), Some(true));
        assert_eq!(constants(&copy).map(|(name, _)| name).collect::<Vec<_>>(), ["LIMIT"]);
    }
}
