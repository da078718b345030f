//! From the trampoline to the executor: what a core other than the boot processor needs, and its first steps.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use drivers::clock_offset::{self, Exchange};

use super::trampoline::{self, Destination};
use crate::arch::core_local::{self, CoreLocal};
use crate::arch::features::{self, Features};
use crate::arch::lock::KernelLock;
use crate::arch::segments::{self, Tables};
use crate::arch::{apic, clock, interrupts, tlb};
use crate::executor::{Executor, run};
use crate::memory::stack::{TaskStack, Unavailable};

/// Looks at the other core's counter; the quickest tells most.
const EXCHANGES: usize = 16;
/// An exchange that takes no longer than this is exact enough.
const QUICK_US: u64 = 5;
/// The boot processor may be kept from answering; the new core does not wait for it longer than this.
const EXCHANGE_LIMIT: u32 = 10_000_000;

/// From its arrival a core is online within this time.
const ONLINE_LIMIT_NS: u64 = 2_000_000_000;

/// Why a core does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no memory for its stacks.
    OutOfMemory,
    /// There is no room for the trampoline.
    NoRoomBelow,
    /// It did not show itself in time.
    Silent,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::OutOfMemory => "not enough memory",
            Self::NoRoomBelow => "no free memory below 1 MiB",
            Self::Silent => "it does not answer",
        })
    }
}

impl From<Unavailable> for Error {
    fn from(_: Unavailable) -> Self {
        Self::OutOfMemory
    }
}

/// What a core needs to begin. Never freed: a core that comes up late, when nobody expects it any more, must find it.
pub struct Startup {
    core: CoreLocal,
    tables: Tables,
    interrupt_stacks: [TaskStack; segments::STACK_COUNT],
    stack: TaskStack,
    /// What its tasks are polled on, until it takes it.
    poller_stack: KernelLock<Option<TaskStack>>,
    executor: Executor,
    features: Features,
    /// Number of the trampoline's page.
    page: u8,
    has_arrived: AtomicBool,
    /// The core must not go on: it was given up.
    is_given_up: AtomicBool,
    /// The new core wants the boot processor's counter.
    asks: AtomicBool,
    /// The answer; 0 for none.
    answer: AtomicU64,
    is_online: AtomicBool,
}

impl Startup {
    /// Makes everything that the core with this APIC number needs, and points the trampoline at it. One core at a time:
    /// the one before has arrived or was given up.
    ///
    /// # Errors
    ///
    /// [`Error`] where there is no memory for it.
    pub fn prepare(index: u32, apic_id: u32, features: Features) -> Result<&'static Self, Error> {
        let startup = Box::leak(Box::new(Self::new(index, apic_id, features)?));
        let destination = Destination {
            stack_top: startup.stack.top(),
            argument: core::ptr::from_ref(startup) as usize,
        };
        // SAFETY: nobody is on the way through the trampoline, as the caller makes sure.
        startup.page = unsafe { trampoline::prepare(destination) }.ok_or(Error::NoRoomBelow)?;
        Ok(startup)
    }

    /// Sends the core on its way.
    pub fn send(&self) {
        apic::send_startup(self.core.apic_id.load(Ordering::Relaxed), self.page);
    }

    /// Whether the core has come out of the trampoline.
    pub fn has_arrived(&self) -> bool {
        self.has_arrived.load(Ordering::Acquire)
    }

    /// Nobody waits for the core any more: it is reset, so that it does not come through the trampoline when the next one
    /// does.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::SeqCst);
        apic::send_init(self.core.apic_id.load(Ordering::Relaxed));
    }

    fn new(index: u32, apic_id: u32, features: Features) -> Result<Self, Unavailable> {
        let mut stacks: Vec<TaskStack> = Vec::with_capacity(segments::STACK_COUNT);
        for _ in 0..segments::STACK_COUNT {
            stacks.push(TaskStack::new()?);
        }
        let interrupt_stacks = <[TaskStack; segments::STACK_COUNT]>::try_from(stacks).map_err(|_| Unavailable)?;
        let core = CoreLocal::new();
        core.index.store(index, Ordering::Relaxed);
        core.apic_id.store(apic_id, Ordering::Relaxed);
        Ok(Self {
            core,
            tables: Tables::new(),
            interrupt_stacks,
            stack: TaskStack::new()?,
            poller_stack: KernelLock::new(Some(TaskStack::new()?)),
            executor: Executor::new(),
            features,
            page: 0,
            has_arrived: AtomicBool::new(false),
            is_given_up: AtomicBool::new(false),
            asks: AtomicBool::new(false),
            answer: AtomicU64::new(0),
            is_online: AtomicBool::new(false),
        })
    }

    /// Tells the core, which has arrived, this one's time whenever it asks, until it is online.
    ///
    /// # Errors
    ///
    /// [`Error::Silent`] where it is not online in time; it may be later.
    pub fn answer_until_online(&self) -> Result<(), Error> {
        let is_online = || {
            if self.asks.swap(false, Ordering::Acquire) {
                self.answer.store(clock::tsc(), Ordering::Release);
            }
            self.is_online.load(Ordering::Acquire)
        };
        let begin_ns = clock::now_ns();
        while !is_online() {
            if clock::now_ns() - begin_ns > ONLINE_LIMIT_NS {
                return Err(Error::Silent);
            }
            core::hint::spin_loop();
        }
        Ok(())
    }

    /// What this core has to add to its counter to have the boot processor's, in ticks. The first quick exchange decides.
    fn measure_offset(&self) -> i64 {
        let quick_ticks = clock::rate_hz() / 1_000_000 * QUICK_US;
        let mut exchanges = [None; EXCHANGES];
        for slot in &mut exchanges {
            *slot = self.exchange();
            if slot.is_some_and(|one| one.received.saturating_sub(one.sent) < quick_ticks) {
                break;
            }
        }
        clock_offset::offset_ticks(exchanges.into_iter().flatten()).unwrap_or(0)
    }

    /// One look at the boot processor's counter; `None` where it does not answer.
    fn exchange(&self) -> Option<Exchange> {
        self.answer.store(0, Ordering::Relaxed);
        let sent = clock::tsc();
        self.asks.store(true, Ordering::Release);
        for _ in 0..EXCHANGE_LIMIT {
            match self.answer.load(Ordering::Acquire) {
                0 => core::hint::spin_loop(),
                remote => {
                    let received = clock::tsc();
                    return Some(Exchange { sent, remote, received });
                }
            }
        }
        None
    }
}

/// Where another core than the boot processor comes from the trampoline: with a stack of its own, interrupts off.
#[unsafe(no_mangle)]
extern "C" fn core_main(startup: &'static Startup) -> ! {
    core_local::install(&startup.core);
    startup.has_arrived.store(true, Ordering::SeqCst);
    while startup.is_given_up.load(Ordering::SeqCst) {
        x86_64::instructions::hlt();
    }
    features::start_on_this_core(&startup.features);
    let tops = core::array::from_fn(|index| startup.interrupt_stacks[index].top());
    // SAFETY: this core is the only user of its start-up data, and comes here once.
    unsafe { segments::start(&startup.tables, tops) };
    interrupts::start_on_this_core();
    apic::start_on_this_core(&startup.features);
    tlb::catch_up();
    clock::align(startup.measure_offset());
    run::start_on_this_core(&startup.executor);
    // What was taken away before it was among those that are asked.
    tlb::catch_up();
    interrupts::come_online();
    startup.is_online.store(true, Ordering::Release);
    let stack = startup.poller_stack.lock().take();
    run::run(&startup.executor, stack.expect("a core starts once"))
}
