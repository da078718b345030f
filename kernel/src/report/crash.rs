//! The machine's last words, and a task's.

use alloc::string::String;
use core::cell::UnsafeCell;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use services::cut_text::CutText;
use x86_64::registers::control::{Cr2, Cr3, Cr4};

use super::screen::PanicPage;
use super::{backtrace, early, journal};
use crate::arch::core_local::{self, CoreLocal};
use crate::arch::interrupts::Frame;
use crate::arch::{apic, clock, cores};
use crate::boot::command_line::Options;
use crate::machine::{power, steps};
use crate::memory::static_stack::StaticStack;

/// Seconds between a report and the reboot.
static REBOOT_SECONDS: AtomicU32 = AtomicU32::new(Options::DEFAULT.panic_seconds);
/// How often the machine was stopped: more than once where making the report fails.
static STOPS: AtomicU32 = AtomicU32::new(0);
/// The core that stops the machine, plus one.
static STOPPER: AtomicU32 = AtomicU32::new(0);
/// Other cores stop within this time, or are not waited for. Theirs is a few microseconds, but where an emulator's host is
/// busy.
const STOP_LIMIT_NS: u64 = 2_000_000_000;
const NS_PER_SECOND: u64 = 1_000_000_000;

/// Sets the seconds between a report and the reboot.
pub fn set_reboot_seconds(seconds: u32) {
    REBOOT_SECONDS.store(seconds, Ordering::Relaxed);
}

/// Registers, backtrace and task as text on the kernel heap.
pub fn describe(frame: Option<&Frame>, rip: u64, rbp: u64, cause: Option<fmt::Arguments<'_>>) -> String {
    let mut text = String::new();
    // Writing to a string never fails.
    let _ = write(&mut text, frame, rip, rbp, cause);
    text
}

fn write(
    out: &mut dyn Write,
    frame: Option<&Frame>,
    rip: u64,
    rbp: u64,
    cause: Option<fmt::Arguments<'_>>,
) -> fmt::Result {
    if let Some(cause) = cause {
        writeln!(out, "{cause}")?;
    }
    write_context(out)?;
    if let Some(frame) = frame {
        write_registers(out, frame)?;
    }
    out.write_str("backtrace:\n")?;
    backtrace::write(out, rip, rbp)
}

fn write_context(out: &mut dyn Write) -> fmt::Result {
    let core = core_local::get();
    write!(out, "core {}, ", core.number())?;
    let record = core.record.get();
    if record.is_null() {
        out.write_str("no task")?;
    } else {
        // SAFETY: the running fiber's future holds the record.
        let record = unsafe { &*record };
        write!(out, "task {}", record.id.0)?;
        if let Some(name) = record.name.try_lock() {
            write!(out, " `{}`", *name)?;
        }
    }
    writeln!(out, ", kernel locks held {}", core.locks_held.load(Ordering::Relaxed))
}

fn write_registers(out: &mut dyn Write, frame: &Frame) -> fmt::Result {
    writeln!(
        out,
        "rip {:016x} rsp {:016x} rbp {:016x} flags {:08x}",
        frame.rip, frame.rsp, frame.rbp, frame.rflags
    )?;
    writeln!(
        out,
        "rax {:016x} rbx {:016x} rcx {:016x} rdx {:016x}",
        frame.rax, frame.rbx, frame.rcx, frame.rdx
    )?;
    writeln!(
        out,
        "rsi {:016x} rdi {:016x} r8  {:016x} r9  {:016x}",
        frame.rsi, frame.rdi, frame.r8, frame.r9
    )?;
    writeln!(
        out,
        "r10 {:016x} r11 {:016x} r12 {:016x} r13 {:016x}",
        frame.r10, frame.r11, frame.r12, frame.r13
    )?;
    writeln!(
        out,
        "r14 {:016x} r15 {:016x} cr2 {:016x} cr3 {:016x}",
        frame.r14,
        frame.r15,
        Cr2::read_raw(),
        Cr3::read_raw().0.start_address().as_u64()
    )?;
    writeln!(
        out,
        "vector {} error {:#x} cs {:#x} ss {:#x} cr4 {:#x}",
        frame.vector,
        frame.error_code,
        frame.cs,
        frame.ss,
        Cr4::read_raw()
    )
}

