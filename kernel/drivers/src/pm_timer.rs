//! The ACPI power management timer (ACPI 6.5, section 4.8.3.3).

use hw::PortIo;

use crate::counter::ReferenceCounter;

/// The PM timer behind its port.
#[derive(Debug)]
pub struct PmTimer<P> {
    ports: P,
    is_32_bit: bool,
}

impl<P: PortIo> PmTimer<P> {
    /// Counts in a second.
    pub const FREQUENCY_HZ: u64 = 3_579_545;

    /// Takes the timer whose register is at `ports`.
    pub fn new(ports: P, is_32_bit: bool) -> Self {
        Self { ports, is_32_bit }
    }
}

impl<P: PortIo> ReferenceCounter for PmTimer<P> {
    fn read(&self) -> u64 {
        u64::from(self.ports.read32(0)) & self.mask()
    }

    fn frequency_hz(&self) -> u64 {
        Self::FREQUENCY_HZ
    }

    fn mask(&self) -> u64 {
        if self.is_32_bit { 0xFFFF_FFFF } else { 0x00FF_FFFF }
    }
}

#[cfg(test)]
mod tests {
    use super::PmTimer;
    use crate::counter::ReferenceCounter;

    #[test]
    fn bits_beyond_its_width_are_ignored() {
        let ports = hw::fake::FakePorts::new([0x11, 0x22, 0x33, 0xFF]);
        assert_eq!(PmTimer::new(&ports, false).read(), 0x33_2211);
        assert_eq!(PmTimer::new(&ports, true).read(), 0xFF33_2211);
    }
}
