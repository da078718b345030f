//! What is made once, at boot.

use alloc::boxed::Box;

use rhai::{EvalAltResult, Scope};
use services::host::Host;
use services::task::Control;

use crate::context::TaskContext;
use crate::engine::{self, Profile};

/// A script of every kind in little code: whatever runs here for the first time costs start-up time.
const SCRIPT: &str = r#"
    fn add(a, b) { a + b }
    let text = `${[1, 2.5, 'c', #{key: 1}, 0..3].map(|x| x).len()}`;
    try { throw add(text.len(), 1); } catch (error) { if error != 2 { throw error; } }
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
