//! The interrupt table, its entry stubs, and who handles which vector.
//!
//! Vectors 0 to 31 are the processor's exceptions. The cores' own interrupts (timer, calls from other cores) have the same
//! vector and handler on every core; devices get vectors of one core each, from [`allocate`]. A handler acknowledges its
//! device, sets bits and returns: it allocates nothing, wakes nobody and takes no lock that a task can hold.

use alloc::string::String;
use alloc::vec::Vec;
use core::arch::global_asm;
use core::cell::UnsafeCell;

use hw::pci::Message;
use services::interrupts::{Delivery, InterruptInfo};
use x86_64::VirtAddr;
use x86_64::structures::idt::{EntryOptions, InterruptDescriptorTable};

use super::handler_cell::HandlerCell;
use super::segments::{CODE_SELECTOR, InterruptStack};
use super::vectors::{DEVICE_VECTORS, Page, Place, Vectors};
use super::{apic, clock, core_local, exceptions};

pub use super::vectors::{Error, Owner};

/// The core's own timer.
pub const TIMER_VECTOR: u8 = 0x20;
/// What the local APIC raises when an interrupt vanished before it was delivered.
pub const SPURIOUS_VECTOR: u8 = 0xff;
/// Where the masked legacy controllers would send spurious interrupts.
pub const LEGACY_VECTORS: u8 = 0xe0;

