//! What is made once, at boot.

use alloc::boxed::Box;

use rhai::{EvalAltResult, Scope};
use services::host::Host;
use services::task::Control;

use crate::context::TaskContext;
use crate::engine::{self, Profile};

/// Touches what crates make on first use: the functions of every kind of value, floats to text, closures, errors,
/// modules.
const SCRIPT: &str = r#"
    fn add(a, b) { a + b }
    const LIMIT = 3;
    let list = [1, 2.5, 'c', "text", `in ${LIMIT}`, blob(2, 7), #{key: 1}, 0..3, ()];
    let text = list.to_string() + list.to_debug() + 1.5e300 + " " + 0x10;
    let sum = 0;
    for item in 0..LIMIT { sum += add(item, 1); }
    let double = |x| x * 2;
    let sorted = [3, 1, 2];
    sorted.sort();
    sorted.sort_by(|a, b| b - a);
    let found = switch sum { 6 => "six", 7..10 => "more", _ if sum > 100 => "many", _ => "none" };
    try { throw #{code: "x", message: "y"}; } catch (error) { sum += error.code.len(); }
    try { 1 / 0 } catch (error) { text += error; }
    text.replace("a", "b");
    (text.split(" ").len() + sorted.map(double).len() + found.len() + sum + 2.0.sqrt().to_int()) > 0
"#;

/// The control word of code that belongs to no task.
static CONTROL: Control = Control::new();

/// Makes everything that is made once and shared by all engines, and runs one script of every kind, so that nothing
/// lazy is made later inside a task's arena. Call once at boot, on the kernel heap, outside of any task. A failure would
/// be a defect of this build; it is logged.
pub fn warm_up(host: Host) {
    if let Err(error) = run(host) {
        log::error!("the script engine's warm-up failed: {error}");
    }
}

fn run(host: Host) -> Result<(), Box<EvalAltResult>> {
    let context = TaskContext {
        host,
        terminal: None,
        control: &CONTROL,
    };
    let engine = engine::build(context, Profile::CONSOLE);
    let ast = engine::compile(&context, &engine, &Scope::new(), SCRIPT, "")?;
    engine.eval_ast_with_scope::<bool>(&mut Scope::new(), &ast)?;
    Ok(())
}
