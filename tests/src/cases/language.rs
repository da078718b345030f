//! Rhai is Rhai: a corpus of every statement, operator, literal and type prints on the machine what a plain engine
//! with the same features prints here, in the same run.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::module_resolvers::StaticModuleResolver;
use rhai::{Engine, Module, Scope};
use xtask::command;
use xtask::iso::{Rom, Variant};
use xtask::rom;

use crate::ensure;
use crate::error::Error;
use crate::machine::Config;
use crate::runner::{Company, Context, Test};
use crate::text;

pub(super) const TESTS: &[Test] = &[Test {
    name: "language_is_the_same_as_on_the_host",
    company: Company::Shared,
    run: corpus,
}];

/// A program of the corpus prints at least this many lines, or it proves little.
const LEAST_LINES: usize = 30;

fn corpus(context: &Context) -> Result<(), Error> {
    let programs = rom::collect(&folder())?;
    ensure!(programs.len() >= 10, "only {} programs", programs.len());
    let mut files: Vec<_> = programs
        .iter()
        .map(|(name, bytes)| (format!("language/{name}"), bytes.clone()))
        .collect();
    let shipped = rom::collect(&command::root().join("stdlib-scripts"))?;
    files.extend(shipped.iter().cloned());
    let rom = Rom::Archive(rom::archive(&files));
    let iso = context.images.variant(Variant {
        timeout_seconds: Some(0),
        rom,
        ..Variant::default()
    })?;
    context.with_machine(&Config::default(), &iso, |machine| {
        machine.boot()?;
        for (name, bytes) in &programs {
            let path = format!("/rom/language/{name}");
            let expected = printed(&path, &String::from_utf8_lossy(bytes), &shipped)
                .map_err(|error| Error::Wrong(format!("the host's engine: {name}: {error}")))?;
            ensure!(expected.lines().count() >= LEAST_LINES, "{name} prints little");
            let got = machine.eval(&format!("run(\"{path}\")"))?;
            let pairs = got.lines().zip(expected.lines());
            for (number, (got, expected)) in pairs.enumerate() {
                ensure!(
                    is_same(got, expected),
                    "{name}, line {} printed: {got:?}, not {expected:?}",
                    number + 1
                );
            }
            let (got, expected) = (got.lines().count(), expected.lines().count());
            ensure!(got == expected, "{name} printed {got} lines, not {expected}");
        }
        Ok(())
    })
}

/// Whether both are the same, or numbers that differ in the last digit: mathematical libraries do.
fn is_same(got: &str, expected: &str) -> bool {
    let are_near = |got: f64, expected: f64| (got - expected).abs() <= f64::EPSILON * expected.abs();
    match (got.parse(), expected.parse()) {
        (Ok(number), Ok(wanted)) if got.contains('.') => got == expected || are_near(number, wanted),
        _ => got == expected,
    }
}

fn folder() -> PathBuf {
    command::root().join("tests/language")
}

/// What a plain engine with the shipped modules prints, as a terminal would show it.
fn printed(path: &str, program: &str, shipped: &[rom::File]) -> Result<String, String> {
    let lines = Arc::new(Mutex::new(String::new()));
    let mut engine = Engine::new();
    // Where Rhai is compiled without optimisation, its own limits are lower than the ones in use.
    engine.set_max_call_levels(64).set_max_expr_depths(64, 32);
    let log = Arc::clone(&lines);
    engine.on_print(move |line| {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_str(line);
        log.push('\n');
    });
    let compile = |path: &str, text: &str| {
        let mut code = engine.compile(text).map_err(|error| error.to_string())?;
        // Errors name the file that they come from.
        code.set_source(path);
        Ok::<_, String>(code)
    };
    let mut modules = StaticModuleResolver::new();
    for (name, bytes) in shipped.iter().filter(|(name, _)| name.starts_with("lib/")) {
        let code = compile(&format!("/rom/{name}"), &String::from_utf8_lossy(bytes))?;
        let module = Module::eval_ast_as_new(Scope::new(), &code, &engine).map_err(|error| error.to_string())?;
        modules.insert(name.trim_end_matches(".rhai"), module.clone());
        modules.insert(name, module);
    }
    let program = compile(path, program)?;
    engine.set_module_resolver(modules);
    engine.run_ast(&program).map_err(|error| error.to_string())?;
    let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(text::plain(lines.trim_end().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_last_digits_of_fractions_may_differ() {
        assert!(is_same("2.7182818284590455", "2.718281828459045"));
        assert!(is_same("NaN", "NaN") && is_same("a", "a"));
        assert!(!is_same("2.71828182846", "2.718281828459045") && !is_same("1", "1.0") && !is_same("a", "b"));
    }

    #[test]
    fn the_oracle_prints_and_reports() {
        assert_eq!(
            printed("a", "print(40 + 2); print(\"a\\tb\\r\");", &[]).as_deref(),
            Ok("42\na\tb")
        );
        assert!(printed("a", "nothing", &[]).is_err());
    }
}
