//! The driver against the model: start-up is in time whatever the hardware does, and typing works afterwards.

use std::sync::Arc;

use hw::Clock;
use hw::fake::{FakeClock, FakePorts, PortBehaviour, Random};
use pc_keyboard::layouts::Us104Key;
use pc_keyboard::{DecodedKey, HandleControl, PS2Keyboard, ScancodeSet, ScancodeSet1, ScancodeSet2};

use super::model::{Chip, Quirks, SOUND};
use super::{Controller, Error, Keyboard, Leds, RING_BYTES, Set, TestResult};

const LIMIT_MS: u64 = 500;

type Machine = Arc<FakePorts<Chip>>;

/// Ports that a test shares with the driver.
struct Shared(Machine);

impl hw::PortIo for Shared {
    fn read8(&self, offset: u16) -> u8 {
        self.0.read8(offset)
    }
    fn write8(&self, offset: u16, value: u8) {
        self.0.write8(offset, value);
    }
    fn read16(&self, offset: u16) -> u16 {
        self.0.read16(offset)
    }
    fn write16(&self, offset: u16, value: u16) {
        self.0.write16(offset, value);
    }
    fn read32(&self, offset: u16) -> u32 {
        self.0.read32(offset)
    }
    fn write32(&self, offset: u16, value: u32) {
        self.0.write32(offset, value);
    }
}

/// Starts the driver, which must be in time.
fn start(name: &str, quirks: Quirks) -> (Machine, Arc<FakeClock>, Result<Keyboard<Shared>, Error>) {
    let clock = Arc::new(FakeClock::with_step_ns(100));
    let machine = Arc::new(FakePorts::new(Chip::new(quirks, clock.clone())));
    let result = Controller::start(Shared(machine.clone()), &*clock);
    let took_ms = clock.now_ms();
    assert!(took_ms < LIMIT_MS, "{name}: start-up took {took_ms} ms");
    (machine, clock, result)
}

/// Lets the interrupt handler run until nothing more comes, and returns the scancodes.
fn settle(machine: &Machine, clock: &FakeClock, keyboard: &Keyboard<Shared>) -> Vec<u8> {
    let mut scancodes = Vec::new();
    for _ in 0..1_000 {
        let mut buffer = [0; RING_BYTES];
        keyboard.on_interrupt();
        let count = keyboard.read_scancodes(&mut buffer);
        scancodes.extend_from_slice(&buffer[..count]);
        clock.advance_ns(1_000_000);
        if !machine.with(|chip| chip.has_work()) {
            break;
        }
    }
    scancodes
}

fn text(set: Set, scancodes: &[u8]) -> String {
    fn decode(set: impl ScancodeSet, scancodes: &[u8]) -> String {
        let mut decoder = PS2Keyboard::new(set, Us104Key, HandleControl::Ignore);
        let keys = scancodes.iter().filter_map(|&byte| {
            let event = decoder.add_byte(byte).expect("the scancode is known")?;
            decoder.process_keyevent(event)
        });
        keys.filter_map(|key| match key {
            DecodedKey::Unicode(character) => Some(character),
            DecodedKey::RawKey(pc_keyboard::KeyCode::ArrowUp) => Some('^'),
            DecodedKey::RawKey(_) => None,
        })
        .collect()
    }
    match set {
        Set::One => decode(ScancodeSet1::new(), scancodes),
        Set::Two => decode(ScancodeSet2::new(), scancodes),
    }
}

/// Types `Hello!`, cursor up and Return.
fn types_hello(name: &str, machine: &Machine, clock: &FakeClock, keyboard: &Keyboard<Shared>) {
    machine.with(|chip| chip.quirks.key_period_ms = 0);
    settle(machine, clock, keyboard);
    let mut scancodes = Vec::new();
    for codes in [
        &[0x12, 0x33, 0xF0, 0x33, 0xF0, 0x12][..],
        &[0x24, 0xF0, 0x24, 0x4B, 0xF0, 0x4B, 0x4B, 0xF0, 0x4B, 0x44, 0xF0, 0x44],
        &[0x12, 0x16, 0xF0, 0x16, 0xF0, 0x12],
        &[0xE0, 0x75, 0xE0, 0xF0, 0x75, 0x5A, 0xF0, 0x5A],
    ] {
        machine.with(|chip| chip.type_codes(codes));
        scancodes.extend(settle(machine, clock, keyboard));
    }
    let set = if keyboard.is_translated() { Set::One } else { Set::Two };
    assert_eq!(text(set, &scancodes), "Hello!^\n", "{name}: {scancodes:x?}");
    assert!(machine.with(|chip| chip.interrupts()), "{name}: no interrupts");
}

