//! The language corpus prints on our engines what it prints on a plain engine of the same features.

mod host;

use host::{FakeMachineWithConsole, standard_machine};
use rhai::{Dynamic, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};
use script_api::complete;
use script_api::context::TaskContext;
use script_api::engine::{self, Profile};
use script_api::table;
use services::value::Value;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// Name and text of each file of the corpus.
fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/language");
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .expect("the corpus")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    files.sort();
    assert!(files.len() >= 10);
    files
}

/// `import` from the folder that `/rom` is packed from, by the same rule for paths.
struct Folder;

impl ModuleResolver for Folder {
    fn resolve(
        &self,
        engine: &Engine,
        _: Option<&str>,
        path: &str,
        _: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let file = format!(
            "{}/../stdlib-scripts/{}.rhai",
            env!("CARGO_MANIFEST_DIR"),
            path.trim_end_matches(".rhai")
        );
        let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
        let code = engine.compile(text)?;
        Ok(Module::eval_ast_as_new(Scope::new(), &code, engine)?.into())
    }
}

/// What a plain engine prints, and the error at the end, if any.
fn plain(text: &str) -> (Vec<String>, Option<String>) {
    let printed = Arc::new(Mutex::new(Vec::new()));
    let mut engine = Engine::new();
    // Debug builds of Rhai have lower limits than the ones in use.
    engine.set_max_call_levels(64).set_max_expr_depths(64, 32);
    engine.set_module_resolver(Folder);
    let log = Arc::clone(&printed);
    engine.on_print(move |text| log.lock().expect("no panic under the lock").push(text.to_owned()));
    let result = engine.run(text);
    let printed = std::mem::take(&mut *printed.lock().expect("no panic under the lock"));
    (printed, result.err().map(|error| error.to_string()))
}

/// What one of our engines prints.
fn ours(machine: FakeMachineWithConsole, text: String) -> String {
    let run = move || {
        let context = TaskContext::current(machine.host, Some(machine.terminal));
        let engine = engine::build(context, Profile::CONSOLE);
        let code = engine::compile(&context, &engine, &Scope::new(), &text, "").expect("it compiles");
        let _ = engine
            .eval_ast_with_scope::<Dynamic>(&mut Scope::new(), &code)
            .expect("it runs");
        context.print_line("(end)").expect("printed");
        Ok(Value::Unit)
    };
    machine.run(run).expect("the task ends");
    let shown = machine.console.take_until("(end)\r\n").replace("\r\n", "\n");
    shown.strip_suffix("(end)\n").expect("the end").to_owned()
}

#[test]
fn prints_what_plain_rhai_prints() {
    for (name, text) in corpus() {
        assert!(text.len() < 4096, "{name} is too long");
        let (expected, error) = plain(&text);
        assert_eq!(error, None, "{name}");
        assert!(expected.len() >= 30, "{name} prints little");
    }
    // No session of this program has waited at a prompt yet, so functions are still found by a search.
    assert!(table::get().is_none());
    compare_with_plain("functions searched");
    let host = standard_machine().host;
    host::wait_for(table::while_waiting(
        host,
        std::future::poll_fn(|_| {
            if table::get().is_some() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }),
    ));
    compare_with_plain("functions in a table");
}

fn compare_with_plain(how: &str) {
    for (name, text) in corpus() {
        let expected: String = plain(&text).0.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(ours(standard_machine(), text), expected, "{name}, {how}");
    }
}

/// Where the scanner calls the beginning of a file finished, the parser must not ask for more.
#[test]
fn finds_the_same_ends_of_input_as_the_parser() {
    let engine = Engine::new();
    for (name, text) in corpus() {
        let mut scanner = complete::Scanner::default();
        for (end, _) in text.match_indices('\n') {
            let start = &text[..end];
            let is_complete = scanner.is_complete(start);
            let error = engine
                .compile(start)
                .err()
                .map(|error| error.0.to_string())
                .unwrap_or_default();
            let wants_more = error.contains("end") && error.contains("Expecting") || error.contains("unterminated");
            assert!(
                !(is_complete && wants_more),
                "{name}: complete, but {error}: ...{:?}",
                start.lines().last()
            );
            if error.is_empty() {
                assert!(
                    is_complete,
                    "{name}: incomplete, but it compiles: ...{:?}",
                    start.lines().last()
                );
            }
        }
    }
}
