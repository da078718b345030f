//! The contracts that the script interface stands on, met by this machine.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use services::clocks::{ClockInfo, SetError};
use services::cores::CoreInfo;
use services::files::memory::Memory;
use services::files::read_only::ReadOnly;
use services::files::{FileSystem, Files};
use services::host::{
    BootStep, BoxFuture, Clock, CpuInfo, Host, Interrupted, LimitError, Machine, MemoryInfo, Power, PowerError,
    StartError, TaskLimits, Tasks,
};
use services::interrupts::InterruptInfo;
use services::rom::Rom;
use services::task::{Control, Outcome, TaskError, TaskId, TaskInfo, TaskSpec};

use super::acpi::ThisAcpi;
use super::pci::service::ThisBus;
use super::{
    cores, debug, drawing, entropy, firmware, identity, keyboard, power, raw, routing, steps, timing, wall_clock,
};
use crate::arch::features::Features;
use crate::arch::{clock, core_local};
use crate::boot::handover::Handover;
use crate::executor::{fiber, run, tasks};
use crate::memory::{arena, frames, heap, image, stack};
use crate::report::journal;

/// What the machine found out about itself at the start.
pub struct Facts {
    /// The boot loader's information.
    pub handover: Handover,
    /// What the processor can do.
    pub features: Features,
}

struct ThisMachine {
    facts: Facts,
}

/// The contracts, met by this machine.
pub fn make(facts: Facts, rom: Rom, with_debug: bool) -> Host {
    let machine: &'static ThisMachine = Box::leak(Box::new(ThisMachine { facts }));
    let rom: &'static Rom = Box::leak(Box::new(rom));
    Host {
        tasks: machine,
        clock: machine,
        power: machine,
        acpi: &ThisAcpi,
        machine,
        identity: identity::contract(),
        raw: Some(&raw::ThisRaw),
        log: journal::ring(),
        rom,
        files: Box::leak(Box::new(mount(rom))),
        shared: tasks::shared(),
        random: &entropy::ROOT,
        pci: &ThisBus,
        keyboard: &keyboard::ThisKeyboard,
        display: drawing::start(),
        debug: with_debug.then_some(&debug::Hooks),
    }
}

/// The files that every machine has.
fn mount(rom: &'static Rom) -> Files {
    let files = Files::new();
    // A quarter of the memory stays free for everything else.
    let room = || frames::free_bytes().saturating_sub(frames::total_bytes() / 4);
    let systems: [(&str, Arc<dyn FileSystem>); 2] = [
        ("/rom", Arc::new(ReadOnly::new(rom))),
        ("/tmp", Arc::new(Memory::new(Box::new(room)))),
    ];
    for (point, system) in systems {
        if let Err(error) = files.mount(point, system) {
            log::error!("files: {error}");
        }
    }
    files
}

impl Tasks for ThisMachine {
    fn control(&self) -> &'static Control {
        tasks::control()
    }

    fn current(&self) -> TaskId {
        fiber::running_record().id
    }

    fn yield_now(&self) {
        fiber::yield_now();
    }

    fn block_on(&self, future: BoxFuture<()>) -> Result<(), Interrupted> {
        fiber::block_on(future)
    }

    fn on_kernel_heap(&self, work: &mut dyn FnMut()) {
        core_local::get().on_kernel_heap(work);
    }

    fn give_back_memory(&self) {
        arena::give_back();
        stack::give_back();
    }

    fn start(&self, spec: TaskSpec) -> Result<TaskId, StartError> {
        tasks::start(spec)
    }

    fn wait(&self, id: TaskId) -> BoxFuture<Option<Outcome>> {
        tasks::wait(id)
    }

    fn kill(&self, id: TaskId) -> bool {
        tasks::kill(id)
    }

    fn list(&self) -> Vec<TaskInfo> {
        tasks::list()
    }

    fn ended(&self, id: TaskId) -> BoxFuture<Option<TaskError>> {
        tasks::ended(id)
    }

    fn hand_over(&self, detached: TaskId, successor: TaskId, name: &str) {
        tasks::hand_over(detached, successor, name);
    }

    fn set_memory_limit(&self, id: TaskId, bytes: u64) -> Result<(), LimitError> {
        tasks::set_memory_limit(id, bytes)
    }

    fn limits(&self) -> TaskLimits {
        tasks::limits()
    }
}

impl Clock for ThisMachine {
    fn uptime_ns(&self) -> u64 {
        clock::now_ns()
    }

    fn unix_ms(&self) -> Option<i64> {
        wall_clock::unix_ms()
    }

    fn set_unix_ms(&self, unix_ms: i64) -> BoxFuture<Result<(), SetError>> {
        Box::pin(wall_clock::set(unix_ms))
    }

    fn clocks(&self) -> Vec<ClockInfo> {
        timing::list(&self.facts.features)
    }

    fn sleep_until(&self, deadline_ns: u64) -> BoxFuture<()> {
        Box::pin(run::sleep_until(deadline_ns))
    }
}

impl Power for ThisMachine {
    fn off(&self) -> PowerError {
        power::off()
    }

    fn reboot(&self) -> PowerError {
        power::reboot()
    }

    fn info(&self) -> services::facts::Facts {
        power::info()
    }
}

impl Machine for ThisMachine {
    fn boot_steps(&self) -> Vec<BootStep> {
        steps::list()
    }

    fn cpu(&self) -> CpuInfo {
        let processor = identity::processor();
        let signature = processor.signature();
        let madt = firmware::get().and_then(|firmware| firmware.madt.as_ref());
        let present = madt.map_or(1, |madt| {
            madt.processors.iter().filter(|one| one.is_enabled).count().max(1)
        });
        CpuInfo {
            vendor: processor.vendor(),
            brand: processor.brand(),
            family: signature.family,
            model: signature.model,
            stepping: signature.stepping,
            cores_online: crate::arch::cores::online_count(),
            cores_present: present as u32,
            tsc_khz: clock::rate_hz() / 1000,
            tsc_invariant: self.facts.features.tsc_invariant,
            features: processor.features(),
            hypervisor: processor.hypervisor(),
        }
    }

    fn memory(&self) -> MemoryInfo {
        let whole = image::whole();
        let arena_of_task = tasks::running().and_then(|record| record.arena.lock().clone());
        MemoryInfo {
            total_bytes: frames::total_bytes(),
            free_bytes: frames::free_bytes(),
            kernel_bytes: (whole.end - whole.start) as u64,
            heap_bytes: heap::committed_bytes(),
            heap_used_bytes: heap::used_bytes(),
            arena_bytes: arena::total_bytes(),
            task_arena_bytes: arena_of_task.map_or(0, |arena| arena.committed_bytes()),
            stack_bytes: stack::committed_bytes(),
        }
    }

    fn firmware(&self) -> &'static str {
        self.facts.handover.firmware()
    }

    fn boot_loader(&self) -> String {
        self.facts
            .handover
            .tags
            .boot_loader_name()
            .unwrap_or("unknown")
            .to_string()
    }

    fn command_line(&self) -> String {
        self.facts.handover.tags.command_line().unwrap_or("").to_string()
    }

    fn cores(&self) -> Vec<CoreInfo> {
        cores::list()
    }

    fn interrupts(&self) -> Vec<InterruptInfo> {
        routing::list()
    }
}
