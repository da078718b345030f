//! `watch`: a value that is shown anew again and again.

use alloc::string::String;

use rhai::{Dynamic, FnPtr};
use services::host::Interrupted;
use services::pager::Pager;
use services::terminal::keys::Key;

use super::{PLAIN, param};
use crate::compute::{Call, Error, Result, unexpected};
use crate::pager::{self, Keys, Stage};
use crate::registry::{Api, Doc, Example, Kind, ScriptError};
use crate::show::{self, Limits};

/// The shortest time between two looks; less would leave no time for others.
const LEAST_MS: u64 = 10;

const WATCH: Doc = Doc {
    name: "watch",
    params: &[
        param("ms", Kind::Int, "milliseconds from one look to the next; 10 at least"),
        param("function", Kind::Function, "returns what is to be seen"),
    ],
    returns: "()",
    errors: &[("out_of_range", "ms is negative")],
    waits: true,
    summary: "Shows what a function returns, again and again, until q is pressed.",
    notes: "In place where the terminal shows escape sequences, else one below the other. Ctrl-C and errors end it too.",
    example: Example::Shows(
        "let n = 0; try { watch(1, || { n += 1; if n > 2 { throw n } n }) } catch { }",
        "1\n2",
    ),
    ..PLAIN
};

/// Adds `watch`.
pub fn register(api: &mut Api) {
    api.compute(&WATCH, watch);
}

fn watch(call: &Call<'_>) -> Result<Dynamic> {
    let ms = call.count(0, "ms")? as u64;
    let function = call.value(1);
    let function = function
        .read_lock::<FnPtr>()
        .map(|function| function.clone())
        .ok_or_else(|| unexpected(function, "a function"))?;
    let stopped =
        |_: Interrupted| Error::Script(ScriptError::Interrupted.to_script(call.context, call.native.call_position()));
    let stage = Stage::enter(call.context, Keys::WithoutControlC).map_err(stopped)?;
    let result = loop {
        let look = call.invoke(&function, []).and_then(|value| {
            show_once(call, stage.as_ref(), &value).map_err(stopped)?;
            wait_for_q(call, ms.max(LEAST_MS)).map_err(stopped)
        });
        match look {
            Ok(false) => {}
            Ok(true) => break Ok(Dynamic::UNIT),
            Err(error) => break Err(error),
        }
    };
    if let Some(stage) = stage {
        stage.leave();
    }
    result
}

fn show_once(call: &Call<'_>, stage: Option<&Stage<'_>>, value: &Dynamic) -> core::result::Result<(), Interrupted> {
    let view = pager::view(call.context);
    let text = show::value(value, Limits::ordinary(view.columns)).unwrap_or_default();
    let Some(stage) = stage else {
        return call.context.print_line(&text);
    };
    // A page of it, over the one before: each row is cleared to its end, and what is below.
    let mut page = Pager::new(view);
    page.push(&text, (1, 1));
    page.finish("");
    let mut out = String::from("\x1b[H");
    for row in page.page_text().split('\n') {
        out.push_str(row);
        out.push_str("\x1b[K\r\n");
    }
    out.push_str("\x1b[J\x1b[7mq leaves\x1b[0m\x1b[K");
    stage.send(&out)
}

/// Waits for the next look; true where the person has seen enough.
fn wait_for_q(call: &Call<'_>, ms: u64) -> core::result::Result<bool, Interrupted> {
    let clock = call.context.host.clock;
    let end_ns = clock.uptime_ns().saturating_add(ms.saturating_mul(1_000_000));
    loop {
        let left_ms = end_ns.saturating_sub(clock.uptime_ns()).div_ceil(1_000_000);
        let key = match call.context.terminal {
            Some(terminal) => pager::read_key(call.context, terminal, Some(left_ms))?,
            None => None,
        };
        match key {
            Some(Key::Character('q' | 'Q') | Key::Escape) => return Ok(true),
            Some(_) if left_ms > 0 => {}
            _ => break,
        }
    }
    // Where no keys can be read, the time has not passed yet.
    let left_ms = end_ns.saturating_sub(clock.uptime_ns()) / 1_000_000;
    if left_ms > 0 {
        let context = call.context;
        context.on_kernel_heap(|| services::host::block_on(context.host.tasks, context.after_ms(left_ms)))?;
    }
    Ok(false)
}
