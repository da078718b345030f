//! The kernel's command line: `key=value` words from the boot menu.
//!
//! Nothing on it can stop the boot. What cannot be understood keeps its default and is handed to the caller as a
//! [`Problem`] for the log. Words are separated by spaces; a value that holds spaces stands in double quotes. Where
//! a key comes twice, the last one counts. There is no heap yet when this runs.

use core::fmt;

use services::keyboard::Layout;

/// Which serial port carries the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialChoice {
    /// The first of COM1 to COM4 that answers.
    Auto,
    /// I/O port 3F8h.
    Com1,
    /// I/O port 2F8h.
    Com2,
    /// I/O port 3E8h.
    Com3,
    /// I/O port 2E8h.
    Com4,
    /// No serial port is touched.
    None,
}

/// Where the prompt is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleChoice {
    /// Wherever the machine has a screen or a serial port.
    Auto,
    /// On the serial line only.
    Serial,
}

/// How a start-up ends that a test ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By a panic.
    Panic,
    /// By nothing more happening.
    Hang,
}

/// The steps of the start-up by name, in order.
pub const STEPS: [&str; 11] = [
    "boot information",
    "processor",
    "memory",
    "firmware tables",
    "clock",
    "serial port",
    "screen",
    "devices",
    "/rom",
    "script engine",
    "services",
];

/// Which counter tells the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockChoice {
    /// The processor's where it keeps its rate, else the best other one.
    Auto,
    /// The processor's time-stamp counter.
    Tsc,
    /// The high precision timer.
    Hpet,
    /// The ACPI timer.
    PmTimer,
}

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// `panic=SECONDS`: how long a panic's report stays before the machine starts again; 0 is at once.
    pub panic_seconds: u32,
    /// `debug=on|off`: offers the debug commands that break things on purpose.
    pub debug: bool,
    /// `safe=on|off`: runs no script before the prompt.
    pub safe: bool,
    /// `rom=on|off`: uses the file tree in the boot image.
    pub rom: bool,
    /// `cores=NUMBER`: uses at most this many cores; 0 is all of them.
    pub cores: u32,
    /// `console=serial|auto`: where the prompt is shown.
    pub console: ConsoleChoice,
    /// `serial=auto|com1|com2|com3|com4|none`: which serial port is used.
    pub serial: SerialChoice,
    /// `keymap=NAME`: the keyboard's layout, by its full name.
    pub keymap: &'static str,
    /// `clock=auto|tsc|hpet|pm`: which counter tells the time.
    pub clock: ClockChoice,
    /// `die=STEP`, `hang=STEP`: how and after which step the start-up ends before its time; counts with `debug=on` only.
    pub ending: Option<(Ending, &'static str)>,
}

impl Options {
    /// What holds where the command line says nothing.
    pub const DEFAULT: Self = Self {
        panic_seconds: 30,
        debug: false,
        safe: false,
        rom: true,
        cores: u32::MAX,
        console: ConsoleChoice::Auto,
        serial: SerialChoice::Auto,
        keymap: "us104",
        clock: ClockChoice::Auto,
        ending: None,
    };

    /// Reads `text` and calls `on_problem` for every word that was not understood, in their order.
    pub fn parse<'a>(text: &'a str, mut on_problem: impl FnMut(Problem<'a>)) -> Self {
        let mut options = Self::DEFAULT;
        for word in Words(text) {
            if let Err(problem) = word.and_then(|word| options.apply(word)) {
                on_problem(problem);
            }
        }
        options
    }

