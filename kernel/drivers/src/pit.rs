//! The 8254 timer of old PCs: channel 2, which makes no interrupts, as a counter (Intel 8254 data sheet).

use core::cell::Cell;

use hw::PortIo;

use crate::counter::ReferenceCounter;

/// Offset of channel 2's count from port 40h.
const CHANNEL_2: u16 = 2;
/// Offset of the control port from port 40h.
const CONTROL: u16 = 3;
/// Channel 2, both bytes, mode 2 (counts down from 65536 and starts again by itself).
const RATE_GENERATOR: u8 = 0b1011_0100;
/// Latch the count of channel 2.
const LATCH: u8 = 0b1000_0000;
/// System control port, bit 0: channel 2 counts.
const GATE: u8 = 1 << 0;
/// System control port, bit 1: the loudspeaker hears it.
const SPEAKER: u8 = 1 << 1;

/// Channel 2, counting for as long as this value lives.
#[derive(Debug)]
pub struct Pit<P: PortIo> {
    ports: P,
    control: P,
    /// What the system control port held before.
    saved_control: u8,
    /// Latching and reading takes three accesses, so the counter is not to be shared.
    unshared: core::marker::PhantomData<Cell<()>>,
}

impl<P: PortIo> Pit<P> {
    /// Counts in a second.
    pub const FREQUENCY_HZ: u64 = 1_193_182;

    /// Starts channel 2 with the loudspeaker silent. `ports` are those at 40h, `control` the one at 61h.
    pub fn start(ports: P, control: P) -> Self {
        let saved_control = control.read8(0);
        control.write8(0, saved_control & !SPEAKER | GATE);
        ports.write8(CONTROL, RATE_GENERATOR);
        ports.write8(CHANNEL_2, 0);
        ports.write8(CHANNEL_2, 0);
        Self {
            ports,
            control,
            saved_control,
            unshared: core::marker::PhantomData,
        }
    }
}

impl<P: PortIo> ReferenceCounter for Pit<P> {
    fn read(&self) -> u64 {
        self.ports.write8(CONTROL, LATCH);
        let low = self.ports.read8(CHANNEL_2);
        let high = self.ports.read8(CHANNEL_2);
        // It counts down.
        u16::from_le_bytes([low, high]).wrapping_neg().into()
    }

    fn frequency_hz(&self) -> u64 {
        Self::FREQUENCY_HZ
    }

    fn mask(&self) -> u64 {
        u16::MAX.into()
    }
}

impl<P: PortIo> Drop for Pit<P> {
    fn drop(&mut self) {
        self.control.write8(0, self.saved_control);
    }
}

#[cfg(test)]
mod tests {
    use super::Pit;
    use crate::counter::ReferenceCounter;
    use hw::fake::{FakePorts, PortBehaviour};

    /// Both the timer (from offset 0) and the control port (when it is the one at 61h).
    #[derive(Default)]
    struct Chip {
        control: u8,
        count: u16,
        latched: Option<[u8; 2]>,
        next_is_high: bool,
        is_running: bool,
    }

    impl PortBehaviour for Chip {
        fn read(&mut self, offset: u16, _bytes: u8) -> u32 {
            self.count = self.count.wrapping_sub(100);
            match offset {
                0 => self.control.into(),
                2 => {
                    let bytes = self.latched.expect("the count was latched before it was read");
                    self.next_is_high = !self.next_is_high;
                    u32::from(bytes[usize::from(!self.next_is_high)])
                }
                _ => unreachable!("not used"),
            }
        }

        fn write(&mut self, offset: u16, _bytes: u8, value: u32) {
            match (offset, value) {
                (0, value) => self.control = value as u8,
                (2, 0) => self.is_running = true,
                (3, 0xB4) => self.count = 0,
                (3, 0x80) => self.latched = Some(self.count.to_le_bytes()),
                _ => unreachable!("not used"),
            }
        }
    }

    #[test]
    fn counts_up_over_its_wrap_and_leaves_the_loudspeaker_as_it_was() {
        let chip = FakePorts::new(Chip {
            control: 0x02,
            ..Chip::default()
        });
        let pit = Pit::start(&chip, &chip);
        chip.with(|chip| assert!(chip.is_running && chip.control == 0x01));
        let mut before = pit.read();
        for _ in 0..1000 {
            let now = pit.read();
            assert_eq!(now.wrapping_sub(before) & pit.mask(), 200);
            before = now;
        }
        drop(pit);
        chip.with(|chip| assert_eq!(chip.control, 0x02));
    }
}
