//! What belongs to one core. On the machine it is found through the GS base; on a host each thread has its own.
//!
//! Only the core itself changes its cells, and interrupt handlers touch only the atomics.

use core::cell::{Cell, RefCell};
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use corosensei::trap::CoroutineTrapHandler;
use services::task::{Control, TaskError};

use super::load::Load;
use crate::executor::record::TaskRecord;
use crate::executor::{Ended, Executor};

/// Frames that the page-fault handler may use when it cannot take the frame allocator's lock.
pub const RESERVE_FRAMES: usize = 32;

/// Where a core goes on when the code it runs panics or faults.
#[derive(Clone, Copy)]
pub struct Recovery {
    /// Makes the abandoned coroutine return to its parent.
    pub handler: CoroutineTrapHandler<Ended>,
}

/// One core's data. `repr(C)`: the first two fields are read by offset.
#[repr(C)]
pub struct CoreLocal {
    this: Cell<*const CoreLocal>,
    /// The arena that serves allocations now; null for the kernel heap.
    pub allocating: Cell<*mut ArenaPointer>,
    /// The running task's arena, whether or not it serves allocations now; null where no task runs.
    pub arena: Cell<*mut ArenaPointer>,
    /// Kernel locks held.
    pub locks_held: AtomicUsize,
    /// The core's number, from 0.
    pub index: AtomicU32,
    /// Number of its local APIC.
    pub apic_id: AtomicU32,
    /// It is halted, or about to be, and has used no translation since it said so.
    pub is_halted: AtomicBool,
    /// Which removals of translations it knows of; see `arch::tlb`.
    pub translations: AtomicU64,
    /// What it adds to its time-stamp counter to have the boot processor's.
    pub tsc_offset: AtomicI64,
    /// How busy it is.
    pub load: Load,
    /// Rhai operations that ran here.
    pub operations: AtomicU64,
    /// Interrupts that came from other cores.
    pub ipis: AtomicU64,
    /// Where it was when the machine stopped: the instruction's address, and the frame pointer.
    pub stopped_at: [AtomicU64; 2],
    /// Where to go on after a panic or a fault; none in the executor's own code.
    pub recovery: Cell<Option<Recovery>>,
    /// Why the coroutine that was abandoned last ended.
    pub fault: RefCell<Option<TaskError>>,
    /// The running task's record.
    pub record: Cell<*const TaskRecord>,
    /// The running task's control, for the timer interrupt; 0 where no task runs.
    pub control: AtomicUsize,
    /// Timer interrupts taken.
    pub timer_interrupts: AtomicU64,
    /// The moment that its timer is armed for, in nanoseconds of the clock; `u64::MAX` where it is not.
    pub timer_due_ns: AtomicU64,
    /// The core's executor; null where there is none yet.
    pub executor: AtomicPtr<Executor>,
    /// Frames for the page-fault handler, as physical addresses; 0 where taken.
    pub reserve: [AtomicU64; RESERVE_FRAMES],
    /// None of those is known to be taken.
    pub is_reserve_full: AtomicBool,
    /// Kernel-heap blocks that script code dropped, linked through their first word, to be freed by the executor.
    pub deferred: Cell<*mut DeferredBlock>,
}

/// An arena's header, opaque here; see `memory::arena`.
pub enum ArenaPointer {}

/// A kernel-heap block that waits to be freed.
#[repr(C)]
pub struct DeferredBlock {
    /// The next one, or null.
    pub next: *mut DeferredBlock,
    /// The block's size in bytes.
    pub size: usize,
    /// The block's alignment in bytes.
    pub align: usize,
}

// SAFETY: a core's data is used by that core only; what others may touch is atomic.
unsafe impl Sync for CoreLocal {}

impl CoreLocal {
    /// A core that runs nothing yet.
    pub const fn new() -> Self {
        Self {
            this: Cell::new(core::ptr::null()),
            allocating: Cell::new(core::ptr::null_mut()),
            arena: Cell::new(core::ptr::null_mut()),
            locks_held: AtomicUsize::new(0),
            index: AtomicU32::new(0),
            apic_id: AtomicU32::new(0),
            is_halted: AtomicBool::new(false),
            translations: AtomicU64::new(0),
            tsc_offset: AtomicI64::new(0),
            load: Load::new(),
            operations: AtomicU64::new(0),
            ipis: AtomicU64::new(0),
            stopped_at: [const { AtomicU64::new(0) }; 2],
            recovery: Cell::new(None),
            fault: RefCell::new(None),
            record: Cell::new(core::ptr::null()),
            control: AtomicUsize::new(0),
            timer_interrupts: AtomicU64::new(0),
            timer_due_ns: AtomicU64::new(u64::MAX),
            executor: AtomicPtr::new(core::ptr::null_mut()),
            reserve: [const { AtomicU64::new(0) }; RESERVE_FRAMES],
            is_reserve_full: AtomicBool::new(false),
            deferred: Cell::new(core::ptr::null_mut()),
        }
    }

    /// The core's number.
    pub fn number(&self) -> u32 {
        self.index.load(Ordering::Relaxed)
    }

    /// Makes `control` the one that the timer asks to yield.
    pub fn set_control(&self, control: Option<&'static Control>) {
        let address = control.map_or(0, |control| core::ptr::from_ref(control) as usize);
        self.control.store(address, Ordering::Relaxed);
    }

    /// The running task's control. Safe in an interrupt handler.
    pub fn running_control(&self) -> Option<&'static Control> {
        let address = self.control.load(Ordering::Relaxed) as *const Control;
        // SAFETY: `set_control` stores only pointers made from `'static` references.
        unsafe { address.as_ref() }
    }

    /// Runs `work` with allocations on the kernel heap.
    pub fn on_kernel_heap<T>(&self, work: impl FnOnce() -> T) -> T {
        let arena = self.allocating.replace(core::ptr::null_mut());
        let result = work();
        self.allocating.set(arena);
        result
    }
}

impl Default for CoreLocal {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(target_os = "none")]
static BOOT_CORE: CoreLocal = CoreLocal::new();

/// The boot processor's data.
#[cfg(target_os = "none")]
pub fn boot_core() -> &'static CoreLocal {
    &BOOT_CORE
}

/// Points the GS base of the boot processor at its data. The first thing the kernel does: locks and the allocator need
/// it.
#[cfg(target_os = "none")]
pub fn start_boot_core() {
    install(&BOOT_CORE);
}

/// Points the GS base of the calling core at its data: the first thing that it does.
#[cfg(target_os = "none")]
pub fn install(core: &'static CoreLocal) {
    core.this.set(core);
    x86_64::registers::model_specific::GsBase::write(x86_64::VirtAddr::from_ptr(core));
}

/// The calling core's data.
#[cfg(target_os = "none")]
#[inline(always)]
pub fn get() -> &'static CoreLocal {
    let this: *const CoreLocal;
    // SAFETY: the GS base points at this core's data from the first instruction of `kernel_main` on, and its first
    // word is its own address.
    unsafe {
        core::arch::asm!("mov {}, gs:[0]", out(reg) this, options(nostack, preserves_flags, pure, readonly));
    }
    // SAFETY: as above; the data is static.
    unsafe { &*this }
}

/// The calling thread's data.
#[cfg(not(target_os = "none"))]
pub fn get() -> &'static CoreLocal {
    extern crate std;
    std::thread_local! {
        static CORE: &'static CoreLocal = Box::leak(Box::new(CoreLocal::new()));
    }
    CORE.with(|core| {
        core.this.set(core::ptr::from_ref(*core));
        *core
    })
}
