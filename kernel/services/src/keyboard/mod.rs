//! A PC keyboard: scancodes in, out come the bytes that a terminal would send, and the few keys that mean something to
//! the machine itself.
//!
//! Which keys are held is kept as a set, and the modifiers are read off that set, so a modifier cannot be out of step
//! with its key. Key repeat is the keyboard's own. Accents are characters of their own, not dead keys, as in the
//! layouts of the `pc-keyboard` crate.
//!
//! | module | what it holds |
//! |---|---|
//! | [`layout`] | layouts by name |
//! | `scancodes` | scancodes to keys |
//! | `held` | the set of keys that are down, and their names |
//! | `xterm` | keys that are no characters to escape sequences |

mod held;
pub mod layout;
mod scancodes;
#[cfg(test)]
mod tests;
mod xterm;

pub use held::KeyName;
pub use layout::Layout;
use pc_keyboard::{KeyCode, Modifiers};
pub use scancodes::Set;
use scancodes::{Scancodes, Told};
pub use xterm::Bytes;
use xterm::{Held, Prefix};

use held::HeldKeys;

/// What the machine itself should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Show this session, 1 to 4 (Alt-F1 to Alt-F4).
    Session(u8),
    /// Show the log (Alt-F12).
    Log,
    /// Scroll a page towards older lines (Shift-PgUp).
    ScrollBack,
    /// Scroll a page towards newer lines (Shift-PgDn).
    ScrollForward,
    /// Start the machine again (Ctrl-Alt-Del).
    Reboot,
}

/// What one scancode led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Bytes for the terminal; often none.
    pub bytes: Bytes,
    /// Something for the machine to do; the key then types nothing.
    pub action: Option<Action>,
    /// The keyboard's lights should change, to [`Keyboard::leds`].
    pub leds_changed: bool,
}

/// The lights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leds {
    /// Num Lock: the number pad types digits.
    pub num_lock: bool,
    /// Caps Lock: letters are large.
    pub caps_lock: bool,
}

/// A keyboard's state.
pub struct Keyboard {
    layout: Layout,
    scancodes: Scancodes,
    held: HeldKeys,
    leds: Leds,
}

impl Keyboard {
    /// A keyboard on which nothing is held and all lights are off.
    pub fn new(layout: Layout, set: Set) -> Self {
        Self {
            layout,
            scancodes: Scancodes::new(set),
            held: HeldKeys::default(),
            leds: Leds::default(),
        }
    }

    /// The layout in use.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Uses another layout from the next key on.
    pub fn set_layout(&mut self, layout: Layout) {
        self.layout = layout;
    }

    /// The lights as they should be.
    pub fn leds(&self) -> Leds {
        self.leds
    }

    /// The keys that are down, each named by what it types alone.
    pub fn pressed(&self) -> impl Iterator<Item = KeyName> {
        self.held.iter().map(|key| held::name(key, &self.layout))
    }

    /// No key counts as held: call this when scancodes were lost.
    pub fn release_all(&mut self) {
        self.held = HeldKeys::default();
    }

    /// Takes the next scancode.
    pub fn feed(&mut self, scancode: u8) -> Outcome {
        match self.scancodes.feed(scancode) {
            Told::Nothing => Outcome::default(),
            Told::Lost => {
                self.release_all();
                Outcome::default()
            }
            Told::Up(key) => {
                self.held.release(key);
                Outcome::default()
            }
            Told::Down(key) => {
                // Pause is Num Lock after a Control key that does not exist.
                let is_pause = key == KeyCode::NumpadLock && self.held.contains(KeyCode::RControl2);
                if key != KeyCode::RControl2 {
                    // It is over with the next key even if its release was lost, or Num Lock would be no more.
                    self.held.release(KeyCode::RControl2);
                }
                if is_pause {
                    return Outcome::default();
                }
                let is_repeated = self.held.press(key);
                match key {
                    KeyCode::CapsLock | KeyCode::NumpadLock if is_repeated => Outcome::default(),
                    KeyCode::CapsLock | KeyCode::NumpadLock => self.toggle(key),
                    _ => self.down(key),
                }
            }
        }
    }

    fn toggle(&mut self, key: KeyCode) -> Outcome {
        let light = match key {
            KeyCode::CapsLock => &mut self.leds.caps_lock,
            _ => &mut self.leds.num_lock,
        };
        *light = !*light;
        Outcome {
            leds_changed: true,
            ..Outcome::default()
        }
    }

