//! A model of the controller and its keyboard for the tests, with the ways in which real ones go wrong. Time passes
//! with each port access, so a delay is a delay.

use std::collections::VecDeque;
use std::sync::Arc;

use hw::Clock;
use hw::fake::{FakeClock, PortBehaviour};

/// What a port access takes on the ISA bus.
const ACCESS_NS: u64 = 1_000;
const MS: u64 = 1_000_000;

/// How the hardware differs from the data sheets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quirks {
    pub(super) is_absent: bool,
    /// No input is ever accepted.
    pub(super) is_busy: bool,
    /// The output buffer always has one more.
    pub(super) never_stops: bool,
    /// How long the controller takes to accept, and as long again to answer.
    pub(super) controller_ms: u64,
    /// The controller answers none of its own commands.
    pub(super) controller_is_mute: bool,
    /// The configuration cannot be read.
    pub(super) hides_configuration: bool,
    /// What the self test answers.
    pub(super) self_test: Option<u8>,
    pub(super) self_test_resets_configuration: bool,
    pub(super) interface_test: u8,
    /// Translation stays on, whatever is written.
    pub(super) always_translates: bool,
    /// The configuration reads as written, though translation stays on.
    pub(super) lies_about_translation: bool,
    /// The mouse sends every so often, and cannot be stopped.
    pub(super) mouse_period_ms: u64,
    /// All bytes come with error bits.
    pub(super) shows_line_errors: bool,
    /// Waiting in the buffers when we come.
    pub(super) stale_bytes: usize,
    /// A key goes down and up every so often during start-up.
    pub(super) key_period_ms: u64,
    pub(super) has_keyboard: bool,
    /// The keyboard never acknowledges, nor obeys.
    pub(super) ignores_all: bool,
    /// It asks for each byte again so many times.
    pub(super) resends: u32,
    /// It takes so long to acknowledge.
    pub(super) acknowledge_ms: u64,
    /// It does not acknowledge a reset, nor obey.
    pub(super) ignores_reset: bool,
    /// What its self test answers, and when.
    pub(super) self_test_result: Option<u8>,
    pub(super) self_test_ms: u64,
    pub(super) ignores_scancode_set: bool,
    pub(super) ignores_set_question: bool,
    /// The set that firmware left it in.
    pub(super) first_set: u8,
    pub(super) first_configuration: u8,
}

/// Hardware as in the data sheets, as firmware leaves it: translating and interrupting.
pub(super) const SOUND: Quirks = Quirks {
    is_absent: false,
    is_busy: false,
    never_stops: false,
    controller_ms: 0,
    controller_is_mute: false,
    hides_configuration: false,
    self_test: Some(0x55),
    self_test_resets_configuration: false,
    interface_test: 0,
    always_translates: false,
    lies_about_translation: false,
    mouse_period_ms: 0,
    shows_line_errors: false,
    stale_bytes: 0,
    key_period_ms: 0,
    has_keyboard: true,
    ignores_all: false,
    resends: 0,
    acknowledge_ms: 1,
    ignores_reset: false,
    self_test_result: Some(0xAA),
    self_test_ms: 50,
    ignores_scancode_set: false,
    ignores_set_question: false,
    first_set: 2,
    first_configuration: 0x65,
};

/// Set 2 and set 1 codes of the keys that the tests press.
const KEYS: &[(u8, u8)] = &[
    (0x33, 0x23), // h
    (0x24, 0x12), // e
    (0x4B, 0x26), // l
    (0x44, 0x18), // o
    (0x1A, 0x2C), // z
    (0x16, 0x02), // 1
    (0x12, 0x2A), // left Shift
    (0x5A, 0x1C), // Return
    (0x75, 0x48), // Up, after E0
    (0x58, 0x3A), // Caps Lock
    (0x83, 0x41), // F7; also in the identity
    (0x01, 0x43), // answers to the question for the set
    (0x02, 0x41),
];

fn translated(byte: u8) -> u8 {
    KEYS.iter().find(|(two, _)| *two == byte).map_or(byte, |(_, one)| *one)
}