/// How far the machine's last report has come, so that a panic in the making of it goes on after what failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// The text is made, and goes to the serial port meanwhile.
    Text,
    /// The text goes onto the screen.
    Page,
    /// The QR code is made.
    Code,
    /// All is said.
    Wait,
}

static STAGE: AtomicU8 = AtomicU8::new(Stage::Text as u8);

fn enter(stage: Stage) {
    STAGE.store(stage as u8, Ordering::Relaxed);
}

fn has_entered(stage: Stage) -> bool {
    STAGE.load(Ordering::Relaxed) >= stage as u8
}

const REPORT_LIMIT_BYTES: usize = 8 * 1024;

/// The text of the machine's last report.
struct LastWords(UnsafeCell<CutText<REPORT_LIMIT_BYTES>>);

// SAFETY: used by `stop_machine` only, on the core that stops the machine, after which nothing else runs.
unsafe impl Sync for LastWords {}

static LAST_WORDS: LastWords = LastWords(UnsafeCell::new(CutText::new()));

impl LastWords {
    fn append(&self, text: &str) {
        // SAFETY: no other reference lives: each lasts for one call of this or of `text`, and only a panic in one of
        // them, which ends it, could come between.
        let words = unsafe { &mut *self.0.get() };
        // It takes what fits, and never fails.
        let _ = words.write_str(text);
    }

    fn text(&self) -> &str {
        // SAFETY: as above.
        unsafe { &*self.0.get() }.as_str()
    }
}

/// The serial port and the text of the report.
struct Both;

impl Write for Both {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        LAST_WORDS.append(text);
        early::Writer.write_str(text)
    }
}

const STACK_BYTES: usize = 64 * 1024;
/// The stack that the machine's last report is made on: what panicked may have none left.
#[unsafe(link_section = ".bss.stacks")]
static STACK: StaticStack<STACK_BYTES> = StaticStack::new();

/// Unmaps the guard below the stack of the last report.
pub(super) fn protect_stack() {
    STACK.protect();
}

/// Reports why the machine cannot go on, waits, and reboots: on the serial port first, then on the screen, there with a
/// QR code at last. Takes no lock and allocates nothing.
pub fn stop_machine(cause: fmt::Arguments<'_>, frame: Option<&Frame>, rip: u64, rbp: u64) -> ! {
    x86_64::instructions::interrupts::disable();
    let own = core_local::get().number() + 1;
    match STOPPER.compare_exchange(0, own, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => stop_other_cores(),
        Err(stopper) if stopper == own => {}
        Err(_) => stay_stopped(rip, rbp),
    }
    match STOPS.fetch_add(1, Ordering::AcqRel) {
        0 => corosensei::on_stack(STACK.range(), || {
            write_last_words(cause, frame, rip, rbp);
            show_and_wait(Stage::Code)
        }),
        1 => {
            // Neither writer ever fails.
            let _ = writeln!(Both, "\nKERNEL PANIC while reporting a panic: {cause}");
            show_and_wait(Stage::Page)
        }
        2 => show_and_wait(Stage::Text),
        _ => power::reset_at_once(),
    }
}

/// Interrupts the other cores whatever they do, and waits until they stand still.
fn stop_other_cores() {
    if cores::online_count() < 2 {
        return;
    }
    for core in cores::others() {
        apic::send_nmi(core.apic_id.load(Ordering::Relaxed));
    }
    let has_stopped = |core: &CoreLocal| core.stopped_at[0].load(Ordering::Acquire) != 0;
    let end_ns = clock::now_ns().saturating_add(STOP_LIMIT_NS);
    while clock::now_ns() < end_ns && !cores::others().all(has_stopped) {
        core::hint::spin_loop();
    }
}

