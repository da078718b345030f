//! The clock as a chip of registers that moves on by itself.

use super::{CivilTime, Divider, Error, SetError, raw_second, read, set};
use hw::fake::{FakeClock, FakePorts, PortBehaviour};

const CENTURY: u8 = 0x32;

/// A clock that moves on by a second after `reads_left` readings of registers.
struct Cmos {
    registers: [u8; 128],
    selected: usize,
    reads_left: u32,
}

impl PortBehaviour for Cmos {
    fn read(&mut self, _offset: u16, _bytes: u8) -> u32 {
        if self.reads_left == 1 {
            // 23:59:59 on the last day of 1999 becomes the first of 2000.
            (self.registers[0], self.registers[2], self.registers[4]) = (0, 0, 0);
            (self.registers[7], self.registers[8], self.registers[9]) = (1, 1, 0);
            self.registers[usize::from(CENTURY)] = 0x20;
        }
        self.reads_left = self.reads_left.saturating_sub(1);
        self.registers[self.selected].into()
    }

    fn write(&mut self, offset: u16, _bytes: u8, value: u32) {
        assert_eq!(offset, 0, "the clock is not to be set");
        self.selected = value as usize;
    }
}

fn cmos(second: u8, minute: u8, hour: u8, date: [u8; 4], status_b: u8) -> Cmos {
    let mut registers = [0; 128];
    let [day, month, year, century] = date;
    let values = [
        (0, second),
        (2, minute),
        (4, hour),
        (7, day),
        (8, month),
        (9, year),
        (0x32, century),
    ];
    for (register, value) in values.into_iter().chain([(0x0B, status_b), (0x0D, 0x80)]) {
        registers[register] = value;
    }
    Cmos {
        registers,
        selected: 0,
        reads_left: 0,
    }
}

fn read_text(cmos: Cmos, century: Option<u8>) -> Result<String, Error> {
    read(&FakePorts::new(cmos), century, &FakeClock::with_step_ns(1_000)).map(|time| time.to_string())
}