/// Every quirk, with the set in which its scancodes arrive.
const QUIRKS: &[(&str, Set, Quirks)] = &[
    ("sound", Set::Two, SOUND),
    (
        "emulator without delays",
        Set::Two,
        Quirks {
            self_test_ms: 0,
            acknowledge_ms: 0,
            ..SOUND
        },
    ),
    (
        "slow controller",
        Set::Two,
        Quirks {
            controller_ms: 3,
            ..SOUND
        },
    ),
    (
        "very slow controller",
        Set::One,
        Quirks {
            controller_ms: 20,
            always_translates: true,
            ..SOUND
        },
    ),
    (
        "self test answers nonsense",
        Set::Two,
        Quirks {
            self_test: Some(0x12),
            ..SOUND
        },
    ),
    (
        "self test answers nothing",
        Set::Two,
        Quirks {
            self_test: None,
            ..SOUND
        },
    ),
    (
        "self test resets the configuration",
        Set::Two,
        Quirks {
            self_test_resets_configuration: true,
            ..SOUND
        },
    ),
    (
        "interface test fails",
        Set::Two,
        Quirks {
            interface_test: 3,
            ..SOUND
        },
    ),
    (
        "translation cannot be switched off",
        Set::One,
        Quirks {
            always_translates: true,
            ..SOUND
        },
    ),
    (
        "translation cannot be switched off, though it reads so",
        Set::One,
        Quirks {
            always_translates: true,
            lies_about_translation: true,
            ..SOUND
        },
    ),
    (
        "the same, and the keyboard does not tell its set",
        Set::One,
        Quirks {
            always_translates: true,
            lies_about_translation: true,
            ignores_set_question: true,
            ..SOUND
        },
    ),
    (
        "configuration cannot be read",
        Set::Two,
        Quirks {
            hides_configuration: true,
            ..SOUND
        },
    ),
    (
        "controller answers nothing",
        Set::One,
        Quirks {
            controller_is_mute: true,
            always_translates: true,
            ..SOUND
        },
    ),
    (
        "mouse sends throughout",
        Set::Two,
        Quirks {
            mouse_period_ms: 2,
            ..SOUND
        },
    ),
    (
        "all bytes show line errors",
        Set::Two,
        Quirks {
            shows_line_errors: true,
            ..SOUND
        },
    ),
    (
        "stale bytes wait",
        Set::Two,
        Quirks {
            stale_bytes: 17,
            ..SOUND
        },
    ),
    (
        "keys are pressed during start-up",
        Set::Two,
        Quirks {
            key_period_ms: 3,
            ..SOUND
        },
    ),
    (
        "keyboard wants each byte twice",
        Set::Two,
        Quirks { resends: 1, ..SOUND },
    ),
    (
        "keyboard wants each byte again for ever",
        Set::Two,
        Quirks {
            resends: u32::MAX,
            ..SOUND
        },
    ),
    (
        "keyboard never acknowledges",
        Set::Two,
        Quirks {
            ignores_all: true,
            ..SOUND
        },
    ),
    (
        "keyboard acknowledges late",
        Set::Two,
        Quirks {
            acknowledge_ms: 18,
            ..SOUND
        },
    ),
    (
        "keyboard acknowledges too late",
        Set::Two,
        Quirks {
            acknowledge_ms: 60,
            ..SOUND
        },
    ),
    (
        "keyboard ignores a reset",
        Set::Two,
        Quirks {
            ignores_reset: true,
            ..SOUND
        },
    ),
    (
        "keyboard ignores a reset and was left in set 1",
        Set::Two,
        Quirks {
            ignores_reset: true,
            first_set: 1,
            ..SOUND
        },
    ),
    ("keyboard was left in set 1", Set::Two, Quirks { first_set: 1, ..SOUND }),
    (
        "keyboard's self test ends late",
        Set::Two,
        Quirks {
            self_test_ms: 700,
            ..SOUND
        },
    ),
    (
        "keyboard's self test ends late, translated",
        Set::One,
        Quirks {
            self_test_ms: 700,
            always_translates: true,
            ..SOUND
        },
    ),
    (
        "keyboard's self test never ends",
        Set::Two,
        Quirks {
            self_test_result: None,
            ..SOUND
        },
    ),
    (
        "keyboard's self test fails",
        Set::Two,
        Quirks {
            self_test_result: Some(0xFC),
            ..SOUND
        },
    ),
    (
        "keyboard ignores the choice of a set",
        Set::Two,
        Quirks {
            ignores_scancode_set: true,
            ..SOUND
        },
    ),
    (
        "keyboard ignores the choice of a set, translated",
        Set::One,
        Quirks {
            ignores_scancode_set: true,
            always_translates: true,
            ..SOUND
        },
    ),
    (
        "everything was off",
        Set::Two,
        Quirks {
            first_configuration: 0x30,
            ..SOUND
        },
    ),
];