/// Registers as the entry stub saves them; lowest address first.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is the register of its name")]
pub struct Frame {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rbp: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rbx: u64,
    pub rax: u64,
    pub vector: u64,
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

global_asm!(
    r#"
    .text
    .balign 16
    .global interrupt_stubs
interrupt_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    // The processor pushes an error code for 8, 10 to 14, 17, 21, 29 and 30; the others get a zero.
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    push 0
    .endif
    push vector
    jmp interrupt_common
    .set vector, vector + 1
    .endr

    .type interrupt_common, @function
interrupt_common:
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    cld
    mov rdi, rsp
    call interrupt_dispatch
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rbp
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rbx
    pop rax
    add rsp, 16
    iretq
    .text
    "#
);

unsafe extern "C" {
    static interrupt_stubs: [[u8; 16]; 256];
}

struct Table(UnsafeCell<InterruptDescriptorTable>);
// SAFETY: filled in once before it is loaded, read by processors only afterwards.
unsafe impl Sync for Table {}

static TABLE: Table = Table(UnsafeCell::new(InterruptDescriptorTable::new()));

/// Handlers of the vectors that all cores have in common.
static HANDLERS: [HandlerCell<()>; 256] = [const { HandlerCell::empty() }; 256];

/// The devices' vectors, and every core's counters.
static VECTORS: Vectors = Vectors::new();
/// The boot core counts from its first interrupt on, before there is a heap.
static BOOT_PAGE: Page = Page::new();

/// A handler that runs for longer than this has failed.
const HANDLER_LIMIT_NS: u64 = 1_000_000_000;

/// Fills in the table and loads it.
pub fn start() {
    // SAFETY: called once at start-up, before the table is loaded.
    let table: &'static mut InterruptDescriptorTable = unsafe { &mut *TABLE.0.get() };
    let entry_of = |vector: usize| {
        // SAFETY: the stubs are an array of 256 entries in the image.
        VirtAddr::from_ptr(unsafe { &raw const interrupt_stubs[vector] })
    };
    macro_rules! exception {
        ($($name:ident = $vector:literal, $stack:ident;)*) => { $(
            // SAFETY: the stub for this vector keeps to the processor's calling convention.
            let options = unsafe { table.$name.set_handler_addr(entry_of($vector)) };
            set_context(options, InterruptStack::$stack);
        )* };
    }
    exception! {
        divide_error = 0, Exception;
        debug = 1, Debug;
        non_maskable_interrupt = 2, Nmi;
        breakpoint = 3, Exception;
        overflow = 4, Exception;
        bound_range_exceeded = 5, Exception;
        invalid_opcode = 6, Exception;
        device_not_available = 7, Exception;
        double_fault = 8, DoubleFault;
        invalid_tss = 10, Exception;
        segment_not_present = 11, Exception;
        stack_segment_fault = 12, Exception;
        general_protection_fault = 13, Exception;
        page_fault = 14, PageFault;
        x87_floating_point = 16, Exception;
        alignment_check = 17, Exception;
        machine_check = 18, MachineCheck;
        simd_floating_point = 19, Exception;
        virtualization = 20, Exception;
        cp_protection_exception = 21, Exception;
        hv_injection_exception = 28, Exception;
        vmm_communication_exception = 29, Exception;
        security_exception = 30, Exception;
    }
    for vector in 32..=255u8 {
        // SAFETY: as for the exceptions.
        let options = unsafe { table[vector].set_handler_addr(entry_of(vector.into())) };
        set_context(options, InterruptStack::Device);
    }
    VECTORS.set_page(0, &BOOT_PAGE);
    table.load();
}

fn set_context(options: &mut EntryOptions, stack: InterruptStack) {
    // SAFETY: the selector is the kernel's code segment.
    unsafe { options.set_code_selector(CODE_SELECTOR) };
    // SAFETY: the task state segment has a stack in this slot, which no other kind of interrupt uses.
    unsafe { options.set_stack_index(stack as u16) };
}

/// The address of `vector`'s entry stub, for tests that call it directly.
pub fn stub_address(vector: u8) -> usize {
    // SAFETY: the stubs are an array of 256 entries in the image.
    unsafe { &raw const interrupt_stubs[usize::from(vector)] as usize }
}

/// Takes the gate of the general protection fault away, so that one becomes a double fault: for tests.
pub fn break_protection_gate() {
    // SAFETY: only this core reads the table, and the machine is about to stop.
    let table: &'static mut InterruptDescriptorTable = unsafe { &mut *TABLE.0.get() };
    table.general_protection_fault = x86_64::structures::idt::Entry::missing();
}

/// Resets the processor by a fault that cannot be delivered.
pub fn triple_fault() -> ! {
    let nothing = x86_64::structures::DescriptorTablePointer {
        limit: 0,
        base: VirtAddr::zero(),
    };
    // SAFETY: the machine is to be reset; with an empty table the next exception does it.
    unsafe { x86_64::instructions::tables::lidt(&nothing) };
    loop {
        x86_64::instructions::interrupts::int3();
    }
}

/// Makes `handler` answer `vector`, which is none of the devices', on every core.
pub fn set_handler(vector: u8, handler: fn()) {
    debug_assert!(!DEVICE_VECTORS.contains(&vector));
    // The same place for the function, which is called without the argument it ignores.
    fn call(handler: usize) {
        // SAFETY: `set_handler` alone sets this function, with a `fn()` as its argument.
        let handler = unsafe { core::mem::transmute::<usize, fn()>(handler) };
        handler();
    }
    HANDLERS[usize::from(vector)].set(call, handler as usize);
}

/// The running core, whose local APIC is on, can take interrupts of devices from now on.
pub fn come_online() {
    let core = core_local::get().index.get();
    let added = core_local::get().on_kernel_heap(|| VECTORS.add_core(core, apic::id()));
    if let Err(error) = added {
        log::error!("core {core} takes no interrupts of devices: {error}");
    }
}

/// The cores that can take interrupts of devices, in ascending order.
pub fn online_cores() -> Vec<u32> {
    VECTORS.online_cores()
}

/// A vector of one core, with a handler. Freed when dropped; let the device be silent before. Not dropped in a handler.
#[derive(Debug)]
pub struct Interrupt {
    place: Place,
}

/// Lets `handler` answer, with `argument`, a vector of `core` or of the core that has the fewest. `name` is for people,
/// such as `00:04.0 edu`.
///
/// The handler may be called once before the device is told of the vector, for a late message to an earlier owner.
///
/// # Errors
///
/// [`Error`]
pub fn allocate(core: Option<u32>, name: &str, handler: fn(usize), argument: usize) -> Result<Interrupt, Error> {
    allocate_for(Delivery::Message, core, name, handler, argument)
}

/// As [`allocate`], for an interrupt that reaches the core in another way.
///
/// # Errors
///
/// [`Error`]
pub fn allocate_for(
    delivery: Delivery,
    core: Option<u32>,
    name: &str,
    handler: fn(usize),
    argument: usize,
) -> Result<Interrupt, Error> {
    let allocate = || VECTORS.allocate(core, String::from(name), delivery, handler, argument);
    let place = core_local::get().on_kernel_heap(allocate)?;
    Ok(Interrupt { place })
}

impl Interrupt {
    /// What the device writes to raise it.
    pub fn message(&self) -> Message {
        self.place.message
    }