fn seconds(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<u64> {
    CivilTime {
        year,
        month,
        day,
        hour,
        minute,
        second,
    }
    .unix_seconds()
}

#[test]
fn reads_every_form() {
    let digits = |status| cmos(0x59, 0x30, 0x23, [0x23, 0x11, 0x26, 0x20], status);
    assert_eq!(read_text(digits(2), Some(CENTURY)), Ok("2026-11-23 23:30:59".into()));
    let binary = cmos(59, 30, 23, [23, 11, 26, 20], 6);
    assert_eq!(read_text(binary, Some(CENTURY)), Ok("2026-11-23 23:30:59".into()));
    for (hour_bits, hour) in [
        (0x12, "00"),
        (0x01, "01"),
        (0x11, "11"),
        (0x92, "12"),
        (0x81, "13"),
        (0x91, "23"),
    ] {
        let twelve = cmos(0, 0, hour_bits, [1, 1, 0x26, 0x20], 0);
        assert_eq!(read_text(twelve, Some(CENTURY)), Ok(format!("2026-01-01 {hour}:00:00")));
    }
}

#[test]
fn the_century_is_guessed_where_it_is_not_said() {
    let year = |year, century, register| {
        read_text(cmos(0, 0, 0, [1, 1, year, century], 2), register).map(|text| text[..4].to_string())
    };
    assert_eq!(year(0x26, 0x19, None), Ok("2026".into()));
    assert_eq!(year(0x99, 0x20, None), Ok("1999".into()));
    assert_eq!(year(0x26, 0x00, Some(CENTURY)), Ok("2026".into()));
    assert_eq!(year(0x26, 0x21, Some(CENTURY)), Ok("2126".into()));
}

#[test]
fn a_time_that_moves_on_while_it_is_read_is_never_mixed() {
    for reads_left in 0..60 {
        let mut clock = cmos(0x59, 0x59, 0x23, [0x31, 0x12, 0x99, 0x19], 2);
        clock.reads_left = reads_left;
        let text = read_text(clock, Some(CENTURY)).expect("the clock works");
        assert!(
            ["1999-12-31 23:59:59", "2000-01-01 00:00:00"].contains(&text.as_str()),
            "{reads_left}: {text}"
        );
    }
}

#[test]
fn a_broken_clock_is_an_error() {
    let good = || cmos(0, 0, 0, [1, 1, 0x26, 0x20], 2);
    let mut updating = good();
    updating.registers[0x0A] = 0x80;
    assert_eq!(read_text(updating, None), Err(Error::UpdateTimedOut));
    let mut empty = good();
    empty.registers[0x0D] = 0;
    assert_eq!(read_text(empty, None), Err(Error::Stopped));
    let absent = Cmos {
        registers: [0xFF; 128],
        selected: 0,
        reads_left: 0,
    };
    assert_eq!(read_text(absent, None), Err(Error::Stopped));
    for (register, value) in [
        (0, 0x60),
        (0, 0x1A),
        (2, 0x99),
        (4, 0x24),
        (7, 0),
        (7, 0x32),
        (8, 0x13),
        (8, 0),
    ] {
        let mut bad = good();
        bad.registers[register] = value;
        assert!(
            matches!(read_text(bad, None), Err(Error::BadTime(_))),
            "register {register} = {value:#x}"
        );
    }
}

#[test]
fn counts_seconds_since_1970() {
    assert_eq!(seconds(1970, 1, 1, 0, 0, 0), Some(0));
    assert_eq!(seconds(2000, 2, 29, 12, 0, 0), Some(951_825_600));
    assert_eq!(seconds(2026, 11, 23, 3, 49, 59), Some(1_795_405_799));
    assert_eq!(seconds(2100, 3, 1, 0, 0, 0), Some(4_107_542_400));
    assert_eq!(
        (seconds(2100, 2, 29, 0, 0, 0), seconds(1969, 12, 31, 0, 0, 0)),
        (None, None)
    );
}

#[test]
fn days_follow_one_another() {
    let mut expected = 0;
    for year in 1970..2300 {
        for month in 1..=12 {
            for day in (1..=31).filter(|day| seconds(year, month, *day, 0, 0, 0).is_some()) {
                assert_eq!(seconds(year, month, day, 0, 0, 0), Some(expected));
                let time = CivilTime::from_unix_seconds(expected + 86_399).expect("before 9999");
                let parts = (time.year, time.month, time.day, time.hour, time.minute, time.second);
                assert_eq!(parts, (year, month, day, 23, 59, 59));
                expected += 86_400;
            }
        }
    }
}

/// A chip that can be set: it stands still while SET is on, and moves on by a second after so many accesses otherwise.
struct Settable {
    registers: [u8; 128],
    selected: usize,
    accesses: u32,
    moves_every: u32,
    is_protected: bool,
    had_divider_reset: bool,
}

impl Settable {
    fn tick(&mut self) {
        self.accesses += 1;
        let is_running = self.registers[0x0B] & 0x80 == 0 && self.registers[0x0A] & 0x60 == 0x20;
        if self.moves_every == 0 || !self.accesses.is_multiple_of(self.moves_every) || !is_running {
            return;
        }
        // Enough for tests: seconds only, in the chip's own form, never over a full minute.
        let is_binary = self.registers[0x0B] & 4 != 0;
        let second = self.registers[0];
        self.registers[0] = if !is_binary && second & 0x0F == 9 {
            (second & 0xF0) + 0x10
        } else {
            second + 1
        };
    }
}

impl PortBehaviour for Settable {
    fn read(&mut self, _offset: u16, _bytes: u8) -> u32 {
        self.tick();
        self.registers[self.selected].into()
    }

    fn write(&mut self, offset: u16, _bytes: u8, value: u32) {
        if offset == 0 {
            self.selected = value as usize;
            return;
        }
        match self.selected {
            0x0A => self.had_divider_reset |= value & 0x60 == 0x60,
            0x0B => {}
            number => {
                assert!(
                    self.registers[0x0B] & 0x80 != 0,
                    "register {number:#x} written while it runs"
                );
                if self.is_protected {
                    return;
                }
            }
        }
        self.registers[self.selected] = value as u8;
    }
}

fn settable(status_b: u8) -> Settable {
    let mut registers = [0; 128];
    (registers[0x0A], registers[0x0B], registers[0x0D]) = (0x26, status_b, 0x80);
    (registers[7], registers[8]) = (1, 1);
    Settable {
        registers,
        selected: 0,
        accesses: 0,
        moves_every: 0,
        is_protected: false,
        had_divider_reset: false,
    }
}

fn set_to(chip: &FakePorts<Settable>, century: Option<u8>, seconds: u64) -> Result<(), SetError> {
    let time = CivilTime::from_unix_seconds(seconds).expect("a date");
    set(chip, century, Divider::Reset, &FakeClock::with_step_ns(1_000), time)
}

#[test]
fn sets_every_form() {
    for status_b in [0, 2, 4, 6] {
        for century in [Some(CENTURY), None] {
            // Each hour of a leap day, and both ends of what two digits can say.
            let days = [0, 951_782_400, 1_795_406_700, 3_155_673_600];
            for seconds in days
                .iter()
                .flat_map(|day| (0..24).map(move |hour| day + hour * 3600 + 59))
            {
                let chip = FakePorts::new(settable(status_b));
                assert_eq!(set_to(&chip, century, seconds), Ok(()));
                let shown = read(&chip, century, &FakeClock::with_step_ns(1_000)).expect("it runs");
                assert_eq!(shown.unix_seconds(), Some(seconds), "{status_b} {century:?}");
                chip.with(|chip| {
                    assert_eq!((chip.registers[0x0A], chip.registers[0x0B]), (0x26, status_b));
                    assert!(chip.had_divider_reset);
                });
            }
        }
    }
}

#[test]
fn a_clock_that_moves_on_meanwhile_is_set_all_the_same() {
    for moves_every in 20..80 {
        let mut chip = settable(2);
        chip.moves_every = moves_every;
        let chip = FakePorts::new(chip);
        assert_eq!(set_to(&chip, Some(CENTURY), 1_795_406_706), Ok(()), "{moves_every}");
    }
}

#[test]
fn the_divider_stays_where_it_must() {
    let chip = FakePorts::new(settable(2));
    let time = CivilTime::from_unix_seconds(1_795_406_706).expect("a date");
    let result = set(&chip, None, Divider::Keep, &FakeClock::with_step_ns(1_000), time);
    assert_eq!(result, Ok(()));
    assert!(!chip.with(|chip| chip.had_divider_reset));
}

#[test]
fn what_cannot_be_set_is_an_error_and_the_clock_runs_on() {
    let chip = FakePorts::new(settable(2));
    let year_2100 = 4_102_444_800;
    assert!(matches!(set_to(&chip, None, year_2100), Err(SetError::OutOfRange(_))));
    assert_eq!(set_to(&chip, Some(CENTURY), year_2100), Ok(()));
    let mut protected = settable(2);
    protected.is_protected = true;
    let chip = FakePorts::new(protected);
    assert_eq!(set_to(&chip, None, 1_795_406_706), Err(SetError::NotKept));
    chip.with(|chip| assert_eq!((chip.registers[0x0A], chip.registers[0x0B]), (0x26, 2)));
    let mut updating = settable(2);
    updating.registers[0x0A] = 0xA6;
    let chip = FakePorts::new(updating);
    assert_eq!(set_to(&chip, None, 1_795_406_706), Err(SetError::UpdateTimedOut));
    let mut absent = settable(0);
    absent.registers = [0xFF; 128];
    let chip = FakePorts::new(absent);
    assert_eq!(set_to(&chip, None, 1_795_406_706), Err(SetError::Absent));
}

#[test]
fn the_raw_second_is_hidden_while_it_changes() {
    let mut chip = settable(2);
    chip.registers[0] = 0x42;
    assert_eq!(raw_second(&FakePorts::new(chip)), Some(0x42));
    let mut updating = settable(2);
    updating.registers[0x0A] |= 0x80;
    assert_eq!(raw_second(&FakePorts::new(updating)), None);
}
