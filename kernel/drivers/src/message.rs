//! Message-signalled interrupts: what a device writes, and where, to interrupt a processor.
//!
//! Source: Intel SDM volume 3, 11.11 (address and data); PCI Local Bus 3.0, 6.8.

use core::fmt;

use hw::pci::Message;

/// Where processors take messages: bits 31 to 20 of the address.
const ADDRESS: u64 = 0xfee0_0000;
const DESTINATION_SHIFT: u32 = 12;
/// The APIC number that means all processors.
const EVERYBODY: u32 = 0xff;

/// Without interrupt remapping a message has room for 8 bits of the processor's APIC number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FarProcessor {
    /// The processor's APIC number.
    pub apic_id: u32,
}

impl fmt::Display for FarProcessor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "processor {} is out of a message's reach without interrupt remapping",
            self.apic_id
        )
    }
}

/// What raises `vector` on the processor `apic_id`: fixed delivery, by edge, to one physical APIC number.
///
/// # Errors
///
/// [`FarProcessor`] for numbers from 255 on.
pub fn to(apic_id: u32, vector: u8) -> Result<Message, FarProcessor> {
    if apic_id >= EVERYBODY {
        return Err(FarProcessor { apic_id });
    }
    Ok(Message {
        address: ADDRESS | u64::from(apic_id) << DESTINATION_SHIFT,
        data: vector.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::{FarProcessor, to};

    #[test]
    fn names_the_processor_and_the_vector() {
        let message = to(0x2a, 0x31).expect("near enough");
        assert_eq!((message.address, message.data), (0xfee2_a000, 0x31));
        let last = to(254, 0xdf).expect("near enough");
        assert_eq!((last.address, last.data), (0xfeef_e000, 0xdf));
    }

    #[test]
    fn refuses_processors_that_a_message_cannot_name() {
        for apic_id in [255, 256, u32::MAX] {
            assert_eq!(to(apic_id, 0x30), Err(FarProcessor { apic_id }));
        }
    }
}
