//! Layouts by name. What each key types is the `pc-keyboard` crate's knowledge.

use pc_keyboard::layouts::{
    AnyLayout, Azerty, Colemak, DVP104Key, De105Key, Dvorak104Key, FiSe105Key, Jis109Key, No105Key, Uk105Key, Us104Key,
};
use pc_keyboard::{DecodedKey, HandleControl, KeyCode, KeyboardLayout, Modifiers};

/// A keyboard layout.
pub struct Layout {
    name: &'static str,
    /// Right Alt chooses a third character on some keys. Without it, right Alt is one more Alt.
    has_third_level: bool,
    keys: AnyLayout,
}

/// The layouts' names, the default first.
pub const NAMES: [&str; 10] = [
    "us104",
    "uk105",
    "de105",
    "azerty",
    "dvorak",
    "dvorak_programmer",
    "colemak",
    "jis109",
    "no105",
    "fi_se105",
];

impl Layout {
    /// The layout that `name` (one of [`NAMES`], or a country's code for one of them) stands for.
    pub fn by_name(name: &str) -> Option<Self> {
        let (name, has_third_level, keys) = match name {
            "us104" | "us" => ("us104", false, AnyLayout::Us104Key(Us104Key)),
            "uk105" | "uk" | "gb" => ("uk105", true, AnyLayout::Uk105Key(Uk105Key)),
            "de105" | "de" => ("de105", true, AnyLayout::De105Key(De105Key)),
            "azerty" | "fr" => ("azerty", true, AnyLayout::Azerty(Azerty)),
            "dvorak" => ("dvorak", false, AnyLayout::Dvorak104Key(Dvorak104Key)),
            "dvorak_programmer" => ("dvorak_programmer", false, AnyLayout::DVP104Key(DVP104Key)),
            "colemak" => ("colemak", false, AnyLayout::Colemak(Colemak)),
            "jis109" | "jp" => ("jis109", false, AnyLayout::Jis109Key(Jis109Key)),
            "no105" | "no" => ("no105", true, AnyLayout::No105Key(No105Key)),
            "fi_se105" | "fi" | "se" => ("fi_se105", true, AnyLayout::FiSe105Key(FiSe105Key)),
            _ => return None,
        };
        Some(Self {
            name,
            has_third_level,
            keys,
        })
    }

    /// The layout's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Right Alt chooses characters here.
    pub(super) fn has_third_level(&self) -> bool {
        self.has_third_level
    }

    /// The character of a key. Of `modifiers` only Shift, Caps Lock, Num Lock and right Alt are looked at.
    pub(super) fn character(&self, key: KeyCode, modifiers: &Modifiers) -> Option<char> {
        let choosing = Modifiers {
            lctrl: false,
            rctrl: false,
            lalt: false,
            ..modifiers.clone()
        };
        match self.keys.map_keycode(key, &choosing, HandleControl::Ignore) {
            DecodedKey::Unicode(character) => Some(character),
            DecodedKey::RawKey(_) => None,
        }
    }
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            name: NAMES[0],
            has_third_level: false,
            keys: AnyLayout::Us104Key(Us104Key),
        }
    }
}

impl core::fmt::Debug for Layout {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_tuple("Layout").field(&self.name).finish()
    }
}
