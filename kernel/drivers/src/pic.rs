//! The two 8259 interrupt controllers of old PCs: moved out of the way of the exceptions and masked for good, for the
//! APICs take over (Intel 8259A data sheet, initialisation command words).

use hw::PortIo;

/// Interrupts of one controller.
const LINES: u8 = 8;
/// Initialise; edge triggered, cascaded, with ICW4.
const ICW1_INITIALISE: u8 = 0x11;
/// ICW4: 8086 mode.
const ICW4_8086: u8 = 0x01;
/// Interrupt input of the first controller that the second is connected to.
const CASCADE_LINE: u8 = 2;
/// Offset of the command port.
const COMMAND: u16 = 0;
/// Offset of the data port.
const DATA: u16 = 1;
/// Port with no function, written to give old controllers time.
const DELAY_VALUE: u8 = 0;

/// Gives the controllers the sixteen vectors from `first_vector` on and masks every line. A spurious interrupt, which
/// no mask stops, then arrives at `first_vector + 7` or `first_vector + 15` and needs no answer.
///
/// `first` are the ports at 20h, `second` those at A0h, `delay` the port 80h.
///
/// # Panics
///
/// `first_vector` is no multiple of 8 or lies below 32, where the exceptions are, or above 240.
pub fn disable(first: &impl PortIo, second: &impl PortIo, delay: &impl PortIo, first_vector: u8) {
    assert!(
        first_vector.is_multiple_of(LINES) && (32..=240).contains(&first_vector),
        "vectors that cannot be used"
    );
    initialise(first, delay, first_vector, 1 << CASCADE_LINE);
    initialise(second, delay, first_vector + LINES, CASCADE_LINE);
}

/// Sets up one controller and masks it; `cascade` says where the other is.
fn initialise(ports: &impl PortIo, delay: &impl PortIo, vector: u8, cascade: u8) {
    let words = [
        (COMMAND, ICW1_INITIALISE),
        (DATA, vector),
        (DATA, cascade),
        (DATA, ICW4_8086),
        (DATA, u8::MAX),
    ];
    for (offset, word) in words {
        ports.write8(offset, word);
        delay.write8(0, DELAY_VALUE);
    }
}

#[cfg(test)]
mod tests {
    use super::disable;
    use hw::fake::{FakePorts, PortBehaviour};

    /// One controller: the words of an initialisation in their order, then the mask.
    #[derive(Default)]
    struct Controller {
        words: Vec<u8>,
        mask: u8,
    }

    impl PortBehaviour for Controller {
        fn read(&mut self, _offset: u16, _bytes: u8) -> u32 {
            self.mask.into()
        }

        fn write(&mut self, offset: u16, _bytes: u8, value: u32) {
            match (offset, self.words.len()) {
                (0, _) => self.words = vec![value as u8],
                (_, 1..=3) => self.words.push(value as u8),
                _ => self.mask = value as u8,
            }
        }
    }

    #[test]
    fn both_controllers_are_moved_and_masked() {
        let (first, second) = (
            FakePorts::new(Controller::default()),
            FakePorts::new(Controller::default()),
        );
        disable(&first, &second, &FakePorts::new([0; 1]), 0xF0);
        first.with(|controller| {
            assert_eq!(
                (&controller.words[..], controller.mask),
                (&[0x11, 0xF0, 4, 1][..], 0xFF)
            )
        });
        second.with(|controller| {
            assert_eq!(
                (&controller.words[..], controller.mask),
                (&[0x11, 0xF8, 2, 1][..], 0xFF)
            )
        });
    }

    #[test]
    #[should_panic(expected = "vectors that cannot be used")]
    fn vectors_of_exceptions_are_refused() {
        let ports = FakePorts::new([0; 2]);
        disable(&ports, &ports, &ports, 8);
    }
}
