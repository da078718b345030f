//! What the boot loader left in memory, as checked values.

use super::command_line::Options;
use super::tags::{self, Module, Tags};
use crate::memory::frames::Reserved;
use crate::memory::{Physical, image};

/// What the boot loader handed over.
#[derive(Clone, Copy, Debug)]
pub struct Handover {
    /// The boot information's tags.
    pub tags: Tags<'static>,
    /// Where the boot information lies.
    pub information: Reserved,
}

/// Makes `$start`, a `fn(Result<Handover, tags::Error>) -> !`, the first function of ours that runs after the entry code.
#[macro_export]
macro_rules! entry {
    ($start:path) => {
        /// Called by the entry code in the higher half, with the boot processor's stack, interrupts off.
        #[unsafe(no_mangle)]
        extern "C" fn kernel_main(information: u32, relocation: i64) -> ! {
            $crate::arch::core_local::start_boot_core();
            $crate::arch::lock::start();
            $crate::report::journal::start();
            // SAFETY: the entry code passes what the boot loader gave it, once.
            $start(unsafe { $crate::boot::handover::read(information, relocation) })
        }
    };
}

/// Reads the boot information.
///
/// # Errors
///
/// [`tags::Error`] where it is not what the specification says.
///
/// # Safety
///
/// Called once, with what the entry code passes: the physical address of the boot information below 4 GiB, and the
/// image's relocation; nobody may write to the boot information.
pub unsafe fn read(information: u32, relocation: i64) -> Result<Handover, tags::Error> {
    image::set_relocation(relocation);
    let start = Physical(information.into());
    // SAFETY: the boot page tables map the lowest 4 GiB in the direct map; the loader left at least these 8 bytes.
    let header = unsafe { &*start.direct::<[u8; 8]>() };
    let size = tags::total_size(header);
    // SAFETY: the loader left this many bytes there, and the frame allocator never hands them out.
    let bytes = unsafe { core::slice::from_raw_parts(start.direct::<u8>(), size) };
    let reserved = Reserved {
        start: start.0,
        end: start.0 + size as u64,
    };
    Ok(Handover {
        tags: Tags::parse(bytes)?,
        information: reserved,
    })
}

impl Handover {
    /// The kernel's options; problems with them are logged.
    pub fn options(&self) -> Options {
        Options::parse(self.tags.command_line().unwrap_or(""), |problem| {
            log::warn!("command line: {problem}")
        })
    }

    /// The contents of the module that the boot menu calls `name`.
    pub fn module(&self, name: &str) -> Option<&'static [u8]> {
        let is_named = |module: &Module<'_>| module.name.split_ascii_whitespace().next() == Some(name);
        let module = self.tags.modules().find(is_named)?;
        let length = (module.end - module.start) as usize;
        // SAFETY: the loader put the module into RAM, the frame allocator never hands that out, and nobody writes there.
        Some(unsafe { core::slice::from_raw_parts(Physical(module.start.into()).direct::<u8>(), length) })
    }

    /// The firmware's pointer to its ACPI tables: the newer form where there are both.
    pub fn acpi_pointer(&self) -> Option<&'static [u8]> {
        self.tags.rsdp_new().or_else(|| self.tags.rsdp_old())
    }

    /// `uefi` or `bios`.
    pub fn firmware(&self) -> &'static str {
        if self.tags.efi_system_table().is_some() {
            "uefi"
        } else {
            "bios"
        }
    }
}
