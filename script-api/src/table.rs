//! Rhai's own functions in a table, made while the prompt waits for its first line, and so are ours that only compute.
//!
//! Making it is by far the largest part of an engine's cost: it runs some hundred registrations, each of them code that
//! runs once, which an emulator has to translate first. Until the table is there, engines search the functions' list for
//! each one that a script uses, which is slow for scripts but takes no start-up time.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Context;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicBlobPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, BitFieldPackage, LanguageCorePackage, LogicPackage, MoreStringPackage,
    Package,
};
use rhai::{Module, Shared};
use services::host::{BoxFuture, Host};
use services::lock::Lock;

use crate::engine;
use crate::warm;

static TABLE: spin::Once<Shared<Module>> = spin::Once::new();
static UNFINISHED: Lock<(Option<Module>, usize)> = Lock::new((None, 0));
static IS_WARM: AtomicBool = AtomicBool::new(false);

/// From the first wait of a prompt to the first step: the prompts on the serial line and on the screen take that long in
/// an emulator. A line that comes earlier pays for all steps at once ([`finish`]).
const PAUSE_NS: u64 = 50_000_000;

/// The rest of a pause; `None` once it is over.
type Pause = Option<BoxFuture<()>>;

/// The parts of Rhai's standard package, in its order: later ones take precedence.
const PARTS: [fn(&mut Module); 12] = [
    LanguageCorePackage::init,
    ArithmeticPackage::init,
    BasicStringPackage::init,
    BasicIteratorPackage::init,
    BasicFnPackage::init,
    BitFieldPackage::init,
    LogicPackage::init,
    BasicMathPackage::init,
    BasicArrayPackage::init,
    BasicBlobPackage::init,
    BasicMapPackage::init,
    MoreStringPackage::init,
];

/// The table, once it is finished.
pub fn get() -> Option<&'static Shared<Module>> {
    TABLE.get()
}

/// Awaits `future`; in the meantime, after a pause and then a step each time the executor comes by, warms the engine's
/// code up and makes the table. In the pause, the other prompts appear. Call it with allocations on the kernel heap.
pub async fn while_waiting<T>(host: Host, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut pause = None;
    poll_fn(|context| {
        let output = future.as_mut().poll(context);
        if output.is_pending() && get().is_none() {
            // Begun only now: what the future has started, such as the prompt's text, comes first.
            let end_ns = || host.clock.uptime_ns() + PAUSE_NS;
            let pause = pause.get_or_insert_with(|| Some(host.clock.sleep_until(end_ns())));
            if !is_over(pause, context) {
                return output;
            }
            if !step(host) {
                context.waker().wake_by_ref();
            }
        }
        output
    })
    .await
}

/// Whether the pause is over; asked again and again after its end too.
fn is_over(pause: &mut Pause, context: &mut Context<'_>) -> bool {
    let is_over = pause
        .as_mut()
        .is_none_or(|pause| pause.as_mut().poll(context).is_ready());
    if is_over {
        *pause = None;
    }
    is_over
}

/// Does what is left to do. Call it with allocations on the kernel heap, before the first line of a script runs: what a
/// script makes lazily would land in its task's arena.
pub fn finish(host: Host) {
    while !step(host) {}
}

/// One step; true where no other is left.
fn step(host: Host) -> bool {
    // Relaxed: it would be no harm to do it twice.
    if !IS_WARM.swap(true, Ordering::Relaxed) {
        warm::run_and_log(host);
        return false;
    }
    !engine::make_computing() && extend()
}

fn extend() -> bool {
    let Some(mut unfinished) = UNFINISHED.try_lock() else {
        // Another core is at it.
        return true;
    };
    if get().is_some() {
        return true;
    }
    let (module, done) = &mut *unfinished;
    let module = module.get_or_insert_default();
    if let Some(init) = PARTS.get(*done) {
        let mut part = Module::new();
        init(&mut part);
        part.register_lazy_functions();
        module.combine(part);
        *done += 1;
        return false;
    }
    let mut module = core::mem::take(module);
    module.build_index();
    TABLE.call_once(|| module.into());
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::packages::StandardPackage;

    #[test]
    fn holds_all_standard_functions() {
        while !extend() {}
        let table = get().expect("the table");
        let standard = StandardPackage::new().as_shared_module();
        assert_eq!(table.count(), standard.count());
        assert!(table.count().1 > 300);
    }
}
