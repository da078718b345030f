//! What this processor can do, and switching on what protects the kernel.
//!
//! Sources: Intel SDM volume 3, 2.5 (control registers) and 4.6 (access rights); AMD64 manual volume 2, 3.1.

use core::sync::atomic::{AtomicBool, Ordering};

use drivers::pat;
use raw_cpuid::{CpuId, CpuIdReaderNative};
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags};
use x86_64::registers::model_specific::Msr;

const MISC_ENABLE_MSR: u32 = 0x1a0;
const EXECUTE_DISABLE_HIDDEN: u64 = 1 << 34;

/// What the kernel uses of the processor.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    /// Pages can be made non-executable.
    pub no_execute: bool,
    /// Supervisor code cannot execute user pages.
    pub smep: bool,
    /// Supervisor code cannot touch user pages.
    pub smap: bool,
    /// User code cannot read descriptor registers.
    pub umip: bool,
    /// Hardware errors raise an exception.
    pub machine_check: bool,
    /// The local APIC can be driven by model-specific registers.
    pub x2apic: bool,
    /// The APIC timer can wait for a value of the time-stamp counter.
    pub tsc_deadline: bool,
    /// The time-stamp counter keeps its rate in all power states.
    pub tsc_invariant: bool,
    /// `rep movsb` is fast.
    pub fast_string_copy: bool,
    /// The processor is QEMU's TCG, whose `rep movsb` is slow whatever it says.
    pub is_emulated: bool,
}

/// Finds out what the processor can do and switches the protections on.
pub fn start() -> Features {
    allow_no_execute();
    let id = CpuId::new();
    let extended = id.get_extended_processor_and_feature_identifiers();
    let structured = id.get_extended_feature_info();
    let basic = id.get_feature_info();
    let features = Features {
        no_execute: extended
            .as_ref()
            .is_some_and(raw_cpuid::ExtendedProcessorFeatureIdentifiers::has_execute_disable),
        smep: structured.as_ref().is_some_and(raw_cpuid::ExtendedFeatures::has_smep),
        smap: structured.as_ref().is_some_and(raw_cpuid::ExtendedFeatures::has_smap),
        umip: structured.as_ref().is_some_and(raw_cpuid::ExtendedFeatures::has_umip),
        fast_string_copy: structured
            .as_ref()
            .is_some_and(raw_cpuid::ExtendedFeatures::has_rep_movsb_stosb),
        machine_check: basic.as_ref().is_some_and(raw_cpuid::FeatureInfo::has_mce),
        x2apic: basic.as_ref().is_some_and(raw_cpuid::FeatureInfo::has_x2apic),
        tsc_deadline: basic.as_ref().is_some_and(raw_cpuid::FeatureInfo::has_tsc_deadline),
        tsc_invariant: id
            .get_advanced_power_mgmt_info()
            .is_some_and(|information| information.has_invariant_tsc()),
        is_emulated: hypervisor(&id) == Some(*b"TCGTCGTCGTCG"),
    };
    enable(&features);
    features
}

/// Switches the same on for the calling core, which was started with the boot processor's paging.
pub fn start_on_this_core(features: &Features) {
    enable(features);
    combine_writes();
}

/// Firmware hid "execute disable", and does so on the other cores too.
static NO_EXECUTE_WAS_HIDDEN: AtomicBool = AtomicBool::new(false);

/// Whether a core must clear [`EXECUTE_DISABLE_HIDDEN`] in [`MISC_ENABLE_MSR`] before it uses the kernel's page tables.
pub fn was_no_execute_hidden() -> bool {
    NO_EXECUTE_WAS_HIDDEN.load(Ordering::Relaxed)
}

/// Lets an Intel processor whose firmware hides "execute disable" show it (Intel SDM volume 4, `IA32_MISC_ENABLE`).
fn allow_no_execute() {
    let id = CpuId::new();
    let is_hidden = !id
        .get_extended_processor_and_feature_identifiers()
        .is_some_and(|extended| extended.has_execute_disable());
    if is_hidden
        && id
            .get_vendor_info()
            .is_some_and(|vendor| vendor.as_str() == "GenuineIntel")
    {
        let mut register = Msr::new(MISC_ENABLE_MSR);
        // SAFETY: every 64-bit Intel processor has this register.
        let value = unsafe { register.read() };
        // SAFETY: as above; only the bit that hides the feature changes.
        unsafe { register.write(value & !EXECUTE_DISABLE_HIDDEN) };
        NO_EXECUTE_WAS_HIDDEN.store(value & EXECUTE_DISABLE_HIDDEN != 0, Ordering::Relaxed);
    }
}

/// The hypervisor's 12 letters where there is one.
pub fn hypervisor(id: &CpuId<CpuIdReaderNative>) -> Option<[u8; 12]> {
    if !id
        .get_feature_info()
        .is_some_and(|information| information.has_hypervisor())
    {
        return None;
    }
    let leaf = core::arch::x86_64::__cpuid(0x4000_0000);
    let mut name = [0; 12];
    name[..4].copy_from_slice(&leaf.ebx.to_le_bytes());
    name[4..8].copy_from_slice(&leaf.ecx.to_le_bytes());
    name[8..].copy_from_slice(&leaf.edx.to_le_bytes());
    Some(name)
}

/// Lets pages combine writes where the processor can; the first thing that the screen of the start-up needs.
pub fn combine_writes() {
    let has_table = CpuId::new().get_feature_info().is_some_and(|basic| basic.has_pat());
    if has_table {
        // SAFETY: CPUID reports the table, all types in it are defined, and the pages in use have entries that stay as
        // they are, or were made for this one.
        unsafe { Msr::new(pat::MSR).write(pat::VALUE) };
    }
}

fn enable(features: &Features) {
    if features.no_execute {
        // SAFETY: no page has the no-execute bit set yet.
        unsafe { Efer::update(|flags| flags.insert(EferFlags::NO_EXECUTE_ENABLE)) };
    }
    // SAFETY: write protection only forbids writes that the kernel never means to do; the coprocessor flags make any
    // use of floating-point registers, which this soft-float kernel never does on purpose, behave predictably.
    unsafe {
        Cr0::update(|flags| {
            flags.insert(Cr0Flags::WRITE_PROTECT | Cr0Flags::NUMERIC_ERROR | Cr0Flags::MONITOR_COPROCESSOR);
            flags.remove(Cr0Flags::EMULATE_COPROCESSOR | Cr0Flags::TASK_SWITCHED);
        });
    }
    let mut wanted = Cr4Flags::PAGE_GLOBAL;
    for (present, flag) in [
        (features.smep, Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION),
        (features.smap, Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION),
        (features.umip, Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION),
        (features.machine_check, Cr4Flags::MACHINE_CHECK_EXCEPTION),
    ] {
        if present {
            wanted |= flag;
        }
    }
    // SAFETY: only features that CPUID reports are switched on, and no page is a user page.
    unsafe { Cr4::update(|flags| flags.insert(wanted)) };
}
