//! The start-up of Rhaios: each step takes what the steps above it made.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;

use kernel::arch::features::Features;
use kernel::arch::{apic, clock, copy, features, interrupts, segments};
use kernel::boot::command_line::{ConsoleChoice, Options};
use kernel::boot::handover::Handover;
use kernel::boot::{tags, trampoline};
use kernel::executor::{Executor, run};
use kernel::machine::display::{self, Display};
use kernel::machine::firmware::{self, Firmware};
use kernel::machine::host::{self, Facts};
use kernel::machine::serial::{self, SerialConsole};
use kernel::machine::{
    binding, buttons, cores, debug, entropy, identity, pci, routing, session, sessions, steps, timing, wall_clock,
};
use kernel::memory::stack::TaskStack;
use kernel::memory::{Physical, frames, paging, stack, static_stack};
use kernel::report::{self, crash, early, journal, symbols};
use services::host::Host;
use services::rom::Rom;
use services::terminal::Terminal;

kernel::entry!(start);

fn start(handover: Result<Handover, tags::Error>) -> ! {
    let handover = handover.expect("the boot loader passes readable information");
    let options = start_log(&handover);

    let features = start_processor();
    start_memory(&handover, &features);
    steps::begin("firmware tables");
    let firmware = firmware::start(&handover);
    identity::start(&handover);
    steps::done("firmware tables");

    start_interrupts(&features, firmware, &options);
    steps::begin("serial port");
    let executor = run::start_boot_core();
    let console = serial::start(options.serial, firmware);
    steps::done("serial port");

    steps::begin("screen");
    let display = start_display(&handover, &options);
    steps::done("screen");

    steps::begin("devices");
    pci::service::start_names(handover.module("names"));
    let strays = if options.safe {
        pci::Strays::Leave
    } else {
        pci::Strays::Assign
    };
    pci::start(firmware, &handover.tags, strays);
    steps::done("devices");

    let rom = read_rom(&handover, &options);
    trampoline::reserve(&handover.tags, handover.information.start..handover.information.end);
    let host = host::make(Facts { handover, features }, rom, options.debug);
    steps::begin("script engine");
    stack::on_new_stack(|| script_api::warm_up(host)).expect("memory holds a stack");
    steps::done("script engine");

    steps::begin("services");
    routing::start_service(executor);
    wall_clock::start_service(executor, firmware);
    entropy::start(executor, wall_clock::unix_ms());
    if options.debug {
        debug::start(executor);
    }
    cores::start(executor, features, options.cores);
    buttons::start_service(executor, host);
    start_sessions(executor, host, console, display, &options);
    steps::done("services");
    steps::finish();
    run::run(executor, TaskStack::new().expect("memory holds a stack"))
}

fn start_log(handover: &Handover) -> Options {
    let quiet = Options::parse(handover.tags.command_line().unwrap_or(""), |_| {});
    if let Some(base) = serial::early_base(quiet.serial) {
        early::start(base);
    }
    crash::set_reboot_seconds(quiet.panic_seconds);
    report::screen::start(handover.tags.framebuffer(), quiet.console != ConsoleChoice::Serial);
    log::info!("Rhaios {} ({})", env!("CARGO_PKG_VERSION"), handover.firmware());
    start_symbols(handover);
    steps::begin("boot information");
    let options = handover.options();
    if options.debug {
        steps::end_after(options.ending);
    } else if options.ending.is_some() {
        log::warn!("command line: `die` and `hang` count with debug=on only");
    }
    steps::done("boot information");
    options
}

fn start_processor() -> Features {
    steps::begin("processor");
    segments::start_boot_core();
    interrupts::start();
    let features = features::start();
    copy::use_string_instructions(features.fast_string_copy && !features.is_emulated);
    steps::done("processor");
    features
}

fn start_memory(handover: &Handover, features: &Features) {
    steps::begin("memory");
    frames::start(&handover.tags, handover.information).expect("memory is needed for anything at all");
    paging::start(&handover.tags, features).expect("memory holds at least its own page tables");
    static_stack::protect_boot_stack();
    segments::protect_stacks();
    report::protect_stacks();
    log::info!(
        "memory: {} MiB, {} MiB free",
        frames::total_bytes() >> 20,
        frames::free_bytes() >> 20
    );
    steps::done("memory");
}

fn start_symbols(handover: &Handover) {
    match handover.module("symbols").map(symbols::start) {
        Some(Ok(())) => {}
        Some(Err(_)) => log::warn!("symbols: the module is malformed; backtraces show addresses only"),
        None => log::warn!("symbols: no such module; backtraces show addresses only"),
    }
}

fn start_interrupts(features: &Features, firmware: &Firmware, options: &Options) {
    steps::begin("clock");
    let base = firmware
        .madt
        .as_ref()
        .map_or(apic::USUAL_ADDRESS, |madt| madt.local_apic_address);
    apic::start(features, Physical(base)).expect("the core's interrupt controller can be mapped");
    routing::start(firmware);
    timing::calibrate(features, firmware, options.clock);
    wall_clock::read(firmware);
    steps::done("clock");
}

fn read_rom(handover: &Handover, options: &Options) -> Rom {
    if !options.rom {
        return Rom::empty();
    }
    let parse = |path: &str, bytes| {
        let (tree, error) = Rom::parse(bytes);
        if let Some(error) = error {
            log::warn!("{path}: {error}");
        }
        tree
    };
    steps::begin("/rom");
    let mut rom = match handover.module("rom") {
        Some(bytes) => parse("/rom", bytes),
        None => {
            log::warn!("/rom: the boot loader passed no such module; it is empty");
            Rom::empty()
        }
    };
    if let Some(bytes) = handover.module("user") {
        rom.mount("user", parse("/rom/user", bytes));
    }
    steps::done("/rom");
    rom
}

fn start_display(handover: &Handover, options: &Options) -> Option<&'static Display> {
    if options.console == ConsoleChoice::Serial {
        return None;
    }
    match display::start(handover.tags.framebuffer()) {
        Ok(display) => Some(display),
        Err(error) => {
            log::warn!("screen: {error}");
            None
        }
    }
}

fn start_sessions(
    executor: &'static Executor,
    host: Host,
    serial: Option<&'static SerialConsole>,
    display: Option<&'static Display>,
    options: &Options,
) {
    if serial.is_none() && display.is_none() {
        log::error!("no console: no serial port answers, and there is no screen");
    }
    log::info!(
        "ready after {} ms; help() tells what there is",
        clock::now_ns() / 1_000_000
    );
    journal::stop_echo();
    if let Some(console) = serial {
        serial::start_service(executor, console);
        session::start(executor, host, Box::leak(Box::new(Terminal::new(console))));
    }
    if let Some(display) = display {
        sessions::start(executor, host, display, serial.map(SerialConsole::port), options.keymap);
    }
    if options.safe {
        log::info!("safe=on: no driver of a PCI device is started");
    } else {
        binding::start_service(executor);
    }
}
