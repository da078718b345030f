//! `dashboard`: the machine at work, on the whole terminal.
//!
//! What is shown is a service without a terminal ([`services::dashboard`]); here it is given moments and keys. It lies in
//! the task's arena.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use rhai::Dynamic;
use services::dashboard::{Dashboard, Snapshot, Step, plain};
use services::host::Interrupted;

use super::PLAIN;
use crate::compute::{Call, Error, Result};
use crate::context::TaskContext;
use crate::pager::{self, Keys, Stage};
use crate::registry::{Api, Doc, Example, ScriptError};

/// The longest wait for a key: after it the terminal may have another size.
const WAIT_LIMIT_MS: u64 = 1000;
/// How often a terminal that does not tell by itself is asked for its size.
const ASK_SIZE_NS: u64 = 2_000_000_000;
/// Keys that are taken before the screen is drawn again, however many wait.
const BATCH_KEYS: usize = 32;
const NS_PER_MS: u64 = 1_000_000;

const DASHBOARD: Doc = Doc {
    name: "dashboard",
    returns: "()",
    waits: true,
    summary: "Shows the machine at work on the whole screen: cores, memory, tasks, interrupts.",
    notes: "Once a second; ? lists the keys, q leaves. Arrows select a task, k ends it; c, m, o, t, i, n and s sort; p \
            pauses; + and - change the interval. A terminal without cursor control gets it once, as text.",
    example: Example::Shows("dashboard()", "Rhaios..."),
    ..PLAIN
};

/// Adds `dashboard`.
pub fn register(api: &mut Api) {
    api.compute(&DASHBOARD, dashboard);
}

fn dashboard(call: &Call<'_>) -> Result<Dynamic> {
    show(call.context).map(|()| Dynamic::UNIT).map_err(|Interrupted| {
        Error::Script(ScriptError::Interrupted.to_script(call.context, call.native.call_position()))
    })
}

fn show(context: &TaskContext) -> core::result::Result<(), Interrupted> {
    match Stage::enter(context, Keys::All)? {
        Some(stage) => {
            let result = serve(context, &stage);
            stage.leave();
            result
        }
        None => context.print_line(&plain::text(&look(context))),
    }
}

/// The machine now. It is asked on the kernel heap, and what it says copied to the task's arena.
fn look(context: &TaskContext) -> Snapshot {
    let now = context.on_kernel_heap(|| Snapshot::take(&context.host, concat!("Rhaios ", env!("CARGO_PKG_VERSION"))));
    let copy = now.clone();
    context.on_kernel_heap(|| drop(now));
    copy
}

fn serve(context: &TaskContext, stage: &Stage<'_>) -> core::result::Result<(), Interrupted> {
    let clock = context.host.clock;
    let mut dashboard = Dashboard::new(pager::view(context), look(context));
    let mut looked_ns = clock.uptime_ns();
    let mut asked_ns = looked_ns;
    let mut out = Vec::new();
    loop {
        let view = pager::view(context);
        if !view.shows_escapes {
            // Nobody is there any more.
            return Ok(());
        }
        dashboard.resize(view);
        out.clear();
        dashboard.draw(&mut out);
        stage.send(&String::from_utf8_lossy(&out))?;
        let now_ns = clock.uptime_ns();
        if now_ns.saturating_sub(asked_ns) >= ASK_SIZE_NS {
            asked_ns = now_ns;
            stage.ask_size();
        }
        let due_ns = looked_ns.saturating_add(dashboard.interval_ms() * NS_PER_MS);
        let left_ms = due_ns.saturating_sub(now_ns).div_ceil(NS_PER_MS);
        let limit_ms = if dashboard.is_paused() {
            WAIT_LIMIT_MS
        } else {
            left_ms.min(WAIT_LIMIT_MS)
        };
        let step = keys(stage, &mut dashboard, limit_ms)?;
        let end_ns = clock.uptime_ns();
        match step {
            Some(Step::Leave) => return Ok(()),
            Some(Step::Kill(id)) => {
                let is_asked = context.on_kernel_heap(|| context.host.tasks.kill(id));
                let what = if is_asked {
                    "was told to end"
                } else {
                    "has ended already"
                };
                dashboard.update(look(context));
                dashboard.say(&format!("task {} {what}", id.0));
                looked_ns = end_ns;
            }
            Some(Step::Refresh) => {
                dashboard.update(look(context));
                looked_ns = end_ns;
            }
            // Back too soon: the keys belong to somebody else now.
            None if end_ns < now_ns.saturating_add(limit_ms.saturating_sub(1) * NS_PER_MS) => return Ok(()),
            Some(Step::Stay) | None => {
                if !dashboard.is_paused() && end_ns >= due_ns {
                    dashboard.update(look(context));
                    // In step with the clock, unless the terminal is too slow for that.
                    looked_ns = if end_ns - due_ns < dashboard.interval_ms() * NS_PER_MS {
                        due_ns
                    } else {
                        end_ns
                    };
                }
            }
        }
    }
}

/// Gives the dashboard the keys that were pressed; `None` where there was none until `limit_ms` had passed.
fn keys(
    stage: &Stage<'_>,
    dashboard: &mut Dashboard,
    limit_ms: u64,
) -> core::result::Result<Option<Step>, Interrupted> {
    let mut limit_ms = limit_ms;
    let mut last = None;
    for _ in 0..BATCH_KEYS {
        let Some(key) = stage.read_key(Some(limit_ms))? else {
            break;
        };
        let step = dashboard.press(key);
        last = Some(step);
        if step != Step::Stay {
            break;
        }
        limit_ms = 0;
    }
    Ok(last)
}