    fn apply<'a>(&mut self, word: Word<'a>) -> Result<(), Problem<'a>> {
        let value = match word.value {
            Some(value) => value,
            None if KEYS.contains(&word.key) => return Err(Problem::NoValue { key: word.key }),
            None => return Err(Problem::UnknownKey { key: word.key }),
        };
        let bad = |expected| Problem::BadValue {
            key: word.key,
            value,
            expected,
        };
        match word.key {
            "panic" => self.panic_seconds = value.parse().map_err(|_| bad("a number of seconds"))?,
            "debug" => self.debug = switch(value).ok_or(bad("on or off"))?,
            "safe" => self.safe = switch(value).ok_or(bad("on or off"))?,
            "rom" => self.rom = switch(value).ok_or(bad("on or off"))?,
            "cores" => {
                let number: u32 = value.parse().map_err(|_| bad("a number of cores"))?;
                self.cores = if number == 0 { u32::MAX } else { number };
            }
            "console" => {
                self.console = match value {
                    "auto" => ConsoleChoice::Auto,
                    "serial" => ConsoleChoice::Serial,
                    _ => return Err(bad("serial or auto")),
                }
            }
            "serial" => {
                self.serial = match value {
                    "auto" => SerialChoice::Auto,
                    "com1" => SerialChoice::Com1,
                    "com2" => SerialChoice::Com2,
                    "com3" => SerialChoice::Com3,
                    "com4" => SerialChoice::Com4,
                    "none" => SerialChoice::None,
                    _ => return Err(bad("auto, com1, com2, com3, com4 or none")),
                }
            }
            "keymap" => {
                let layout = Layout::by_name(value).ok_or(bad("a layout such as us104 or de105"))?;
                self.keymap = layout.name();
            }
            "clock" => {
                self.clock = match value {
                    "auto" => ClockChoice::Auto,
                    "tsc" => ClockChoice::Tsc,
                    "hpet" => ClockChoice::Hpet,
                    "pm" => ClockChoice::PmTimer,
                    _ => return Err(bad("auto, tsc, hpet or pm")),
                }
            }
            "die" => self.ending = Some((Ending::Panic, step(value).ok_or(bad(STEP_EXPECTED))?)),
            "hang" => self.ending = Some((Ending::Hang, step(value).ok_or(bad(STEP_EXPECTED))?)),
            key => return Err(Problem::UnknownKey { key }),
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Every key that [`Options::parse`] knows.
const KEYS: [&str; 11] = [
    "panic", "debug", "safe", "rom", "cores", "console", "serial", "keymap", "clock", "die", "hang",
];
const STEP_EXPECTED: &str = "a step of the start-up, as sys::boot() lists them";

/// A word of the command line that was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem<'a> {
    /// No such key.
    UnknownKey {
        /// The key as it was written.
        key: &'a str,
    },
    /// A known key without `=` and a value.
    NoValue {
        /// The key.
        key: &'a str,
    },
    /// A known key with a value that it cannot have.
    BadValue {
        /// The key.
        key: &'a str,
        /// The value as it was written.
        value: &'a str,
        /// What would have been understood.
        expected: &'static str,
    },
    /// A double quote that is not closed.
    OpenQuote {
        /// The text from the word's start to the end of the line.
        text: &'a str,
    },
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { key } => write!(formatter, "unknown key `{key}`"),
            Self::NoValue { key } => write!(formatter, "`{key}`: expected `{key}=VALUE`"),
            Self::BadValue { key, value, expected } => write!(formatter, "`{key}={value}`: expected {expected}"),
            Self::OpenQuote { text } => write!(formatter, "`{text}`: the quote is not closed"),
        }
    }
}

struct Word<'a> {
    key: &'a str,
    value: Option<&'a str>,
}

/// Splits a command line into words.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = Result<Word<'a>, Problem<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0.trim_ascii_start();
        if text.is_empty() {
            self.0 = "";
            return None;
        }
        let plain_end = text
            .find(|letter: char| letter.is_ascii_whitespace())
            .unwrap_or(text.len());
        let (key, value) = match text[..plain_end].split_once('=') {
            None => (&text[..plain_end], None),
            Some((key, value)) => (key, Some(value)),
        };
        if value.is_none_or(|value| !value.starts_with('"')) {
            self.0 = &text[plain_end..];
            return Some(Ok(Word { key, value }));
        }
        let quoted = &text[key.len() + "=\"".len()..];
        match quoted.split_once('"') {
            Some((value, rest)) => {
                self.0 = rest;
                Some(Ok(Word {
                    key,
                    value: Some(value),
                }))
            }
            None => {
                self.0 = "";
                Some(Err(Problem::OpenQuote { text }))
            }
        }
    }
}