    /// A key went down that is neither Caps Lock nor Num Lock.
    fn down(&self, key: KeyCode) -> Outcome {
        let modifiers = self.modifiers();
        let mut held = Held {
            shift: modifiers.is_shifted(),
            alt: modifiers.lalt || modifiers.ralt && !self.layout.has_third_level(),
            control: modifiers.is_ctrl(),
        };
        let key = match (pad_key(key), held.shift) {
            // Shift turns the number pad over, and is used up by that.
            (Some(cursor), false) if !modifiers.numlock => cursor,
            (Some(cursor), true) if modifiers.numlock => {
                held.shift = false;
                cursor
            }
            _ => key,
        };
        if let Some(action) = action(key, held) {
            return Outcome {
                action: Some(action),
                ..Outcome::default()
            };
        }
        Outcome {
            bytes: self.bytes(key, held, &modifiers),
            ..Outcome::default()
        }
    }

    /// What `key` types.
    fn bytes(&self, key: KeyCode, held: Held, modifiers: &Modifiers) -> Bytes {
        let is_digit_five = key == KeyCode::Numpad5 && modifiers.numlock != held.shift;
        if !is_digit_five && let Some(sequence) = xterm::sequence(key, held) {
            return sequence;
        }
        let prefix = if held.alt { Prefix::Escape } else { Prefix::None };
        let control = |character| Bytes::of_character(character, prefix);
        match key {
            KeyCode::Return | KeyCode::NumpadEnter => return control('\r'),
            KeyCode::Backspace if held.control => return control('\u{8}'),
            KeyCode::Backspace => return control('\u{7f}'),
            KeyCode::Tab if held.shift => return Bytes::BACK_TAB,
            KeyCode::Tab => return control('\t'),
            KeyCode::Escape => return control('\u{1b}'),
            _ => {}
        }
        // The number pad's digits do not depend on Shift, which turned them over already.
        let modifiers = Modifiers {
            numlock: true,
            ralt: modifiers.ralt && self.layout.has_third_level(),
            ..modifiers.clone()
        };
        // Control and Alt together choose the third character too, where there is one.
        if held.control && modifiers.lalt && !modifiers.ralt && self.layout.has_third_level() {
            let third = Modifiers {
                ralt: true,
                ..modifiers.clone()
            };
            let chosen = self.layout.character(key, &third);
            if let Some(character) = chosen.filter(|_| chosen != self.layout.character(key, &modifiers)) {
                return Bytes::of_character(character, Prefix::None);
            }
        }
        match self.layout.character(key, &modifiers) {
            Some(character) if held.control => control(control_character(character)),
            Some(character) => control(character),
            None => Bytes::default(),
        }
    }

    fn modifiers(&self) -> Modifiers {
        Modifiers {
            lshift: self.held.contains(KeyCode::LShift),
            rshift: self.held.contains(KeyCode::RShift),
            lctrl: self.held.contains(KeyCode::LControl),
            rctrl: self.held.contains(KeyCode::RControl),
            lalt: self.held.contains(KeyCode::LAlt),
            ralt: self.held.contains(KeyCode::RAltGr),
            numlock: self.leds.num_lock,
            capslock: self.leds.caps_lock,
            rctrl2: false,
        }
    }
}

/// The cursor key that shares a key of the number pad.
fn pad_key(key: KeyCode) -> Option<KeyCode> {
    Some(match key {
        KeyCode::Numpad0 => KeyCode::Insert,
        KeyCode::Numpad1 => KeyCode::End,
        KeyCode::Numpad2 => KeyCode::ArrowDown,
        KeyCode::Numpad3 => KeyCode::PageDown,
        KeyCode::Numpad4 => KeyCode::ArrowLeft,
        KeyCode::Numpad5 => KeyCode::Numpad5,
        KeyCode::Numpad6 => KeyCode::ArrowRight,
        KeyCode::Numpad7 => KeyCode::Home,
        KeyCode::Numpad8 => KeyCode::ArrowUp,
        KeyCode::Numpad9 => KeyCode::PageUp,
        KeyCode::NumpadPeriod => KeyCode::Delete,
        _ => return None,
    })
}

fn action(key: KeyCode, held: Held) -> Option<Action> {
    let only_alt = held.alt && !held.control && !held.shift;
    let only_shift = held.shift && !held.control && !held.alt;
    match key {
        KeyCode::F1 if only_alt => Some(Action::Session(1)),
        KeyCode::F2 if only_alt => Some(Action::Session(2)),
        KeyCode::F3 if only_alt => Some(Action::Session(3)),
        KeyCode::F4 if only_alt => Some(Action::Session(4)),
        KeyCode::F12 if only_alt => Some(Action::Log),
        KeyCode::PageUp if only_shift => Some(Action::ScrollBack),
        KeyCode::PageDown if only_shift => Some(Action::ScrollForward),
        KeyCode::Delete | KeyCode::NumpadPeriod if held.control && held.alt => Some(Action::Reboot),
        _ => None,
    }
}

/// What Control makes of a character, as terminals have it; characters without a control character stay.
fn control_character(character: char) -> char {
    match character {
        ' ' => '\0',
        '/' => '\u{1f}',
        '?' => '\u{7f}',
        '@'..='_' | 'a'..='z' => char::from(character as u8 & 0x1F),
        _ => character,
    }
}
