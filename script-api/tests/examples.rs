//! Every function's description: complete, and its example shows what it says.

mod host;

use host::standard_machine;
use script_api::catalogue;
use script_api::engine::{self, Profile};
use script_api::registry::{Doc, Example};
use script_api::types::Types;
use std::sync::atomic::Ordering;

fn docs() -> Vec<&'static Doc> {
    let machine = standard_machine();
    engine::docs(&machine.context()).collect()
}

#[test]
fn warms_up() {
    let machine = standard_machine();
    script_api::warm_up(machine.host);
    script_api::warm::run(machine.host).expect("the script runs");
}

#[test]
fn describes_every_function() {
    let docs = docs();
    assert!(docs.len() > 20);
    for doc in docs {
        let path = doc.path();
        assert!(
            doc.summary.ends_with('.') && doc.summary.len() < 100,
            "{path}: {}",
            doc.summary
        );
        assert!(doc.params.iter().all(|param| !param.meaning.is_empty()), "{path}");
        let call = if doc.is_method() {
            format!(".{}(", doc.name)
        } else {
            format!("{path}(")
        };
        assert!(
            doc.example.code().contains(&call),
            "{path}: the example does not call it"
        );
    }
}

/// The calls in the example are found in its syntax tree, not in its text: a name in a string does not count.
#[test]
fn calls_the_function_in_its_example() {
    let machine = standard_machine();
    let context = machine.context();
    let engine = engine::build(context, Profile::CONSOLE);
    for doc in docs() {
        let code =
            engine::compile(&context, &engine, &rhai::Scope::new(), doc.example.code(), "").expect("it compiles");
        let mut calls = Vec::new();
        let mut note = |path: &[rhai::ASTNode<'_>]| {
            if let Some(rhai::ASTNode::Expr(rhai::Expr::MethodCall(call, _))) = path.last() {
                calls.push(format!(".{}", call.name));
            }
            let call = match path.last() {
                Some(rhai::ASTNode::Expr(rhai::Expr::FnCall(call, _))) => Some(call),
                Some(rhai::ASTNode::Stmt(rhai::Stmt::FnCall(call, _))) => Some(call),
                _ => None,
            };
            if let Some(call) = call {
                let namespace = call.namespace.to_string();
                let prefix = if namespace.is_empty() {
                    String::new()
                } else {
                    format!("{namespace}::")
                };
                calls.push(format!("{prefix}{}", call.name));
            }
            true
        };
        code.walk(&mut note);
        let expected = if doc.is_method() {
            format!(".{}", doc.name)
        } else {
            doc.path()
        };
        assert!(calls.contains(&expected), "{}: {calls:?}", doc.path());
    }
}

#[test]
fn shows_what_the_example_says() {
    for doc in docs() {
        let machine = standard_machine();
        machine.start_session();
        match doc.example {
            Example::Shows(code, expected) => {
                let shown = machine.enter(code);
                let shown = shown.trim_end_matches('\n');
                match expected.strip_suffix("...") {
                    Some(start) => assert!(shown.starts_with(start), "{code}: {shown}"),
                    None => assert_eq!(shown, expected, "{code}"),
                }
            }
            Example::Interactive(code, keys) => {
                machine.console.type_text(code);
                machine.console.type_text("\r");
                machine.console.type_text(keys);
                let shown = machine.console.take_until("rhai> ");
                assert!(
                    shown.contains("\x1b[?1049h") && !shown.contains("error["),
                    "{code}: {shown}"
                );
            }
            // The task ends, and the supervisor starts another one.
            Example::DoesNotReturn(code) => {
                machine.console.type_text(code);
                machine.console.type_text("\r");
                let shown = machine.console.take_until("rhai> ");
                // The supervisor tells of the task's end; a fake machine goes off by killing the task.
                let end = ["error[killed]", "error[native_panic]"];
                assert!(end.iter().any(|end| shown.contains(end)), "{code}: {shown}");
                assert_eq!(
                    machine.power.is_off.load(Ordering::Relaxed),
                    doc.namespace == "power",
                    "{code}"
                );
            }
        }
    }
}

#[test]
fn gives_help_on_every_function() {
    let machine = standard_machine();
    machine.start_session();
    let overview = machine.enter("help()");
    for doc in docs() {
        let shown = if doc.namespace.is_empty() {
            doc.name
        } else {
            doc.namespace
        };
        // What is called on values is listed by the values' types.
        let is_listed = catalogue::receivers(doc) == Types::NONE || !doc.namespace.is_empty();
        assert!(!is_listed || overview.contains(shown), "{}", doc.path());
        let help = machine.enter(&format!("help(\"{}\")", doc.path()));
        // Long lines are broken between words.
        let in_one_line = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            in_one_line.contains(doc.summary) && help.contains(doc.example.code()),
            "{help}"
        );
    }
    assert!(machine.enter("help(\"task\")").contains("task::wait(id: int) -> any"));
    assert!(
        machine
            .enter("help(\"sleep_ms\")")
            .contains("did you mean \"time::sleep_ms\"?")
    );
}

#[test]
fn runs_the_programs_of_the_image() {
    let machine = standard_machine();
    machine.start_session();
    let programs: Vec<String> = host::standard_files()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("examples/"))
        .collect();
    assert!(programs.len() >= 3);
    for name in programs {
        let shown = machine.enter(&format!("run(\"/rom/{name}\")"));
        assert!(!shown.is_empty() && !shown.contains("error["), "{name}: {shown}");
    }
    let tasks = machine.enter("run(\"examples/tasks\")");
    assert_eq!(
        tasks,
        "task ends with 499500\ntask ends with 999000\ntask ends with 1498500\n"
    );
    assert!(machine.enter("run(\"examples/fibonacci\")").ends_with(" ms\ntrue\n"));
}
