//! What a terminal would show of the bytes that a serial line carries, as far as the tests need it.

/// `bytes` as text: line ends as `\n`, no escape sequences, backspaces applied.
pub fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' | '\u{7}' | '\0' => {}
            '\u{8}' => {
                if !plain.ends_with('\n') {
                    plain.pop();
                }
            }
            '\u{1b}' if characters.peek() == Some(&'[') => {
                characters.next();
                // A control sequence ends with the first byte from 40h to 7Eh (ECMA-48, 5.4).
                while characters
                    .next()
                    .is_some_and(|next| !('\u{40}'..='\u{7e}').contains(&next))
                {}
            }
            '\u{1b}' => {
                characters.next();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn drops_what_is_not_shown() {
        assert_eq!(plain(b"\x1b[1;31mred\x1b[0m\r\nab\x08c\x1bcx"), "red\nacx");
    }

    #[test]
    fn survives_cut_off_sequences() {
        for length in 0..9 {
            plain(&b"\x1b[1;31mred"[..length]);
        }
    }
}
