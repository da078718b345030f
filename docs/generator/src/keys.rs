//! Names of keys in a transcript's `keys>` lines, and the bytes that a terminal sends for them (xterm's).

/// Keys that are more than a letter with Ctrl.
const KEYS: &[(&str, &str)] = &[
    ("Enter", "\r"),
    ("Alt-Enter", "\x1b\r"),
    ("Tab", "\t"),
    ("Shift-Tab", "\x1b[Z"),
    ("Backspace", "\x7f"),
    ("Alt-Backspace", "\x1b\x7f"),
    ("Delete", "\x1b[3~"),
    ("Esc", "\x1b"),
    ("Space", " "),
    ("Up", "\x1b[A"),
    ("Down", "\x1b[B"),
    ("Right", "\x1b[C"),
    ("Left", "\x1b[D"),
    ("Home", "\x1b[H"),
    ("End", "\x1b[F"),
    ("Ctrl-Right", "\x1b[1;5C"),
    ("Ctrl-Left", "\x1b[1;5D"),
    ("PgUp", "\x1b[5~"),
    ("PgDn", "\x1b[6~"),
    ("F1", "\x1bOP"),
    ("F2", "\x1bOQ"),
    ("F3", "\x1bOR"),
    ("F5", "\x1b[15~"),
    ("F10", "\x1b[21~"),
];

/// The bytes of one word of a `keys>` line: a key's name, or text between double quotes. `None` where there is no such
/// key.
pub fn bytes(word: &str) -> Option<String> {
    if let Some(text) = word.strip_prefix('"') {
        return text.strip_suffix('"').map(String::from);
    }
    if let Some((_, bytes)) = KEYS.iter().find(|(name, _)| *name == word) {
        return Some((*bytes).into());
    }
    let one = |rest: &str| {
        let mut letters = rest.chars();
        letters
            .next()
            .filter(|letter| letters.next().is_none() && letter.is_ascii())
    };
    if let Some(letter) = word.strip_prefix("Ctrl-").and_then(one) {
        return Some(char::from(letter.to_ascii_uppercase() as u8 & 0x1f).into());
    }
    word.strip_prefix("Alt-")
        .and_then(one)
        .map(|letter| format!("\x1b{}", letter.to_ascii_lowercase()))
}

/// The words of a `keys>` line: at blanks, but not between quotes.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut in_text = false;
    for letter in line.chars() {
        if letter == ' ' && !in_text {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        // A quote inside of a text is the end of a word only where a blank or the line's end follows.
        if letter == '"' && (word.is_empty() || in_text) {
            in_text = word.is_empty();
        }
        word.push(letter);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A `keys>` line that types `bytes`.
pub fn line(bytes: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for letter in bytes.chars() {
        let named = KEYS
            .iter()
            .find(|(_, bytes)| bytes.len() == 1 && bytes.starts_with(letter));
        match (named, words.last_mut()) {
            (Some((name, _)), _) if letter != ' ' => words.push((*name).into()),
            (None, _) if letter.is_control() => words.push(format!("Ctrl-{}", char::from(letter as u8 | 0x40))),
            (_, Some(text)) if text.ends_with('"') => {
                text.pop();
                text.push(letter);
                text.push('"');
            }
            _ => words.push(format!("\"{letter}\"")),
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_and_texts() {
        assert_eq!(words("Up \"a b\" Ctrl-R"), ["Up", "\"a b\"", "Ctrl-R"]);
        for (word, expected) in [
            ("Up", Some("\x1b[A")),
            ("Ctrl-R", Some("\x12")),
            ("Alt-d", Some("\x1bd")),
            ("\"a b\"", Some("a b")),
            ("Hyper-Q", None),
            ("Ctrl-Meta", None),
        ] {
            assert_eq!(bytes(word).as_deref(), expected, "{word}");
        }
    }

    #[test]
    fn writes_a_line_that_reads_back() {
        let typed = "print(1 + 2);\x13\x11\r";
        let line = line(typed);
        assert_eq!(line, "\"print(1 + 2);\" Ctrl-S Ctrl-Q Enter");
        let read: Option<String> = words(&line).iter().map(|word| bytes(word)).collect();
        assert_eq!(read.as_deref(), Some(typed));
    }
}
