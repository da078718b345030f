//! What is made once, at boot.

use alloc::boxed::Box;

use rhai::{EvalAltResult, Scope};
use services::host::Host;
use services::task::Control;

use crate::context::TaskContext;
use crate::engine::{self, Profile};

/// Every kind of value, call and error, but none of Rhai's native functions: the first of them costs a search through
/// all, and start-up has no time for that.
const SCRIPT: &str = r#"
    fn add(a, b) { a + b }
    const LIMIT = 3;
    let list = [1, 2.5, 'c', "text", (), #{key: 1}];
    let double = |x| x * list[0] * 2;
    let sum = 0;
    for item in list { if item == 1 { sum += item; } }
    while sum < LIMIT { sum += 1; }
    list[5].key = switch sum { 3 => double.call(sum), _ => 0 };
    try { throw add(list[5].key, 1); } catch (error) { if error != 7 { throw error; } }
"#;

/// The control word of code that belongs to no task.
static CONTROL: Control = Control::new();

/// Makes what all engines share (and with it the one thing that a crate below makes on first use, `ahash`'s source of
/// seeds), so that it never lands in a task's arena. Call once at boot, on the kernel heap, outside of any task.
///
/// The rest of the engine's start-up cost is paid while the prompt waits for its first line: see [`table`](crate::table).
pub fn warm_up(host: Host) {
    let context = context(host);
    engine::make_shared(&context);
    drop(engine::build(context, Profile::CONSOLE));
}

/// Runs a script of every kind, outside of any task, so that its code is warm and whatever it makes once is made on the
/// kernel heap.
///
/// # Errors
///
/// The script's error, which would be a defect of this build.
pub fn run(host: Host) -> Result<(), Box<EvalAltResult>> {
    let context = context(host);
    let engine = engine::build(context, Profile::CONSOLE);
    let ast = engine::compile(&context, &engine, &Scope::new(), SCRIPT, "")?;
    engine.eval_ast_with_scope::<()>(&mut Scope::new(), &ast)
}

/// As [`run`], with its error in the log.
pub(crate) fn run_and_log(host: Host) {
    if let Err(error) = run(host) {
        log::error!("the script engine's warm-up failed: {error}");
    }
}

fn context(host: Host) -> TaskContext {
    TaskContext {
        host,
        terminal: None,
        control: &CONTROL,
    }
}
