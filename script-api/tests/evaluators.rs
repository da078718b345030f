//! Both evaluators agree on each text that bytecode is used for: on what it prints, its result, its variables, its error,
//! and the line of that. Only columns may differ by a word: the bytecode machine knows some calls by their name, and the
//! walker by their start.
//!
//! All scripts of the repository are compared as they are, and again with pieces replaced, so that most of them fail
//! somewhere.

mod host;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use host::standard_machine;
use hw::fake::Random;
use rhai::{AST, Array, Dynamic, Engine, OptimizationLevel, Scope};
use script_api::context::TaskContext;
use script_api::engine::{self, Profile};
use script_api::evaluate;
use script_api::suitable::is_suitable;
use services::value::Value;

/// Broken variants of each script, and of each of its lines.
const VARIANTS: usize = 60;
/// The same of a hostile program, which takes long and uses up what it can.
const HOSTILE_VARIANTS: usize = 2;
/// Operations after which a broken script counts as one without an end.
const OPERATIONS_MAX: u64 = 100_000;
/// What pieces of scripts are replaced by.
const PIECES: [&str; 24] = [
    "()",
    "1",
    "0",
    "\"x\"",
    "[1, 2]",
    "#{a: 1}",
    "-",
    "throw 1",
    "return",
    "x",
    "this",
    "|a| a + 1",
    "1.5",
    "'c'",
    "true",
    "break",
    "(1 / 0)",
    "missing(1)",
    "a[99]",
    ".call()",
    "{",
    "for i in 0..3",
    "let z = 1;",
    "`${1 / 0}`",
];

/// What an evaluation does.
#[derive(Debug, PartialEq)]
struct Outcome {
    printed: Vec<String>,
    /// With type or position.
    result: Result<String, String>,
    variables: Vec<String>,
}

fn is_hostile(path: &Path) -> bool {
    path.parent().is_some_and(|folder| folder.ends_with("hostile"))
}

fn scripts() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in [
        "tests/language",
        "tests/hostile",
        "tests/programs",
        "stdlib-scripts/lib",
        "stdlib-scripts/examples",
    ] {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten();
        files.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rhai"));
    files.sort();
    // The programs that measure speed, with fewer turns; and no clock, since both cannot see the same time.
    let text = |path: &PathBuf| {
        fs::read_to_string(path)
            .expect("a text")
            .replace("0000", "")
            .replace("time::uptime_ms()", "7")
    };
    let mut texts: Vec<(PathBuf, String)> = files.iter().map(|path| (path.clone(), text(path))).collect();
    // Numbers of tasks are not the same twice.
    texts.retain(|(_, text)| !text.contains("task::"));
    // Some hostile programs can run in the machine alone, and some wait for ever.
    texts.retain(|(_, text)| !text.contains("// machine only:") && !text.contains("// cancel after:"));
    // Lines alone too, where a loop or a call makes them suitable for bytecode: few files are as a whole.
    let lines = texts
        .iter()
        .filter(|(path, _)| !is_hostile(path))
        .flat_map(|(path, text)| text.lines().map(move |line| (path, line)));
    let wrapped = lines.filter(|(_, line)| line.len() > 20).flat_map(|(path, line)| {
        let in_loop = format!("let top = 1; for turn in 0..2 {{\n{line}\n}} top");
        let in_function = format!("fn body(first) {{\n{line}\n}}\nlet top = body(given); top");
        [(path.clone(), in_loop), (path.clone(), in_function)]
    });
    let wrapped: Vec<(PathBuf, String)> = wrapped.collect();
    texts.extend(wrapped);
    texts
}

/// `text` with one or two words or signs removed or replaced.
fn broken(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(2) {
        let words: Vec<(usize, usize)> = words(&text);
        let (start, end) = words[random.below(words.len())];
        let piece = match random.below(4) {
            0 => String::new(),
            1 => {
                let (start, end) = words[random.below(words.len())];
                text[start..end].to_owned()
            }
            _ => PIECES[random.below(PIECES.len())].to_owned(),
        };
        text.replace_range(start..end, &piece);
    }
    text
}

/// Start and end of each word, number and sign.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    let mut joins = false;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        let is_word = character.is_alphanumeric() || character == '_';
        match words.last_mut() {
            Some(word) if joins && is_word => word.1 = end,
            _ if character.is_whitespace() => {}
            _ => words.push((at, end)),
        }
        joins = is_word;
    }
    words
}

