//! Which keys are down.

use core::fmt;

use pc_keyboard::{KeyCode, Modifiers};

use super::Layout;

/// A set of keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldKeys {
    keys: [Option<KeyCode>; Self::CAPACITY],
}

impl HeldKeys {
    /// A cell for each code; `Unknown` is the last one.
    const CAPACITY: usize = KeyCode::Unknown as usize + 1;

    /// Adds `key`; true if it was down already.
    pub(super) fn press(&mut self, key: KeyCode) -> bool {
        self.cell(key).replace(key).is_some()
    }

    pub(super) fn release(&mut self, key: KeyCode) {
        *self.cell(key) = None;
    }

    pub(super) fn contains(&self, key: KeyCode) -> bool {
        self.keys[key as usize].is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = KeyCode> {
        self.keys.iter().copied().flatten()
    }

    fn cell(&mut self, key: KeyCode) -> &mut Option<KeyCode> {
        &mut self.keys[key as usize]
    }
}

impl Default for HeldKeys {
    fn default() -> Self {
        Self {
            keys: [None; Self::CAPACITY],
        }
    }
}

/// A key, named by what it types alone: a character, or the word on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// A key that types this character when pressed alone.
    Character(char),
    /// Any other key.
    Word(&'static str),
}

impl fmt::Display for KeyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => write!(formatter, "{character}"),
            Self::Word(word) => formatter.write_str(word),
        }
    }
}

/// The name of `key` in `layout`.
pub(super) fn name(key: KeyCode, layout: &Layout) -> KeyName {
    if let Some(word) = word(key) {
        return KeyName::Word(word);
    }
    match layout.character(key, &Modifiers::default()) {
        Some(character) => KeyName::Character(character),
        None => KeyName::Word("other"),
    }
}

fn word(key: KeyCode) -> Option<&'static str> {
    Some(match key {
        KeyCode::Escape => "escape",
        KeyCode::F1 => "f1",
        KeyCode::F2 => "f2",
        KeyCode::F3 => "f3",
        KeyCode::F4 => "f4",
        KeyCode::F5 => "f5",
        KeyCode::F6 => "f6",
        KeyCode::F7 => "f7",
        KeyCode::F8 => "f8",
        KeyCode::F9 => "f9",
        KeyCode::F10 => "f10",
        KeyCode::F11 => "f11",
        KeyCode::F12 => "f12",
        KeyCode::PrintScreen | KeyCode::SysRq => "print_screen",
        KeyCode::ScrollLock => "scroll_lock",
        KeyCode::Backspace => "backspace",
        KeyCode::Insert => "insert",
        KeyCode::Home => "home",
        KeyCode::PageUp => "page_up",
        KeyCode::Delete => "delete",
        KeyCode::End => "end",
        KeyCode::PageDown => "page_down",
        KeyCode::ArrowUp => "up",
        KeyCode::ArrowDown => "down",
        KeyCode::ArrowLeft => "left",
        KeyCode::ArrowRight => "right",
        KeyCode::NumpadLock => "num_lock",
        KeyCode::NumpadDivide => "pad_divide",
        KeyCode::NumpadMultiply => "pad_multiply",
        KeyCode::NumpadSubtract => "pad_subtract",
        KeyCode::NumpadAdd => "pad_add",
        KeyCode::NumpadEnter => "pad_enter",
        KeyCode::NumpadPeriod => "pad_period",
        KeyCode::Numpad0 => "pad_0",
        KeyCode::Numpad1 => "pad_1",
        KeyCode::Numpad2 => "pad_2",
        KeyCode::Numpad3 => "pad_3",
        KeyCode::Numpad4 => "pad_4",
        KeyCode::Numpad5 => "pad_5",
        KeyCode::Numpad6 => "pad_6",
        KeyCode::Numpad7 => "pad_7",
        KeyCode::Numpad8 => "pad_8",
        KeyCode::Numpad9 => "pad_9",
        KeyCode::Tab => "tab",
        KeyCode::Return => "enter",
        KeyCode::Spacebar => "space",
        KeyCode::CapsLock => "caps_lock",
        KeyCode::LShift => "left_shift",
        KeyCode::RShift => "right_shift",
        KeyCode::LControl => "left_control",
        KeyCode::RControl => "right_control",
        KeyCode::LAlt => "left_alt",
        KeyCode::RAltGr => "right_alt",
        KeyCode::LWin => "left_windows",
        KeyCode::RWin => "right_windows",
        KeyCode::Apps => "menu",
        KeyCode::PrevTrack => "previous_track",
        KeyCode::NextTrack => "next_track",
        KeyCode::Mute => "mute",
        KeyCode::Calculator => "calculator",
        KeyCode::Play => "play",
        KeyCode::Stop => "stop",
        KeyCode::VolumeDown => "volume_down",
        KeyCode::VolumeUp => "volume_up",
        KeyCode::WWWHome => "browser",
        _ => return None,
    })
}
