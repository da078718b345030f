//! What a test's machine is made of: power that only notes the request, and facts that stay the same.

use std::sync::atomic::{AtomicBool, Ordering};

use services::cores::CoreInfo;
use services::facts::Facts;
use services::host::{BootStep, CpuInfo, Debug, Machine, MemoryInfo, Power, PowerError, Tasks};
use services::interrupts::{Delivery, InterruptInfo};
use services::random::{Generator, Kind, Root};
use services::task::Requests;

use super::acpi;
use crate::tasks::Threads;

/// Notes the request; the machine "goes off" by ending the task.
pub struct FakePower {
    /// Off or reboot was asked for.
    pub is_off: AtomicBool,
    pub(super) tasks: &'static Threads,
}

impl Power for FakePower {
    fn off(&self) -> PowerError {
        self.is_off.store(true, Ordering::Relaxed);
        self.tasks.control().ask(Requests::KILL);
        PowerError::NoEffect
    }

    fn reboot(&self) -> PowerError {
        self.off()
    }

    fn info(&self) -> Facts {
        acpi::power()
    }
}

pub(super) struct FakeMachine;

impl Machine for FakeMachine {
    fn boot_steps(&self) -> Vec<BootStep> {
        vec![
            BootStep {
                name: "memory",
                end_ns: 1_500_000,
            },
            BootStep {
                name: "heap",
                end_ns: 4_000_000,
            },
        ]
    }

    fn cpu(&self) -> CpuInfo {
        CpuInfo {
            vendor: "Threads".into(),
            cores_online: 2,
            cores_present: 2,
            features: vec!["nx", "smep"],
            ..CpuInfo::default()
        }
    }

    fn cores(&self) -> Vec<CoreInfo> {
        let core = |index: u32, load_permille| CoreInfo {
            index,
            apic_id: 2 * index,
            is_online: true,
            busy_ns: u64::from(load_permille) * 10_000_000,
            online_ns: 10_000_000_000,
            load_permille,
            tasks: 1,
            operations: 1_000_000,
            timer_interrupts: 2_000,
            ipis: 5,
        };
        vec![core(0, 125), core(1, 1000)]
    }

    fn memory(&self) -> MemoryInfo {
        MemoryInfo {
            total_bytes: 1 << 30,
            free_bytes: 1 << 29,
            ..MemoryInfo::default()
        }
    }

    fn firmware(&self) -> &'static str {
        "uefi"
    }

    fn boot_loader(&self) -> String {
        "GRUB".into()
    }

    fn command_line(&self) -> String {
        "debug=on".into()
    }

    fn interrupts(&self) -> Vec<InterruptInfo> {
        let info = |source: &str, vector, core, delivery, count| InterruptInfo {
            source: source.into(),
            vector,
            core,
            delivery,
            count,
        };
        vec![
            info("timer", 0x20, 0, Delivery::Local, 1234),
            info("com1", 0x30, 0, Delivery::Line(4), 56),
            info("timer", 0x20, 1, Delivery::Local, 789),
            info("00:04.0 edu", 0x30, 1, Delivery::Message, 3),
        ]
    }
}

pub(super) struct FakeDebug;

impl Debug for FakeDebug {
    fn with_stack_left(&self, _: usize, work: &mut dyn FnMut()) {
        work();
    }

    fn raise(&self, name: &str) -> bool {
        assert_ne!(name, "gp", "raised");
        false
    }

    fn panic_service(&self) -> &'static str {
        "pump"
    }

    fn service_restarts(&self) -> u64 {
        0
    }

    fn arena_pointers(&self) -> u64 {
        0
    }

    fn panic_machine(&self) {
        panic!("the machine");
    }

    fn call_core(&self, core: u32) -> Option<u64> {
        (core == 1).then_some(1500)
    }

    fn interrupt(&self, core: u32, way: &str) -> Result<u64, String> {
        match (core, way) {
            (0, "message") => Ok(1),
            _ => Err(format!("no core {core} is at work")),
        }
    }
}

/// Random numbers that are the same in each test.
pub(super) fn random() -> Root {
    let root = Root::new();
    let mut noise = [0; 4096];
    Generator::reproducible(1).fill(&mut noise);
    root.contribute(Kind::Host, &noise, &[]).expect("even noise");
    root
}