    /// The core that takes it.
    pub fn core(&self) -> u32 {
        self.place.core
    }

    /// The number of that core's local APIC.
    pub fn apic_id(&self) -> u32 {
        self.place.apic_id
    }

    /// The vector on that core.
    pub fn vector(&self) -> u8 {
        self.place.vector
    }

    /// How often the core has taken it.
    pub fn count(&self) -> u64 {
        VECTORS.count(self.place.core, self.place.vector)
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        let (core, vector) = (self.place.core, self.place.vector);
        let is_free = core_local::get().on_kernel_heap(|| VECTORS.release(core, vector, patience()));
        if !is_free {
            log::error!("vector {vector:#x} of core {core} stays taken: a handler there does not end");
        }
    }
}

/// Waits until the handler of a device that runs on `core` now, if one does, has ended; false where it does not.
pub fn wait_for_handler(core: u32) -> bool {
    VECTORS.wait_for_handler(core, patience())
}

fn patience() -> impl FnMut() -> bool {
    let deadline_ns = clock::now_ns() + HANDLER_LIMIT_NS;
    move || clock::now_ns() < deadline_ns
}

/// Who has which vector, by core and vector, with how often it came.
pub fn owners() -> Vec<(Owner, u64)> {
    let owners = VECTORS.owners().into_iter();
    let counted = owners.map(|owner| {
        let count = VECTORS.count(owner.place.core, owner.place.vector);
        (owner, count)
    });
    counted.collect()
}

/// The cores' own interrupts, by core and vector; those that should never come only where they came.
pub fn common() -> Vec<InterruptInfo> {
    let mut all = Vec::new();
    for core in online_cores() {
        let info = |source: &str, vector, count| InterruptInfo {
            source: String::from(source),
            vector,
            core,
            delivery: Delivery::Local,
            count,
        };
        for vector in (32..=255).filter(|vector| !DEVICE_VECTORS.contains(vector)) {
            let count = VECTORS.count(core, vector);
            let is_handled = !HANDLERS[usize::from(vector)].is_empty();
            if is_handled || count > 0 {
                all.push(info(common_name(vector), vector, count));
            }
        }
        let unclaimed = VECTORS.unclaimed(core);
        if unclaimed > 0 {
            all.push(info("unclaimed", 0, unclaimed));
        }
    }
    all
}

fn common_name(vector: u8) -> &'static str {
    match vector {
        TIMER_VECTOR => "timer",
        SPURIOUS_VECTOR => "spurious",
        vector if is_legacy(vector) => "legacy spurious",
        _ => "core",
    }
}

fn is_legacy(vector: u8) -> bool {
    (LEGACY_VECTORS..LEGACY_VECTORS + 16).contains(&vector)
}

/// Called by every entry stub.
#[unsafe(no_mangle)]
extern "C" fn interrupt_dispatch(frame: &mut Frame) {
    let vector = frame.vector as u8;
    if vector < 32 {
        exceptions::handle(frame);
        return;
    }
    let page = VECTORS.page(core_local::get().index.get());
    if DEVICE_VECTORS.contains(&vector) {
        if let Some(page) = page {
            page.dispatch(vector);
        }
    } else {
        if let Some(page) = page {
            page.count(vector);
        }
        HANDLERS[usize::from(vector)].call();
    }
    // Neither a spurious interrupt nor one of the masked legacy controllers may be acknowledged.
    if vector != SPURIOUS_VECTOR && !is_legacy(vector) {
        apic::acknowledge();
    }
}