#[test]
fn with_each_quirk_start_up_is_in_time_and_typing_works() {
    for &(name, set, quirks) in QUIRKS {
        let (machine, clock, result) = start(name, quirks);
        let keyboard = result.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(keyboard.report().set, set, "{name}");
        types_hello(name, &machine, &clock, &keyboard);
        // Whatever becomes of the LEDs, typing goes on.
        keyboard.set_leds(Leds {
            caps_lock: true,
            ..Leds::default()
        });
        types_hello(name, &machine, &clock, &keyboard);
        let obeys = !quirks.ignores_all && quirks.resends < 3;
        assert_eq!(machine.with(|chip| chip.leds) == 4, obeys, "{name}");
        assert_eq!(
            keyboard.faults().led_failures == 0,
            obeys,
            "{name}: {:?}",
            keyboard.faults()
        );
    }
}

#[test]
fn without_a_usable_controller_start_up_says_why_in_time() {
    for (name, error, quirks) in [
        (
            "absent",
            Error::Absent,
            Quirks {
                is_absent: true,
                ..SOUND
            },
        ),
        ("busy", Error::TakesNoCommands, Quirks { is_busy: true, ..SOUND }),
        (
            "endless",
            Error::NeverStopsSending,
            Quirks {
                never_stops: true,
                ..SOUND
            },
        ),
        (
            "silent",
            Error::Silent,
            Quirks {
                controller_is_mute: true,
                has_keyboard: false,
                ..SOUND
            },
        ),
        (
            "silent but for the mouse",
            Error::Silent,
            Quirks {
                controller_is_mute: true,
                has_keyboard: false,
                mouse_period_ms: 1,
                ..SOUND
            },
        ),
    ] {
        let (_, _, result) = start(name, quirks);
        assert_eq!(result.err(), Some(error), "{name}");
    }
}

#[test]
fn the_report_tells_what_start_up_saw() {
    let (_, clock, sound) = start("sound", SOUND);
    let report = *sound.expect("it starts").report();
    assert!(report.has_answered && !report.awaits_test);
    assert_eq!(
        (report.controller_test, report.interface_test),
        (TestResult::Passed, TestResult::Passed)
    );
    assert!(clock.now_ms() < 100, "a quick keyboard starts quickly");

    let odd = Quirks {
        self_test: Some(7),
        interface_test: 3,
        has_keyboard: false,
        ..SOUND
    };
    let report = *start("odd", odd).2.expect("it starts").report();
    assert!(!report.has_answered);
    assert_eq!(
        (report.controller_test, report.interface_test),
        (TestResult::Failed(7), TestResult::Failed(3))
    );
    let late = Quirks {
        self_test_ms: 700,
        ..SOUND
    };
    assert!(start("late", late).2.expect("it starts").report().awaits_test);
}

