//! Messages from one core to another (Intel SDM volume 3, 11.6.1; for x2APIC 11.12.9).

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

const NMI: u32 = 4 << 8;
const INIT: u32 = 5 << 8;
const STARTUP: u32 = 6 << 8;
/// Set in every message but one that is no longer used.
const ASSERT: u32 = 1 << 14;

/// The lower half of the command register; the upper half names the core.
pub(super) fn lower_half(message: Message) -> Command {
    let what = match message {
        Message::Interrupt(vector) => vector.into(),
        Message::Nmi => NMI,
        Message::Init => INIT,
        Message::Startup(page) => STARTUP | u32::from(page),
    };
    Command::from_bits(what | ASSERT)
}