/// Evaluates a text in one of the two ways; `None` where it takes too long, or cannot be bytecode.
fn outcome(engine: &Engine, printed: &Mutex<Vec<String>>, code: &AST, is_bytecode: bool) -> Option<Outcome> {
    let mut scope = Scope::new();
    scope.push("given", 42_i64);
    scope.push("list", vec![1_i64.into(), "b".into()] as Array);
    let mut global = engine.new_global_runtime_state();
    global.lib.push(code.shared_lib().clone());
    let result = if is_bytecode {
        if !is_suitable(code, code) {
            return None;
        }
        evaluate::run(engine, &mut global, &mut scope, &evaluate::lower(code)?)
    } else {
        global.source = code.source().map(Into::into);
        evaluate::walk(engine, &mut global, &mut scope, code)
    };
    let printed = std::mem::take(&mut *printed.lock().expect("no panic under the lock"));
    let result = result
        .map(|value| format!("{} of {}", shown(&value), value.type_name()))
        .map_err(|error| without_columns(&format!("{error:?}")));
    // And where exactly calls are nested too deeply differs where natives call back.
    let is_endless = result.as_ref().is_err_and(|error| {
        error.contains("ErrorTooManyOperations") || error.contains("ErrorStackOverflow") && error.contains("anon$")
    });
    let variables = scope.iter_raw();
    let variables = variables.map(|(name, is_constant, value)| format!("{name} {is_constant} {}", shown(value)));
    (!is_endless).then(|| Outcome {
        printed,
        result,
        variables: variables.collect(),
    })
}

/// A value, but not whether a function in it is linked to its definition already.
fn shown(value: &Dynamic) -> String {
    format!("{value:?}").replace("Fn*(", "Fn(")
}

/// An error without the column of each position, which is written as `line:column`.
fn without_columns(error: &str) -> String {
    // What a caught error says of itself has the column by name.
    let mut columns = error.split("\"position\": ");
    let mut named = columns.next().unwrap_or_default().to_owned();
    for after in columns {
        named.push_str(after.trim_start_matches(|character: char| character.is_ascii_digit()));
    }
    let mut parts = named.split(':');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let follows_line = text.ends_with(|character: char| character.is_ascii_digit());
        let rest = part.trim_start_matches(|character: char| follows_line && character.is_ascii_digit());
        text.push(':');
        text.push_str(rest);
    }
    text
}

#[test]
fn agree_on_all_scripts_whole_or_broken() {
    let machine = standard_machine();
    let run = move || {
        let context = TaskContext::current(machine.host, None);
        let mut engine = engine::build(context, Profile::CONSOLE);
        engine.set_max_call_levels(40).set_max_operations(OPERATIONS_MAX);
        engine.set_max_string_size(1 << 20).set_max_array_size(1 << 16);
        engine.set_optimization_level(OptimizationLevel::None);
        let printed = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&printed);
        engine.on_print(move |text| log.lock().expect("no panic under the lock").push(text.to_owned()));
        let mut random = Random(0x2545_f491_4f6c_dd1d);
        let (mut compared, mut failing) = (0, 0);
        let mut differences = Vec::new();
        for (path, text) in scripts() {
            for variant in 0..=if is_hostile(&path) { HOSTILE_VARIANTS } else { VARIANTS } {
                let text = if variant == 0 {
                    text.clone()
                } else {
                    broken(&text, &mut random)
                };
                let Ok(mut code) = engine.compile(&text) else { continue };
                code.set_source("file");
                let Some(walked) = outcome(&engine, &printed, &code, false) else {
                    continue;
                };
                let Some(ran) = outcome(&engine, &printed, &code, true) else {
                    continue;
                };
                compared += 1;
                failing += usize::from(walked.result.is_err());
                if walked != ran {
                    differences.push(format!(
                        "{}:\n{text}\nwalked {walked:?}\nran    {ran:?}",
                        path.display()
                    ));
                }
            }
        }
        let (count, first) = (differences.len(), differences.iter().take(10).map(String::as_str));
        assert!(
            count == 0,
            "{count} of {compared} differ:\n\n{}",
            first.collect::<Vec<_>>().join("\n\n")
        );
        assert!(
            compared > 5_000 && failing > 2_500,
            "only {compared} compared, {failing} of them failing"
        );
        Ok(Value::Unit)
    };
    machine.run(run).expect("the task ends");
}

#[test]
fn programs_that_only_compute_are_suitable() {
    let machine = standard_machine();
    let run = move || {
        let context = TaskContext::current(machine.host, None);
        let engine = engine::build(context, Profile::CONSOLE);
        let programs = scripts()
            .into_iter()
            .filter(|(path, _)| path.parent().is_some_and(|parent| parent.ends_with("programs")));
        let mut count = 0;
        for (path, text) in programs.filter(|(_, text)| !text.starts_with("let top") && !text.starts_with("fn body")) {
            let code = engine.compile(&text).expect("it compiles");
            assert!(is_suitable(&code, &code), "{}", path.display());
            count += 1;
        }
        assert_eq!(count, 8);
        let together =
            "fn a() { let x = 1; x = 2; x } fn b() { let x = [1]; x[0] = 2; x } fn c(n) { let x = 5; } a(); b()";
        let code = engine.compile(together).expect("it compiles");
        assert!(is_suitable(&code, &code));
        assert!(!is_suitable(&code, &engine.compile("1 + 1").expect("it compiles")));
        Ok(Value::Unit)
    };
    machine.run(run).expect("the task ends");
}
