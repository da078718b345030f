//! Offsets and bits of the configuration space (PCI Local Bus 3.0, 6.1; PCI-to-PCI Bridge 1.2, 3.2).

/// Vendor (lower half) and device.
pub(super) const IDS: u16 = 0x00;
/// Command (lower half) and status. Writing zeros to the status changes nothing.
pub(super) const COMMAND: u16 = 0x04;
/// Revision (lowest byte), interface, subclass, class.
pub(super) const CLASS: u16 = 0x08;
/// Header type is the third byte.
pub(super) const HEADER_TYPE: u16 = 0x0e;
/// The first base address register.
pub(super) const FIRST_BAR: u16 = 0x10;
/// Subsystem vendor (lower half) and subsystem of a device.
pub(super) const SUBSYSTEM: u16 = 0x2c;
/// The same of a CardBus bridge.
pub(super) const CARDBUS_SUBSYSTEM: u16 = 0x40;
/// Expansion ROM of a device.
pub(super) const ROM: u16 = 0x30;
/// Expansion ROM of a bridge.
pub(super) const BRIDGE_ROM: u16 = 0x38;
/// Where the list of capabilities starts.
pub(super) const CAPABILITIES: u16 = 0x34;
/// The same of a CardBus bridge.
pub(super) const CARDBUS_CAPABILITIES: u16 = 0x14;
/// Interrupt line (lowest byte) and pin.
pub(super) const INTERRUPT: u16 = 0x3c;
/// Where a device's own registers and capabilities start.
pub(super) const FIRST_CAPABILITY: u16 = 0x40;
/// Where the list of extended capabilities starts.
pub(super) const FIRST_EXTENDED: u16 = 0x100;

/// Of a bridge: primary, secondary, subordinate bus, latency.
pub(super) const BUSES: u16 = 0x18;
/// Of a bridge: I/O base and limit in the lower half.
pub(super) const IO_WINDOW: u16 = 0x1c;
/// Of a bridge: memory base (lower half) and limit.
pub(super) const MEMORY_WINDOW: u16 = 0x20;
/// Of a bridge: prefetchable memory base (lower half) and limit.
pub(super) const PREFETCHABLE_WINDOW: u16 = 0x24;
/// Of a bridge: upper half of the prefetchable base.
pub(super) const PREFETCHABLE_BASE_UPPER: u16 = 0x28;
/// Of a bridge: upper half of the prefetchable limit.
pub(super) const PREFETCHABLE_LIMIT_UPPER: u16 = 0x2c;
/// Of a bridge: upper halves of I/O base and limit.
pub(super) const IO_WINDOW_UPPER: u16 = 0x30;

/// In `COMMAND`: a list of capabilities exists.
pub(super) const STATUS_HAS_CAPABILITIES: u32 = 1 << 20;
/// In a BAR: it is for ports.
pub(super) const BAR_IS_IO: u32 = 1 << 0;
/// In a memory BAR: 64 bits wide.
pub(super) const BAR_TYPE: u32 = 3 << 1;
/// `BAR_TYPE` of 64 bits.
pub(super) const BAR_TYPE_64: u32 = 2 << 1;
/// In a memory BAR: reading has no side effect.
pub(super) const BAR_IS_PREFETCHABLE: u32 = 1 << 3;
/// In the ROM's BAR: it answers.
pub(super) const ROM_IS_ENABLED: u32 = 1 << 0;