/// The step that `name` starts.
fn step(name: &str) -> Option<&'static str> {
    let is_start = |step: &&str| !name.is_empty() && step.starts_with(name);
    STEPS.iter().copied().find(is_start)
}

/// The meaning of `on` and `off`.
fn switch(value: &str) -> Option<bool> {
    match value {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Options, Vec<String>) {
        let mut problems = Vec::new();
        let options = Options::parse(text, |problem| problems.push(problem.to_string()));
        (options, problems)
    }

    #[test]
    fn an_empty_line_gives_the_defaults() {
        assert_eq!(parse(""), (Options::DEFAULT, vec![]));
        assert_eq!(parse("  \t "), (Options::DEFAULT, vec![]));
    }

    #[test]
    fn reads_every_key() {
        let (options, problems) = parse(
            "panic=5 debug=on safe=on rom=off cores=3 console=serial serial=com3 keymap=de clock=hpet die=memory",
        );
        let expected = Options {
            panic_seconds: 5,
            debug: true,
            safe: true,
            rom: false,
            cores: 3,
            console: ConsoleChoice::Serial,
            serial: SerialChoice::Com3,
            keymap: "de105",
            clock: ClockChoice::Hpet,
            ending: Some((Ending::Panic, "memory")),
        };
        assert_eq!((options, problems), (expected, vec![]));
    }

    #[test]
    fn every_listed_key_is_known_and_wants_a_value() {
        for key in KEYS {
            assert_eq!(parse(key).1, [format!("`{key}`: expected `{key}=VALUE`")]);
            assert!(parse(&format!("{key}=?")).1[0].starts_with(&format!("`{key}=?`: expected ")));
        }
    }

    #[test]
    fn a_step_is_named_by_its_start() {
        let ending = |text| parse(text).0.ending;
        assert_eq!(ending("hang=firm"), Some((Ending::Hang, "firmware tables")));
        assert_eq!(ending("die=\"script engine\""), Some((Ending::Panic, "script engine")));
        assert_eq!(ending("die=\"\""), None);
        assert_eq!(ending("die=end"), None);
    }

    #[test]
    fn a_bad_word_is_said_and_the_rest_still_counts() {
        let (options, problems) = parse("foo=1 panic=abc debug=maybe bar panic=-1 safe=on =x");
        assert!(options.safe && !options.debug && options.panic_seconds == 30);
        assert_eq!(
            problems,
            [
                "unknown key `foo`",
                "`panic=abc`: expected a number of seconds",
                "`debug=maybe`: expected on or off",
                "unknown key `bar`",
                "`panic=-1`: expected a number of seconds",
                "unknown key ``",
            ]
        );
    }

    #[test]
    fn quotes_hold_a_value_together() {
        assert_eq!(parse("panic=\"7\" safe=on").0.panic_seconds, 7);
        assert_eq!(
            parse("debug=\"on and on\" safe=\"on\"").1,
            ["`debug=on and on`: expected on or off"]
        );
        assert!(parse("debug=\"on and on\" safe=\"on\"").0.safe);
        assert_eq!(parse("safe=on debug=\"on").1, ["`debug=\"on`: the quote is not closed"]);
    }

    #[test]
    fn the_last_value_of_a_key_counts() {
        assert_eq!(parse("panic=1 panic=2").0.panic_seconds, 2);
    }

    #[test]
    fn any_text_is_survived() {
        let pieces = ["panic", "=", "\"", " ", "on", "é", "4294967296", "\t", "serial=com1"];
        for seed in 0..pieces.len().pow(5) {
            let mut rest = seed;
            let text: String = (0..5)
                .map(|_| {
                    let piece = pieces[rest % pieces.len()];
                    rest /= pieces.len();
                    piece
                })
                .collect();
            parse(&text);
        }
    }
}
