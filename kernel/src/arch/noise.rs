//! Noise that the processor itself gives: two instructions, and when interrupts arrive.
//!
//! Source: Intel SDM volume 1, 7.3.17 (RDRAND and RDSEED).

use core::arch::asm;

use raw_cpuid::CpuId;
use services::random::arrivals::Arrivals;

use super::clock;

/// The instruction may have nothing for a moment; Intel says that ten tries are enough for RDRAND. RDSEED shares its
/// source with all cores.
const TRIES: u32 = 100;

/// When devices have interrupted.
pub static ARRIVALS: Arrivals = Arrivals::new();

/// Notes that a device interrupts now. For interrupt handlers.
pub fn note_interrupt() {
    ARRIVALS.note(clock::tsc());
}

/// Whether the processor has RDSEED.
pub fn has_rdseed() -> bool {
    CpuId::new()
        .get_extended_feature_info()
        .is_some_and(|features| features.has_rdseed())
}

/// Whether the processor has RDRAND.
pub fn has_rdrand() -> bool {
    CpuId::new()
        .get_feature_info()
        .is_some_and(|features| features.has_rdrand())
}

macro_rules! instruction {
    ($name:ident, $doc:literal, $mnemonic:literal) => {
        #[doc = $doc]
        ///
        /// `None` where it has nothing in many tries. Call it only where the processor has the instruction.
        pub fn $name() -> Option<u64> {
            for _ in 0..TRIES {
                let (number, is_valid): (u64, u8);
                // SAFETY: the instruction touches one register and the flags; where the processor lacks it, it raises
                // an exception that ends the caller.
                unsafe {
                    asm!(
                        concat!($mnemonic, " {number}"),
                        "setc {is_valid}",
                        number = out(reg) number,
                        is_valid = out(reg_byte) is_valid,
                        options(nomem, nostack)
                    );
                }
                if is_valid != 0 {
                    return Some(number);
                }
                core::hint::spin_loop();
            }
            None
        }
    };
}

instruction!(rdseed, "A number from the processor's noise source.", "rdseed");
instruction!(rdrand, "A number from the processor's generator.", "rdrand");