/// Where another core stops the machine, notes where this one was and never goes on. Called on a non-maskable interrupt.
pub fn stop_if_asked(frame: &Frame) {
    let stopper = STOPPER.load(Ordering::Acquire);
    if stopper != 0 && stopper != core_local::get().number() + 1 {
        stay_stopped(frame.rip, frame.rbp);
    }
}

fn stay_stopped(rip: u64, rbp: u64) -> ! {
    let [place, base] = &core_local::get().stopped_at;
    base.store(rbp, Ordering::Relaxed);
    place.store(rip.max(1), Ordering::Release);
    loop {
        x86_64::instructions::hlt();
    }
}

/// Where the other cores were.
fn write_other_cores(out: &mut dyn Write) -> fmt::Result {
    for core in cores::others() {
        let [place, base] = &core.stopped_at;
        match place.load(Ordering::Acquire) {
            0 => writeln!(out, "core {} does not stop", core.number())?,
            _ if core.is_halted.load(Ordering::Relaxed) => writeln!(out, "core {} was idle", core.number())?,
            rip => {
                writeln!(out, "core {} was at", core.number())?;
                backtrace::write(out, rip, base.load(Ordering::Relaxed))?;
            }
        }
    }
    Ok(())
}

fn write_last_words(cause: fmt::Arguments<'_>, frame: Option<&Frame>, rip: u64, rbp: u64) {
    journal::ring().push(clock::now_ns(), format_args!("KERNEL PANIC: {cause}"));
    // Neither writer ever fails.
    let _ = early::Writer.write_str("\n\n");
    let _ = writeln!(Both, "KERNEL PANIC: {cause}");
    let _ = write_version(&mut Both);
    let _ = write(&mut Both, frame, rip, rbp, None);
    let _ = write_other_cores(&mut Both);
}

fn write_version(out: &mut dyn Write) -> fmt::Result {
    let milliseconds = clock::now_ns() / 1_000_000;
    let (seconds, milliseconds) = (milliseconds / 1000, milliseconds % 1000);
    write!(
        out,
        "Rhaios {}, {seconds}.{milliseconds:03} s after its start",
        env!("CARGO_PKG_VERSION")
    )?;
    match steps::current() {
        Some(step) => writeln!(out, ", in the start-up at `{step}`"),
        None => writeln!(out),
    }
}

/// Shows what the last words are on the screen, up to the stage `last` and as far as no panic has ended it before; then
/// waits and reboots.
fn show_and_wait(last: Stage) -> ! {
    let seconds = REBOOT_SECONDS.load(Ordering::Relaxed);
    // The early writer never fails.
    let _ = writeln!(early::Writer, "rebooting in {seconds} s");
    let mut page = None;
    if last >= Stage::Page && !has_entered(Stage::Page) {
        enter(Stage::Page);
        // SAFETY: the machine has stopped.
        page = unsafe { PanicPage::show(LAST_WORDS.text()) };
    }
    if let Some(page) = &mut page {
        page.show_footer(format_args!("rebooting in {seconds} s"));
        if last >= Stage::Code && seconds > 0 {
            enter(Stage::Code);
            // SAFETY: the machine has stopped.
            unsafe { page.show_code(LAST_WORDS.text()) };
        }
    }
    enter(Stage::Wait);
    let end_ns = clock::now_ns().saturating_add(u64::from(seconds) * NS_PER_SECOND);
    let mut shown = u64::from(seconds);
    while let Some(left_ns) = end_ns.checked_sub(clock::now_ns()).filter(|left_ns| *left_ns > 0) {
        let left = left_ns.div_ceil(NS_PER_SECOND);
        if let Some(page) = page.as_mut().filter(|_| left != shown) {
            page.show_footer(format_args!("rebooting in {left} s"));
            shown = left;
        }
        core::hint::spin_loop();
    }
    power::reset_at_once()
}
