//! Common operations take time that grows with the data, not with its square.

mod host;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use host::standard_machine;
use rhai::{Dynamic, ImmutableString, Scope};
use script_api::context::TaskContext;
use script_api::engine::{self, Profile};
use script_api::evaluate;
use services::value::Value;

const APPENDS: usize = 2000;
/// A text that doubles its room when it is full moves this often until it is far longer than the test's.
const MOVES_MAX: usize = 40;

/// How often the text `s` moves in memory while `statement` runs again and again. Each move is a copy of all of it.
fn moves(statement: &str) -> usize {
    let machine = standard_machine();
    let text = format!("let s = \"\"; let o = 1; for i in 0..{APPENDS} {{ {statement}; look(s); }} s.len()");
    let moves = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&moves);
    let run = move || {
        let context = TaskContext::current(machine.host, Some(machine.terminal));
        let mut engine = engine::build(context, Profile::CONSOLE);
        let known = AtomicUsize::new(0);
        engine.register_fn("look", move |text: &mut ImmutableString| {
            let address = text.as_ptr() as usize;
            if known.swap(address, Ordering::Relaxed) != address {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        let code = engine::compile(&context, &engine, &Scope::new(), &text, "").expect("it compiles");
        let length: Dynamic = evaluate::whole(&engine, &mut Scope::new(), &code).expect("it runs");
        assert!(length.as_int().expect("a length") >= APPENDS as i64);
        Ok(Value::Unit)
    };
    machine.run(run).expect("the task ends");
    moves.load(Ordering::Relaxed)
}

#[test]
fn appending_to_a_text_does_not_copy_it() {
    for statement in [
        "s += i",
        "s += -i",
        "s += 1.5",
        "s += true",
        "s += 'c'",
        "s += \"text\"",
        "s += [i]",
        "s += #{a: i}",
        "s += 0..9",
        "s.append(i)",
        "s.append(1.5)",
        "s.append(false)",
        "s.append(\"text\")",
        "s.append([i])",
    ] {
        let moves = moves(statement);
        assert!(moves <= MOVES_MAX, "{statement}: {moves} moves in {APPENDS} turns");
    }
}

#[test]
fn the_measure_tells_copies() {
    assert!(moves("s = s + \"text\"") > APPENDS / 2);
}

#[test]
fn padding_with_nothing_ends() {
    assert!(moves("s += i; let t = \"a\"; t.pad(9, \"\"); if t != \"a\" { throw t; }") <= MOVES_MAX);
    assert!(moves("s += i; let t = \"a\"; t.pad(4, \"xy\"); if t != \"axyx\" { throw t; }") <= MOVES_MAX);
}
