//! Start-up of the controller and its keyboard: polled, in order, and over in time whatever the hardware does.
//!
//! Real controllers are emulated by firmware as often as not, so no answer is required that typing does not need: only
//! a controller that is not there, takes no commands, never stops sending, or stays silent throughout is given up.
//!
//! The time is dealt out in slices, counted from the beginning, so that a slow part leaves enough for the next: without
//! the last one (keyboard connected, interrupts on) nothing would work.

use hw::{Clock, PortIo};

use super::command;
use super::registers::{Command, Configuration, Data, Status};
use super::{Error, Keyboard, Report, Set, TestResult};

/// When the controller's own part ends at the latest.
const CONTROLLER_END_MS: u64 = 180;
/// When the keyboard's reset ends at the latest. Data sheets allow 500 ms for its self test (which must not be waited
/// for here) and typical ones take 200 to 400 ms; one that ends later is noticed by the interrupt handler.
const RESET_END_MS: u64 = 320;
/// When the keyboard's settings are through at the latest.
const SETTINGS_END_MS: u64 = 380;
/// When all is done at the latest.
const END_MS: u64 = 480;

/// How long the bus may read as empty before nobody counts as there.
const PRESENCE_LIMIT_MS: u64 = 2;
/// How long the controller may take to accept a byte.
const ACCEPT_LIMIT_MS: u64 = 50;
/// How long it may take to answer a command.
const ANSWER_LIMIT_MS: u64 = 50;
/// How long its self test may take.
const SELF_TEST_LIMIT_MS: u64 = 120;
/// How long a keyboard may take to acknowledge a byte.
const ACKNOWLEDGE_LIMIT_MS: u64 = 20;
/// The same for a reset, which some begin before they answer.
const RESET_ACKNOWLEDGE_LIMIT_MS: u64 = 100;
/// Times that a byte is sent again when the keyboard asks for it.
const RESEND_LIMIT: u32 = 3;
/// Bytes that may wait at the start: the controller's one, a keyboard's 16, and what firmware emulations keep.
const FLUSH_LIMIT: u32 = 64;
/// Readings of the configuration, of which two in a row must agree: a scancode can look like an answer.
const CONFIGURATION_READINGS: u32 = 4;

/// The keyboard controller while it is being started.
#[derive(Debug)]
pub struct Controller<'a, P, C> {
    ports: &'a P,
    clock: &'a C,
    begin_ns: u64,
    end_ns: u64,
}