/// Controller and keyboard.
pub(super) struct Chip {
    pub(super) quirks: Quirks,
    clock: Arc<FakeClock>,
    configuration: u8,
    /// The command that waits for its argument.
    controller_command: Option<u8>,
    busy_until_ns: u64,
    /// The byte for the host, and whether it is the mouse's.
    output: Option<(u8, bool)>,
    controller_answers: VecDeque<(u64, u8)>,
    /// Answers of the keyboard go before the keys that it has not sent yet.
    keyboard_answers: VecDeque<(u64, u8)>,
    keyboard_bytes: VecDeque<(u64, u8)>,
    release_follows: bool,
    next_mouse_ns: u64,
    next_key_ns: u64,
    set: u8,
    is_scanning: bool,
    keyboard_command: Option<u8>,
    resends_left: u32,
    pub(super) leds: u8,
    pub(super) repeat: u8,
}

impl Chip {
    pub(super) fn new(quirks: Quirks, clock: Arc<FakeClock>) -> Self {
        Self {
            quirks,
            clock,
            configuration: quirks.first_configuration,
            controller_command: None,
            busy_until_ns: 0,
            output: None,
            controller_answers: VecDeque::new(),
            keyboard_answers: VecDeque::new(),
            keyboard_bytes: (0..quirks.stale_bytes).map(|_| (0, 0x1C)).collect(),
            release_follows: false,
            next_mouse_ns: 0,
            next_key_ns: 0,
            set: quirks.first_set,
            is_scanning: true,
            keyboard_command: None,
            resends_left: quirks.resends,
            leds: 0xFF,
            repeat: 0,
        }
    }

    /// Start-up left the controller interrupting for the keyboard.
    pub(super) fn interrupts(&self) -> bool {
        self.configuration & 0x11 == 0x01
    }

    /// A key is pressed or released: its code in set 2, `F0` before it when released.
    pub(super) fn type_codes(&mut self, codes: &[u8]) {
        let now = self.clock.now_ns();
        let mut is_release = false;
        for &code in codes.iter().filter(|_| self.is_scanning) {
            match (self.set, code) {
                (1, 0xF0) => is_release = true,
                (1, _) => {
                    let up = u8::from(core::mem::take(&mut is_release)) << 7;
                    self.keyboard_bytes.push_back((now, translated(code) | up));
                }
                _ => self.keyboard_bytes.push_back((now, code)),
            }
        }
    }

    pub(super) fn has_work(&self) -> bool {
        self.output.is_some() || !self.keyboard_answers.is_empty() || !self.keyboard_bytes.is_empty()
    }

    /// Time passes, and bytes move to the output buffer.
    fn advance(&mut self) {
        self.clock.advance_ns(ACCESS_NS);
        let now = self.clock.now_ns();
        if self.quirks.key_period_ms > 0 && now >= self.next_key_ns {
            self.next_key_ns = now + self.quirks.key_period_ms * MS;
            self.type_codes(&[0x1A, 0xF0, 0x1A]);
        }
        if self.output.is_some() {
            return;
        }
        let is_due = |entry: Option<&(u64, u8)>| entry.is_some_and(|(due, _)| *due <= now);
        if self.quirks.never_stops {
            self.output = Some((0x1C, false));
        } else if is_due(self.controller_answers.front()) {
            self.output = self.controller_answers.pop_front().map(|(_, byte)| (byte, false));
        } else if self.quirks.mouse_period_ms > 0 && now >= self.next_mouse_ns {
            self.next_mouse_ns = now + self.quirks.mouse_period_ms * MS;
            self.output = Some((0xFA, true));
        } else if self.configuration & 0x10 == 0 {
            let queue = if self.keyboard_answers.is_empty() {
                &mut self.keyboard_bytes
            } else {
                &mut self.keyboard_answers
            };
            if !is_due(queue.front()) {
                return;
            }
            let byte = queue.pop_front().map_or(0, |(_, byte)| byte);
            self.output = self.translate(byte).map(|byte| (byte, false));
        }
    }

    /// What translation makes of a keyboard's byte; `F0` becomes part of the next one.
    fn translate(&mut self, byte: u8) -> Option<u8> {
        if self.configuration & 0x40 == 0 && !self.quirks.always_translates {
            return Some(byte);
        }
        if byte == 0xF0 {
            self.release_follows = true;
            return None;
        }
        let up = u8::from(core::mem::take(&mut self.release_follows)) << 7;
        Some(translated(byte) | up)
    }

    fn answer(&mut self, byte: u8) {
        if !self.quirks.controller_is_mute {
            let due = self.clock.now_ns() + self.quirks.controller_ms * MS;
            self.controller_answers.push_back((due, byte));
        }
    }

