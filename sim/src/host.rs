//! The whole machine, made of the host's services.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use log::{LevelFilter, Log, Metadata, Record};
use services::acpi::NoAcpi;
use services::files::Files;
use services::files::memory::Memory;
use services::files::read_only::ReadOnly;
use services::host::{Clock, Host, Keyboard, Machine, Power, PowerError};
use services::identity::Unknown;
use services::keyboard::Layout;
use services::log::Ring;
use services::pci::NoBus;
use services::rom::Rom;
use services::shared::Table;

use crate::folder::Folder;
use crate::machine::{self, HostMachine};
use crate::rom;
use crate::tasks::Threads;
use crate::time::HostClock;
use crate::tty;

/// What tasks may share.
const SHARED_BYTES: usize = 256 << 20;
/// Memory that stays free whatever `/tmp` holds.
const RESERVE_BYTES: u64 = 256 << 20;

struct ThisPower;

impl Power for ThisPower {
    fn off(&self) -> PowerError {
        tty::exit(0)
    }

    fn reboot(&self) -> PowerError {
        tty::restart()
    }
}

struct NoKeyboard;

impl Keyboard for NoKeyboard {
    fn pressed(&self) -> Option<Vec<String>> {
        None
    }

    fn layout(&self) -> Option<&'static str> {
        None
    }

    fn set_layout(&self, _: Layout) -> Option<()> {
        None
    }
}

/// The log, in a ring as the kernel keeps it.
struct Journal {
    ring: &'static Ring,
    clock: &'static HostClock,
}

impl Log for Journal {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let level = record.level().as_str().to_ascii_lowercase();
        self.ring
            .push(self.clock.uptime_ns(), format_args!("{level}: {}", record.args()));
    }

    fn flush(&self) {}
}

/// The machine, and its tasks in their own type.
pub struct Simulated {
    /// What scripts see.
    pub host: Host,
    /// Its tasks.
    pub tasks: &'static Threads,
}

fn forever<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// Makes the machine; `/data` is the folder `data`, made where it is missing. Called once.
///
/// # Errors
///
/// What the host says of the folder, or of the scripts for `/rom`.
pub fn make(data: Option<&Path>, command_line: String) -> io::Result<Simulated> {
    let clock = forever(HostClock::new());
    let ring = forever(Ring::new());
    // A second machine in one process, as tests have, logs to the first.
    let _ = log::set_logger(forever(Journal { ring, clock }));
    log::set_max_level(LevelFilter::Info);
    let texts = rom::files_below(&rom::standard_folder())?;
    let rom = rom::tree(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let shared = forever(Table::new(SHARED_BYTES));
    let tasks = forever(Threads::new(shared));
    let facts = forever(HostMachine { command_line });
    let host = Host {
        tasks,
        clock,
        power: &ThisPower,
        acpi: &NoAcpi,
        machine: facts,
        identity: &Unknown,
        raw: None,
        log: ring,
        rom,
        files: forever(mount(rom, facts, data)?),
        shared,
        random: forever(machine::random()),
        pci: &NoBus,
        keyboard: &NoKeyboard,
        display: None,
        debug: None,
    };
    script_api::warm_up(host);
    log::info!("started");
    Ok(Simulated { host, tasks })
}

fn mount(rom: &'static Rom, machine: &'static HostMachine, data: Option<&Path>) -> io::Result<Files> {
    let files = Files::new();
    let room = move || machine.memory().free_bytes.saturating_sub(RESERVE_BYTES);
    let place = |error| io::Error::other(format!("{error}"));
    files.mount("/rom", Arc::new(ReadOnly::new(rom))).map_err(place)?;
    files
        .mount("/tmp", Arc::new(Memory::new(Box::new(room))))
        .map_err(place)?;
    if let Some(data) = data {
        let explain = |error: io::Error| {
            let data: PathBuf = data.into();
            io::Error::new(error.kind(), format!("{}: {error}", data.display()))
        };
        std::fs::create_dir_all(data).map_err(explain)?;
        let folder = Folder::open(data).map_err(explain)?;
        files.mount("/data", Arc::new(folder)).map_err(place)?;
    }
    Ok(files)
}
