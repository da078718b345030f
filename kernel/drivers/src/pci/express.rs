//! What PCI Express adds: what kind of port a function is, and its link (PCI Express Base 3.0, 7.8).

use core::fmt;

use hw::pci::{Address, ConfigSpace};

/// Offsets in the capability.
const DEVICE_CAPABILITIES: u16 = 0x04;
pub(super) const DEVICE_CONTROL: u16 = 0x08;
const LINK_CAPABILITIES: u16 = 0x0c;
const LINK_STATUS: u16 = 0x12;
const SLOT_CAPABILITIES: u16 = 0x14;
/// In the device capabilities: function-level reset.
const CAN_RESET: u32 = 1 << 28;

/// What kind of function it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortType {
    /// A device.
    Endpoint,
    /// A device as PCI knew it before.
    LegacyEndpoint,
    /// A port of the root complex.
    RootPort,
    /// The side of a switch that faces the processor.
    Upstream,
    /// A side of a switch that faces a device.
    Downstream,
    /// A bridge to PCI.
    ToPci,
    /// A bridge from PCI.
    FromPci,
    /// A device inside the root complex, without a link.
    IntegratedEndpoint,
    /// An event collector of the root complex, without a link.
    EventCollector,
    /// Unknown.
    Other(u8),
}

impl PortType {
    fn from_bits(bits: u8) -> Self {
        match bits {
            0 => Self::Endpoint,
            1 => Self::LegacyEndpoint,
            4 => Self::RootPort,
            5 => Self::Upstream,
            6 => Self::Downstream,
            7 => Self::ToPci,
            8 => Self::FromPci,
            9 => Self::IntegratedEndpoint,
            10 => Self::EventCollector,
            other => Self::Other(other),
        }
    }

    /// Only device 0 can be right behind it: there is one link with one device at its end.
    pub fn leads_to_one_device(self) -> bool {
        matches!(self, Self::RootPort | Self::Downstream)
    }

    /// It has a link.
    pub fn has_link(self) -> bool {
        !matches!(self, Self::IntegratedEndpoint | Self::EventCollector)
    }
}

impl fmt::Display for PortType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Endpoint => "endpoint",
            Self::LegacyEndpoint => "legacy endpoint",
            Self::RootPort => "root port",
            Self::Upstream => "upstream port",
            Self::Downstream => "downstream port",
            Self::ToPci => "bridge to PCI",
            Self::FromPci => "bridge from PCI",
            Self::IntegratedEndpoint => "integrated endpoint",
            Self::EventCollector => "event collector",
            Self::Other(number) => return write!(out, "type {number}"),
        };
        out.write_str(word)
    }
}

/// A link's speed and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Transfers per second of a lane, in units of 0.1 GT/s: 25, 50, 80, 160...; 0 where unknown.
    pub speed_tenths: u16,
    /// Lanes; 0 while there is no link.
    pub lanes: u8,
}

impl Link {
    fn from_bits(bits: u16) -> Self {
        const TENTHS: [u16; 7] = [0, 25, 50, 80, 160, 320, 640];
        Self {
            speed_tenths: TENTHS.get(usize::from(bits & 0xf)).copied().unwrap_or(0),
            lanes: (bits >> 4 & 0x3f) as u8,
        }
    }
}

/// `8 GT/s x4`.
impl fmt::Display for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.speed_tenths / 10, self.speed_tenths % 10) {
            (0, 0) => write!(out, "unknown speed")?,
            (whole, 0) => write!(out, "{whole} GT/s")?,
            (whole, tenth) => write!(out, "{whole}.{tenth} GT/s")?,
        }
        write!(out, " x{}", self.lanes)
    }
}

/// The capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Express {
    /// Its version.
    pub version: u8,
    /// What kind of function it is.
    pub port_type: PortType,
    /// The number of the port's slot, as it is written on the board or its case; `None` without a slot.
    pub slot: Option<u16>,
    /// Bytes of data in one packet: as it is set, and what the function could take.
    pub payload_bytes: (u16, u16),
    /// The function can be reset by itself.
    pub can_reset: bool,
    /// What the link can do; `None` without a link.
    pub most: Option<Link>,
    /// What the link does; `None` without a link.
    pub now: Option<Link>,
}

/// Reads the capability at `offset`.
pub fn read(space: &(impl ConfigSpace + ?Sized), address: Address, offset: u16) -> Express {
    let register = |at: u16| space.read32(address, (offset + at) & !3);
    let flags = register(0) >> 16;
    let port_type = PortType::from_bits((flags >> 4 & 0xf) as u8);
    let capabilities = register(DEVICE_CAPABILITIES);
    let payload_bytes = |bits: u32| 128 << (bits & 7);
    let link = |bits: u32| port_type.has_link().then(|| Link::from_bits(bits as u16));
    Express {
        version: (flags & 0xf) as u8,
        port_type,
        slot: (flags & 1 << 8 != 0).then(|| (register(SLOT_CAPABILITIES) >> 19) as u16),
        payload_bytes: (
            payload_bytes(register(DEVICE_CONTROL) >> 5),
            payload_bytes(capabilities),
        ),
        can_reset: capabilities & CAN_RESET != 0,
        most: link(register(LINK_CAPABILITIES)),
        now: link(register(LINK_STATUS) >> 16),
    }
}
