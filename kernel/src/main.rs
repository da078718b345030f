//! The start-up of Rhaios: each step takes what the steps above it made.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;

use kernel::arch::features::Features;
use kernel::arch::{apic, clock, copy, features, interrupts, segments};
use kernel::boot::command_line::{ConsoleChoice, Options};
use kernel::boot::handover::Handover;
use kernel::boot::tags;
use kernel::executor::{Executor, run};
use kernel::machine::firmware::{self, Firmware};
use kernel::machine::host::{self, Facts};
use kernel::machine::screen::{self, ScreenConsole};
use kernel::machine::serial::{self, SerialConsole};
use kernel::machine::{banner, debug, keyboard, routing, session, steps, timing};
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
    start_symbols(&handover);
    let firmware = firmware::start(&handover);
    steps::done("firmware tables");

    start_interrupts(&features, firmware);
    let executor = run::start_boot_core();
    let console = serial::start(options.serial, firmware);
    steps::done("serial port");

    let screen = start_screen(&handover, &options);
    let has_keyboard = screen.is_some() && keyboard::start(firmware);
    steps::done("screen and keyboard");

    let rom = read_rom(&handover, &options);
    let host = host::make(Facts { handover, features }, rom, options.debug);
    stack::on_new_stack(|| script_api::warm_up(host)).expect("memory holds a stack");
    steps::done("script engine");

    if options.debug {
        debug::start(executor);
    }
    start_sessions(executor, host, console, screen, &options, has_keyboard);
    steps::done("services");
    run::run(executor)
}

fn start_log(handover: &Handover) -> Options {
    let quiet = Options::parse(handover.tags.command_line().unwrap_or(""), |_| {});
    if let Some(base) = serial::early_base(quiet.serial) {
        early::start(base);
    }
    crash::set_reboot_seconds(quiet.panic_seconds);
    log::info!("Rhaios {} ({})", env!("CARGO_PKG_VERSION"), handover.firmware());
    let options = handover.options();
    steps::done("boot information");
    options
}

fn start_processor() -> Features {
    segments::start_boot_core();
    interrupts::start();
    let features = features::start();
    copy::use_string_instructions(features.fast_string_copy && !features.is_emulated);
    steps::done("processor");
    features
}

fn start_memory(handover: &Handover, features: &Features) {
    frames::start(&handover.tags, handover.information).expect("memory is needed for anything at all");
    paging::start(&handover.tags, features).expect("memory holds at least its own page tables");
    static_stack::protect_boot_stack();
    segments::protect_stacks();
    report::protect_stack();
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

fn start_interrupts(features: &Features, firmware: &Firmware) {
    let base = firmware
        .madt
        .as_ref()
        .map_or(0xfee0_0000, |madt| madt.local_apic_address);
    apic::start(features, Physical(base)).expect("the core's interrupt controller can be mapped");
    routing::start(firmware);
    timing::calibrate(features, firmware);
    timing::read_wall_clock(firmware);
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

fn start_screen(handover: &Handover, options: &Options) -> Option<&'static ScreenConsole> {
    if options.console == ConsoleChoice::Serial {
        return None;
    }
    match screen::start(handover.tags.framebuffer()) {
        Ok(console) => Some(console),
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
    screen: Option<&'static ScreenConsole>,
    options: &Options,
    has_keyboard: bool,
) {
    if serial.is_none() && screen.is_none() {
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
    if let Some(console) = screen {
        screen::start_service(executor, console);
        keyboard::start_service(executor, console, options.keymap);
        let terminal: &'static Terminal = Box::leak(Box::new(Terminal::new(console)));
        terminal.set_width(console.width_cells());
        console.show(&banner::text(&host, has_keyboard));
        session::start(executor, host, terminal);
    }
}