impl<P: PortIo, C: Clock> Controller<'_, P, C> {
    /// Starts the controller at `ports` (counted from 60h: data at +0, status and command at +4) and its keyboard.
    /// Takes less than 500 ms; with a quick keyboard a few. The keyboard's interrupt must be masked meanwhile; after
    /// unmasking it, call [`Keyboard::on_interrupt`] once, for an edge that came before.
    ///
    /// # Errors
    ///
    /// Why no keyboard can be used.
    pub fn start(ports: P, clock: &C) -> Result<Keyboard<P>, Error> {
        let begin_ns = clock.now_ns();
        let controller = Controller {
            ports: &ports,
            clock,
            begin_ns,
            end_ns: begin_ns,
        };
        let report = controller.bring_up()?;
        Ok(Keyboard::new(ports, report))
    }

    fn bring_up(mut self) -> Result<Report, Error> {
        self.allow_until(CONTROLLER_END_MS);
        if !self.wait(PRESENCE_LIMIT_MS, || !self.ports.read::<Status>().is_absent()) {
            return Err(Error::Absent);
        }
        if !self.command(Command::DISABLE_KEYBOARD) {
            return Err(Error::TakesNoCommands);
        }
        self.command(Command::DISABLE_AUXILIARY);
        self.flush()?;
        let found = self.read_configuration();
        let quiet = found.unwrap_or(Configuration::new(0)).quiet();
        self.write_configuration(quiet);
        let controller_test = self.test(Command::SELF_TEST, SELF_TEST_LIMIT_MS, Data::SELF_TEST_PASSED);
        // The self test may have reset the configuration.
        self.write_configuration(quiet);
        let interface_test = self.test(Command::TEST_INTERFACE, ANSWER_LIMIT_MS, Data::new(0));
        let connected = quiet.connected();
        self.write_configuration(connected);
        self.command(Command::ENABLE_KEYBOARD);
        let configured = self.read_configuration();
        let has_spoken = found.is_some() || configured.is_some() || controller_test != TestResult::Silent;

        let mut report = Report {
            set: match configured.or(found) {
                Some(configuration) if configuration.translates() => Set::One,
                _ => Set::Two,
            },
            has_answered: false,
            awaits_test: false,
            controller_test,
            interface_test,
        };
        self.allow_until(RESET_END_MS);
        self.reset_keyboard(&mut report);
        self.allow_until(SETTINGS_END_MS);
        self.set_up_keyboard(&mut report);

        self.allow_until(END_MS);
        if !has_spoken && !report.has_answered {
            return Err(Error::Silent);
        }
        self.write_configuration(connected.interrupting());
        self.command(Command::ENABLE_KEYBOARD);
        // A byte that came before interrupts were on would keep its interrupt from ever rising.
        self.flush()?;
        Ok(report)
    }

    /// Resets the keyboard. Failure is no reason to give up: the firmware may have left it working.
    fn reset_keyboard(&self, report: &mut Report) {
        if !self.send_within(command::RESET, RESET_ACKNOWLEDGE_LIMIT_MS) {
            return;
        }
        report.has_answered = true;
        let result = self.receive_where(RESET_END_MS, |byte| {
            matches!(byte, command::TEST_PASSED | command::TEST_FAILED)
        });
        report.awaits_test = result.is_none();
    }

    /// Makes the keyboard's settings and finds out which scancodes will arrive.
    fn set_up_keyboard(&self, report: &mut Report) {
        // While it tests itself a keyboard hears nothing; afterwards its settings are the power-on ones, as wanted.
        if report.awaits_test {
            return;
        }
        if self.send(command::DISABLE_SCANNING) {
            report.has_answered = true;
        }
        if report.has_answered {
            self.send_with(command::SCANCODE_SET, command::SET_TWO);
            if let Some(set) = self.ask_set().or_else(|| self.ask_identity()) {
                report.set = set;
            }
            self.send_with(command::SET_LEDS, super::Leds::default().byte());
            self.send_with(command::SET_REPEAT, command::DEFAULT_REPEAT);
        }
        if self.send(command::ENABLE_SCANNING) {
            report.has_answered = true;
        }
    }

    fn ask_set(&self) -> Option<Set> {
        if !self.send_with(command::SCANCODE_SET, command::ASK_SET) {
            return None;
        }
        command::set_of_answer(self.receive(ACKNOWLEDGE_LIMIT_MS)?)
    }

    fn ask_identity(&self) -> Option<Set> {
        if !self.send(command::IDENTIFY) || self.receive(ACKNOWLEDGE_LIMIT_MS)? != command::IDENTITY {
            return None;
        }
        command::set_of_identity(self.receive(ACKNOWLEDGE_LIMIT_MS)?)
    }

    /// Sends a command with its argument; false if either was not acknowledged.
    fn send_with(&self, command: u8, argument: u8) -> bool {
        self.send(command) && self.send(argument)
    }

    fn send(&self, byte: u8) -> bool {
        self.send_within(byte, ACKNOWLEDGE_LIMIT_MS)
    }

    /// Sends a byte to the keyboard, again if it asks for that; false if it was not acknowledged.
    fn send_within(&self, byte: u8, limit_ms: u64) -> bool {
        for _ in 0..=RESEND_LIMIT {
            if !self.write_data(byte) {
                return false;
            }
            // Anything else is a key that was pressed before.
            let answer = self.receive_where(limit_ms, |byte| matches!(byte, command::ACKNOWLEDGE | command::RESEND));
            if answer != Some(command::RESEND) {
                return answer.is_some();
            }
        }
        false
    }

    /// Runs a test whose answer should be `passed`.
    fn test(&self, command: Command, limit_ms: u64, passed: Data) -> TestResult {
        if !self.command(command) {
            return TestResult::Silent;
        }
        match self.receive(limit_ms) {
            None => TestResult::Silent,
            Some(byte) if byte == passed.byte() => TestResult::Passed,
            Some(byte) => TestResult::Failed(byte),
        }
    }

    fn read_configuration(&self) -> Option<Configuration> {
        let mut last = None;
        for _ in 0..CONFIGURATION_READINGS {
            if !self.command(Command::READ_CONFIGURATION) {
                break;
            }
            let read = self.receive(ANSWER_LIMIT_MS);
            if read.is_none() || read == last {
                break;
            }
            last = read;
        }
        last.map(Configuration::new)
    }

    fn write_configuration(&self, configuration: Configuration) -> bool {
        self.command(Command::WRITE_CONFIGURATION) && self.write_data(configuration.byte())
    }

    fn command(&self, command: Command) -> bool {
        let is_ready = self.is_ready();
        if is_ready {
            self.ports.write(command);
        }
        is_ready
    }

    fn write_data(&self, byte: u8) -> bool {
        let is_ready = self.is_ready();
        if is_ready {
            self.ports.write(Data::new(byte));
        }
        is_ready
    }

    /// Waits until the controller takes a byte.
    fn is_ready(&self) -> bool {
        self.wait(ACCEPT_LIMIT_MS, || !self.ports.read::<Status>().is_busy())
    }

    /// The next byte that is not the mouse's, or `None` if none comes in time.
    fn receive(&self, limit_ms: u64) -> Option<u8> {
        self.receive_where(limit_ms, |_| true)
    }

    /// The next byte that is not the mouse's and that `is_wanted`; the others before it are dropped.
    fn receive_where(&self, limit_ms: u64, is_wanted: impl Fn(u8) -> bool) -> Option<u8> {
        let mut received = None;
        self.wait(limit_ms, || {
            let status = self.ports.read::<Status>();
            if status.has_byte() {
                let byte = self.ports.read::<Data>().byte();
                received = Some(byte).filter(|byte| !status.is_auxiliary() && is_wanted(*byte));
            }
            received.is_some()
        });
        received
    }

    /// Throws away what waits.
    fn flush(&self) -> Result<(), Error> {
        for _ in 0..FLUSH_LIMIT {
            if !self.ports.read::<Status>().has_byte() {
                return Ok(());
            }
            self.ports.read::<Data>();
        }
        Err(Error::NeverStopsSending)
    }

    fn allow_until(&mut self, end_ms: u64) {
        self.end_ns = self.begin_ns.saturating_add(end_ms * 1_000_000);
    }

    /// Waits for `done` at most `limit_ms`, and not beyond the end of the current slice of time.
    fn wait(&self, limit_ms: u64, done: impl FnMut() -> bool) -> bool {
        let left_us = self.end_ns.saturating_sub(self.clock.now_ns()) / 1_000;
        self.clock.wait_until_us(left_us.min(limit_ms * 1_000), done).is_ok()
    }
}
