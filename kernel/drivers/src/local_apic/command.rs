//! Messages from one core to others (Intel SDM volume 3, 11.6.1; for x2APIC 11.12.9).

use hw::Register;

use super::registers::Command;

/// What a message does to a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Raises this vector, from 16 on.
    Interrupt(u8),
    /// Interrupts it whatever it does.
    Nmi,
    /// Resets it; it waits for `Startup` then.
    Init,
    /// Lets it run, after `Init`, from the start of this page below 1 MiB, in real mode.
    Startup(u8),
}

/// Who gets a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The core whose APIC has this number.
    Core(u32),
    /// All cores but the sender.
    Others,
}

const NMI: u32 = 4 << 8;
const INIT: u32 = 5 << 8;
const STARTUP: u32 = 6 << 8;
/// Set in every message but one that is no longer used.
const ASSERT: u32 = 1 << 14;
const ALL_OTHERS: u32 = 3 << 18;

/// The lower half of the command register.
pub(super) fn lower_half(message: Message, destination: Destination) -> Command {
    let what = match message {
        Message::Interrupt(vector) => vector.into(),
        Message::Nmi => NMI,
        Message::Init => INIT,
        Message::Startup(page) => STARTUP | u32::from(page),
    };
    let whom = match destination {
        Destination::Core(_) => 0,
        Destination::Others => ALL_OTHERS,
    };
    Command::from_bits(what | whom | ASSERT)
}

/// The number of the APIC that `destination` names; 0 where it names none.
pub(super) fn apic_id(destination: Destination) -> u32 {
    match destination {
        Destination::Core(apic_id) => apic_id,
        Destination::Others => 0,
    }
}