    fn controller(&mut self, command: u8) {
        match command {
            0x20 if !self.quirks.hides_configuration => {
                let stuck = self.quirks.always_translates && !self.quirks.lies_about_translation;
                self.answer(self.configuration | u8::from(stuck) << 6);
            }
            0x60 => self.controller_command = Some(command),
            0xAA => {
                if self.quirks.self_test_resets_configuration {
                    self.configuration = 0x74;
                }
                if let Some(byte) = self.quirks.self_test {
                    self.answer(byte);
                }
            }
            0xAB => self.answer(self.quirks.interface_test),
            0xAD => self.configuration |= 0x10,
            0xAE => self.configuration &= !0x10,
            0xA7 => self.configuration |= 0x20,
            0x20 => {}
            _ => panic!("the driver has no use for command {command:#x}"),
        }
    }

    /// The keyboard answers, after the controller has passed the host's byte on.
    fn keyboard_says(&mut self, after_ms: u64, byte: u8) {
        let due = self.clock.now_ns() + (self.quirks.controller_ms + after_ms) * MS;
        self.keyboard_answers.push_back((due, byte));
    }

    fn keyboard(&mut self, byte: u8) {
        let quirks = self.quirks;
        if !quirks.has_keyboard || quirks.ignores_all {
            return;
        }
        self.keyboard_answers.clear();
        if self.resends_left > 0 {
            self.resends_left -= 1;
            return self.keyboard_says(1, 0xFE);
        }
        self.resends_left = quirks.resends;
        let is_ignored = match self.keyboard_command.unwrap_or(byte) {
            0xFF => quirks.ignores_reset,
            0xF0 => quirks.ignores_scancode_set,
            _ => false,
        };
        if is_ignored {
            return;
        }
        self.keyboard_says(quirks.acknowledge_ms, 0xFA);
        match (self.keyboard_command.take(), byte) {
            (Some(0xED), _) => self.leds = byte,
            (Some(0xF0), 0) if quirks.ignores_set_question => self.keyboard_answers.clear(),
            (Some(0xF0), 0) => self.keyboard_says(quirks.acknowledge_ms, self.set),
            (Some(0xF0), _) => self.set = byte,
            (Some(0xF3), _) => self.repeat = byte,
            (_, 0xED | 0xF0 | 0xF3) => self.keyboard_command = Some(byte),
            (_, 0xF2) => {
                self.keyboard_says(quirks.acknowledge_ms, 0xAB);
                self.keyboard_says(quirks.acknowledge_ms, 0x83);
            }
            (_, 0xF4) => self.is_scanning = true,
            (_, 0xF5) => {
                self.is_scanning = false;
                self.keyboard_bytes.clear();
            }
            (_, 0xFF) => {
                self.keyboard_bytes.clear();
                (self.set, self.is_scanning, self.leds, self.repeat) = (2, true, 0, 0x2B);
                if let Some(result) = quirks.self_test_result {
                    self.keyboard_says(quirks.self_test_ms, result);
                }
            }
            _ => panic!("the driver has no use for keyboard command {byte:#x}"),
        }
    }
}

impl PortBehaviour for Chip {
    fn read(&mut self, offset: u16, bytes: u8) -> u32 {
        assert_eq!(bytes, 1);
        if self.quirks.is_absent {
            self.clock.advance_ns(ACCESS_NS);
            return 0xFF;
        }
        self.advance();
        let value = match offset {
            0 => self.output.take().map_or(0, |(byte, _)| byte),
            4 => {
                let is_busy = self.quirks.is_busy || self.clock.now_ns() < self.busy_until_ns;
                let is_mouse = self.output.is_some_and(|(_, is_mouse)| is_mouse);
                u8::from(self.output.is_some())
                    | u8::from(is_busy) << 1
                    | u8::from(is_mouse) << 5
                    | if self.quirks.shows_line_errors { 0xC0 } else { 0 }
            }
            _ => panic!("the driver has no use for port {offset}"),
        };
        value.into()
    }

    fn write(&mut self, offset: u16, bytes: u8, value: u32) {
        assert_eq!(bytes, 1);
        self.advance();
        let now = self.clock.now_ns();
        assert!(
            !self.quirks.is_busy && now >= self.busy_until_ns,
            "a byte was written to a busy controller"
        );
        self.busy_until_ns = now + self.quirks.controller_ms * MS;
        match (offset, self.controller_command.take()) {
            (4, _) => self.controller(value as u8),
            (0, Some(_)) => self.configuration = value as u8,
            (0, None) => {
                // Sending to the keyboard connects it.
                self.configuration &= !0x10;
                self.keyboard(value as u8);
            }
            _ => panic!("the driver has no use for port {offset}"),
        }
    }
}
