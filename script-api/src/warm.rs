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

/// Makes everything that is made once and shared by all engines, and runs one script, so that nothing lazy is made
/// later inside a task's arena (as `ahash` makes its source of seeds). Call once at boot, on the kernel heap, outside of
/// any task. A failure would be a defect of this build; it is logged.
pub fn warm_up(host: Host) {
    if let Err(error) = try_warm_up(host) {
        log::error!("the script engine's warm-up failed: {error}");
    }
}

/// As [`warm_up`].
///
/// # Errors
///
/// The script's error.
pub fn try_warm_up(host: Host) -> Result<(), Box<EvalAltResult>> {
    let context = TaskContext {
        host,
        terminal: None,
        control: &CONTROL,
    };
    let engine = engine::build(context, Profile::CONSOLE);
    let ast = engine::compile(&context, &engine, &Scope::new(), SCRIPT, "")?;
    engine.eval_ast_with_scope::<()>(&mut Scope::new(), &ast)
}
