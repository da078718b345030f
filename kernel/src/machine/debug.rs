//! Breaking things on purpose, for tests: offered to scripts only with `debug=on` on the command line.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, Ordering};

use alloc::boxed::Box;
use alloc::sync::Arc;
use corosensei::stack::{Stack, StackPointer};
use services::host::Debug;
use spin::Once;
use x86_64::registers::control::{Cr0, Cr0Flags};

use crate::arch::{clock, exceptions, interrupts, segments};
use crate::arch::lock::KernelLock;
use crate::executor::queue::Task;
use crate::executor::{Executor, Factory, fiber};

/// How often the service that can be made to panic looks whether it should.
const SERVICE_PERIOD_NS: u64 = 20_000_000;

/// Held while the machine is made to panic: a task that dies holding a kernel lock takes the machine down.
static HELD: KernelLock<()> = KernelLock::new(());
static SERVICE: Once<Arc<Task>> = Once::new();
static SERVICE_MUST_PANIC: AtomicBool = AtomicBool::new(false);

/// See the module.
pub struct Hooks;

/// Starts the service that can be made to panic.
pub fn start(executor: &'static Executor) {
    let factory: Factory = Box::new(move || {
        Box::pin(async move {
            loop {
                executor.timers.sleep_until(clock::now_ns() + SERVICE_PERIOD_NS, clock::now_ns).await;
                assert!(!SERVICE_MUST_PANIC.swap(false, Ordering::Relaxed), "a test asked this service to panic");
            }
        })
    });
    SERVICE.call_once(|| executor.start_service("canary", factory));
}

/// The lower part of a stack that is in use above it.
struct LowerPart {
    base: StackPointer,
    limit: StackPointer,
}

// SAFETY: made only by `with_stack_left`, inside the running fiber's own stack and below its frames, guard included.
unsafe impl Stack for LowerPart {
    fn base(&self) -> StackPointer {
        self.base
    }
    fn limit(&self) -> StackPointer {
        self.limit
    }
}

impl Debug for Hooks {
    fn with_stack_left(&self, bytes: usize, work: &mut dyn FnMut()) {
        let control = fiber::running_record().control;
        let left = control.stack_left_bytes();
        let wanted = bytes.clamp(1024, left.saturating_sub(1024));
        let base = (control.stack_floor() + wanted) & !15;
        let limit = control.stack_floor();
        let (Some(base), Some(limit)) = (StackPointer::new(base), StackPointer::new(limit)) else { return };
        corosensei::on_stack(LowerPart { base, limit }, work);
    }

    fn raise(&self, name: &str) -> bool {
        let Some(vector) = exceptions::vector_of(name) else { return false };
        // SAFETY: every arm raises the exception that a test asked for. The machine contains it, or stops with a report.
        unsafe {
            match vector {
                0 => asm!("div {zero}", zero = in(reg) 0u64, inout("rax") 1u64 => _, inout("rdx") 0u64 => _),
                1 => asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq", "nop", "nop"),
                3 => asm!("int3"),
                6 => asm!("ud2"),
                7 => {
                    Cr0::update(|flags| flags.insert(Cr0Flags::TASK_SWITCHED));
                    asm!("fld1");
                }
                8 => {
                    interrupts::break_protection_gate();
                    asm!("mov {0}, [{0}]", inout(reg) NON_CANONICAL => _);
                }
                11 => asm!("mov ds, {0:x}", in(reg) segments::ABSENT_SELECTOR),
                12 => asm!("mov ss, {0:x}", in(reg) segments::ABSENT_SELECTOR),
                13 => asm!("mov {0}, [{0}]", inout(reg) NON_CANONICAL => _),
                14 => asm!("mov {0}, [{0}]", inout(reg) 16u64 => _),
                _ => call_stub(vector),
            }
        }
        true
    }

    fn panic_service(&self) -> &'static str {
        SERVICE_MUST_PANIC.store(true, Ordering::Relaxed);
        SERVICE.get().map_or("", |task| task.name())
    }

    fn service_restarts(&self) -> u64 {
        SERVICE.get().map_or(0, |task| task.restarts())
    }

    fn panic_machine(&self) {
        let _held = HELD.lock();
        panic!("a test asked the machine to panic");
    }
}

const NON_CANONICAL: u64 = 0x8000_0000_0000_0000;

/// Enters an exception's stub as the processor would, for exceptions that cannot be caused here.
///
/// # Safety
///
/// `vector` is an exception, below 32.
unsafe fn call_stub(vector: u8) {
    let stub = interrupts::stub_address(vector);
    let has_error_code = matches!(vector, 8 | 10..=14 | 17 | 21 | 29 | 30);
    // SAFETY: builds the frame that the processor would, aligned as it would be, and the stub returns by `iretq`.
    unsafe {
        asm!(
            "mov r8, rsp",
            "and rsp, -16",
            "mov eax, ss",
            "push rax",
            "push r8",
            "pushfq",
            "mov eax, cs",
            "push rax",
            "lea rax, [rip + 3f]",
            "push rax",
            "test {has_error_code}, {has_error_code}",
            "jz 2f",
            "push 0",
            "2:",
            "jmp {stub}",
            "3:",
            stub = in(reg) stub,
            has_error_code = in(reg) u64::from(has_error_code),
            out("rax") _,
            out("r8") _,
        );
    }
}
