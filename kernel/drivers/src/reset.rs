//! Starting the machine again: by the register that the firmware names (ACPI 6.5, section 4.8.3.6), then by the
//! keyboard controller's reset line, which every PC has or imitates.

use hw::{Clock, PortIo};

use crate::acpi::fadt::Reset;
use crate::power::FixedHardware;

/// Offset of the keyboard controller's status and command port from port 60h.
const COMMAND: u16 = 4;
/// The controller has not taken the last command yet.
const INPUT_FULL: u8 = 1 << 1;
/// Pulse the reset line.
const PULSE_RESET: u8 = 0xFE;
/// How long each way may take before the next is tried.
const TRY_LIMIT_MS: u64 = 100;

/// Resets the machine; returns only if nothing worked, and the caller may then cause a triple fault. `keyboard` are the
/// ports from 60h on.
pub fn reset(reset: Option<&Reset>, hardware: &impl FixedHardware, keyboard: &impl PortIo, clock: &impl Clock) {
    // Each wait below gives the machine time to stop; there is nothing to look at, so it always runs out.
    if let Some(reset) = reset
        && hardware.write8(&reset.register, reset.value).is_some()
    {
        let _ = clock.wait_until(TRY_LIMIT_MS, || false);
    }
    // A controller that never becomes ready, or is absent, is told all the same: there is nothing to lose.
    let _ = clock.wait_until(TRY_LIMIT_MS, || keyboard.read8(COMMAND) & INPUT_FULL == 0);
    keyboard.write8(COMMAND, PULSE_RESET);
    let _ = clock.wait_until(TRY_LIMIT_MS, || false);
}

#[cfg(test)]
mod tests {
    use super::reset;
    use crate::acpi::fadt::{FixedRegister, Reset, Space};
    use crate::power::Spaces;
    use crate::power::tests::{OneRegister, on_ports};
    use hw::Clock;
    use hw::fake::{FakeClock, FakePorts, PortBehaviour};

    /// Remembers what was written; its keyboard controller is busy for a while.
    struct Machine {
        busy_reads: u32,
        writes: Vec<(u16, u32)>,
    }

    impl PortBehaviour for Machine {
        fn read(&mut self, _offset: u16, _bytes: u8) -> u32 {
            self.busy_reads = self.busy_reads.saturating_sub(1);
            if self.busy_reads > 0 { 0x02 } else { 0x00 }
        }

        fn write(&mut self, offset: u16, _bytes: u8, value: u32) {
            assert!(offset != 4 || self.busy_reads == 0 || self.busy_reads > 1_000_000);
            self.writes.push((offset, value));
        }
    }

    #[test]
    fn every_way_is_tried_in_order_and_in_time() {
        for busy_reads in [0, 50, u32::MAX] {
            let machine = FakePorts::new(Machine {
                busy_reads,
                writes: Vec::new(),
            });
            let clock = FakeClock::with_step_ns(10_000);
            let register = FixedRegister {
                space: Space::Port,
                width_bits: 8,
                address: 0xCF9,
            };
            reset(
                Some(&Reset { register, value: 6 }),
                &on_ports(&machine),
                &machine,
                &clock,
            );
            machine.with(|machine| assert_eq!(machine.writes, [(0xCF9, 6), (4, 0xFE)]));
            assert!(clock.now_ms() < 400);
        }
    }

    #[test]
    fn without_a_register_the_keyboard_controller_is_asked() {
        let machine = FakePorts::new(Machine {
            busy_reads: 0,
            writes: Vec::new(),
        });
        reset(None, &on_ports(&machine), &machine, &FakeClock::with_step_ns(10_000));
        machine.with(|machine| assert_eq!(machine.writes, [(4, 0xFE)]));
    }

    #[test]
    fn a_register_in_memory_is_written_and_one_out_of_reach_is_passed_over() {
        for (address, written) in [(0xFE00_0000, 6), (0xFD00_0000, 0)] {
            let register = OneRegister::default();
            let machine = FakePorts::new(Machine {
                busy_reads: 0,
                writes: Vec::new(),
            });
            let place = FixedRegister {
                space: Space::Memory,
                width_bits: 8,
                address,
            };
            let hardware = Spaces {
                ports: &machine,
                memory: &register,
            };
            let described = Reset {
                register: place,
                value: 6,
            };
            reset(Some(&described), &hardware, &machine, &FakeClock::with_step_ns(10_000));
            assert_eq!(register.0.get(), written);
            machine.with(|machine| assert_eq!(machine.writes, [(4, 0xFE)]));
        }
    }
}
