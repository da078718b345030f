//! GDT, TSS and the stacks that interrupts run on.
//!
//! Every interrupt and exception runs on a stack of its own (the TSS's interrupt stack table), because a fiber's stack
//! may be full: a push below its guard must become a page fault that is handled, never a double fault.

use core::cell::UnsafeCell;

use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use x86_64::structures::tss::TaskStateSegment;

use crate::memory::static_stack::StaticStack;

/// Which interrupt stack an interrupt runs on: a slot of the TSS's table, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum InterruptStack {
    /// Device and timer interrupts.
    Device = 0,
    /// Page faults: stacks grow by them.
    PageFault = 1,
    /// Double faults.
    DoubleFault = 2,
    /// Non-maskable interrupts.
    Nmi = 3,
    /// Machine checks.
    MachineCheck = 4,
    /// Debug exceptions, which may arise at any instruction.
    Debug = 5,
    /// All other exceptions.
    Exception = 6,
}

/// Interrupt stacks of a core.
pub const STACK_COUNT: usize = 7;
/// Reports are formatted on these stacks.
const STACK_BYTES: usize = 16 * 1024;

#[unsafe(link_section = ".bss.stacks")]
static BOOT_CORE_STACKS: [StaticStack<STACK_BYTES>; STACK_COUNT] = [const { StaticStack::new() }; STACK_COUNT];

/// One core's tables.
pub struct Tables {
    tss: UnsafeCell<TaskStateSegment>,
    gdt: UnsafeCell<GlobalDescriptorTable<8>>,
}

// SAFETY: filled in once by the core that uses it, before interrupts are on; the processor alone reads it afterwards.
unsafe impl Sync for Tables {}

impl Tables {
    /// Tables that are not filled in yet.
    pub const fn new() -> Self {
        Self {
            tss: UnsafeCell::new(TaskStateSegment::new()),
            gdt: UnsafeCell::new(GlobalDescriptorTable::empty()),
        }
    }
}

impl Default for Tables {
    fn default() -> Self {
        Self::new()
    }
}

static BOOT_CORE: Tables = Tables::new();

/// The kernel's code segment, as the IDT needs it.
pub const CODE_SELECTOR: SegmentSelector = SegmentSelector::new(1, x86_64::PrivilegeLevel::Ring0);

/// A data segment that is not present: loading it faults. For tests.
pub const ABSENT_SELECTOR: u16 = 5 * 8;
const ABSENT_DATA_SEGMENT: u64 = 0x00cf_1300_0000_ffff;

/// Fills in and loads the boot processor's tables.
pub fn start_boot_core() {
    // SAFETY: called once, and nobody else uses these tables.
    unsafe { start(&BOOT_CORE, core::array::from_fn(|index| BOOT_CORE_STACKS[index].top())) };
}

/// Fills in and loads the calling core's tables; `stack_tops` are its interrupt stacks.
///
/// # Safety
///
/// Called once with these tables, and the stacks are this core's alone and for good.
pub unsafe fn start(tables: &'static Tables, stack_tops: [usize; STACK_COUNT]) {
    // SAFETY: the caller promises that nobody else uses the tables.
    let tss: &'static mut TaskStateSegment = unsafe { &mut *tables.tss.get() };
    tss.interrupt_stack_table = stack_tops.map(|top| VirtAddr::new(top as u64));
    // SAFETY: as above.
    let gdt: &'static mut GlobalDescriptorTable<8> = unsafe { &mut *tables.gdt.get() };
    let code = gdt.append(Descriptor::kernel_code_segment());
    let data = gdt.append(Descriptor::kernel_data_segment());
    let task = gdt.append(Descriptor::tss_segment(tss));
    let absent = gdt.append(Descriptor::UserSegment(ABSENT_DATA_SEGMENT));
    assert_eq!(
        absent.0, ABSENT_SELECTOR,
        "the absent segment follows the task state's two entries"
    );
    gdt.load();
    assert_eq!(code, CODE_SELECTOR, "the code segment is the first descriptor");
    // SAFETY: the selector names the code segment just loaded.
    unsafe { CS::set_reg(code) };
    // SAFETY: the selector names the data segment just loaded. GS is left alone and keeps its base.
    unsafe { SS::set_reg(data) };
    // SAFETY: as above.
    unsafe { DS::set_reg(data) };
    // SAFETY: as above.
    unsafe { ES::set_reg(data) };
    // SAFETY: the selector names the task state segment just loaded, and its stacks are the core's for good.
    unsafe { load_tss(task) };
}

/// Unmaps the guards below the boot processor's interrupt stacks.
pub fn protect_stacks() {
    for stack in &BOOT_CORE_STACKS {
        stack.protect();
    }
}