#[test]
fn start_up_leaves_leds_off_and_repeat_at_its_default() {
    let (machine, _, result) = start(
        "sound",
        Quirks {
            ignores_reset: true,
            ..SOUND
        },
    );
    assert!(result.is_ok());
    assert_eq!(machine.with(|chip| (chip.leds, chip.repeat)), (0, 0x2B));
}

#[test]
fn the_last_wish_for_leds_wins() {
    let (machine, clock, result) = start("sound", SOUND);
    let keyboard = result.expect("it starts");
    for bits in 0..8_u8 {
        keyboard.set_leds(Leds {
            scroll_lock: bits & 1 != 0,
            num_lock: bits & 2 != 0,
            caps_lock: bits & 4 != 0,
        });
    }
    assert!(
        settle(&machine, &clock, &keyboard).is_empty(),
        "acknowledgements are no scancodes"
    );
    assert_eq!(machine.with(|chip| chip.leds), 7);
    keyboard.set_leds(Leds::default());
    settle(&machine, &clock, &keyboard);
    assert_eq!(machine.with(|chip| chip.leds), 0);
}

#[test]
fn a_keyboard_that_is_plugged_in_gets_its_leds() {
    let (machine, clock, result) = start("sound", SOUND);
    let keyboard = result.expect("it starts");
    keyboard.set_leds(Leds {
        num_lock: true,
        ..Leds::default()
    });
    settle(&machine, &clock, &keyboard);
    machine.with(|chip| {
        chip.leds = 0;
        chip.type_codes(&[0xAA]);
    });
    assert_eq!(settle(&machine, &clock, &keyboard), [0xAA], "the reader learns of it");
    assert_eq!(machine.with(|chip| chip.leds), 2);
}

#[test]
fn losses_are_counted() {
    let (machine, clock, result) = start(
        "sound",
        Quirks {
            mouse_period_ms: 5,
            ..SOUND
        },
    );
    let keyboard = result.expect("it starts");
    for _ in 0..RING_BYTES + 10 {
        machine.with(|chip| chip.type_codes(&[0x1A]));
        while machine.with(|chip| chip.has_work()) {
            keyboard.on_interrupt();
        }
        clock.advance_ns(1_000_000);
    }
    let faults = keyboard.faults();
    assert_eq!((faults.overflows, faults.line_errors), (10, 0));
    assert!(faults.auxiliary > 20);
    let mut buffer = [0; 2 * RING_BYTES];
    assert_eq!(keyboard.read_scancodes(&mut buffer), RING_BYTES);
}

/// Ports that read as anything.
struct Noise {
    clock: Arc<FakeClock>,
    random: Random,
    /// Bits of each byte that are forced to zero.
    mask: u8,
}

impl PortBehaviour for Noise {
    fn read(&mut self, _offset: u16, _bytes: u8) -> u32 {
        self.clock.advance_ns(1_000);
        (self.random.bits() >> 32) as u32 & u32::from(!self.mask)
    }

    fn write(&mut self, _offset: u16, _bytes: u8, _value: u32) {
        self.clock.advance_ns(1_000);
    }
}

#[test]
fn noise_neither_holds_up_nor_breaks_the_driver() {
    // With some bits held the driver gets further.
    for (seed, mask) in (1..150).zip([0x00, 0x02, 0x20, 0x22, 0x23, 0xFF].into_iter().cycle()) {
        let clock = Arc::new(FakeClock::with_step_ns(100));
        let noise = Noise {
            clock: clock.clone(),
            random: Random(seed),
            mask,
        };
        let result = Controller::start(FakePorts::new(noise), &*clock);
        let took_ms = clock.now_ms();
        assert!(took_ms < LIMIT_MS, "seed {seed}: {took_ms} ms");
        if let Ok(keyboard) = result {
            for _ in 0..1_000 {
                keyboard.set_leds(Leds {
                    caps_lock: true,
                    ..Leds::default()
                });
                assert!(keyboard.on_interrupt() <= 32);
                keyboard.read_scancodes(&mut [0; 16]);
            }
        }
    }
}
