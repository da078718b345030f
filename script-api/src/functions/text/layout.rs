//! Widths, filling, breaking into lines, and finding.

use alloc::string::String;
use alloc::vec::Vec;

use unicode_width::UnicodeWidthChar;

use crate::compute::{Pace, Result};

/// Columns that `text` takes on a terminal.
pub(super) fn width(text: &str, pace: &mut Pace) -> Result<usize> {
    let mut columns = 0;
    for character in text.chars() {
        columns += character.width().unwrap_or(0);
        pace.spend(2)?;
    }
    Ok(columns)
}

/// Appends `text` `count` times.
pub(super) fn repeat(text: &str, count: usize, pace: &mut Pace, out: &mut String) -> Result<()> {
    for _ in 0..count {
        out.push_str(text);
        pace.spend(text.len() + 1)?;
    }
    Ok(())
}

/// Appends as many characters of `pattern`, over and over, as fit into `columns`.
pub(super) fn fill(pattern: &str, columns: usize, pace: &mut Pace, out: &mut String) -> Result<()> {
    let whole = width(pattern, pace)?;
    if whole == 0 {
        return Ok(());
    }
    repeat(pattern, columns / whole, pace, out)?;
    let mut left = columns % whole;
    for character in pattern.chars() {
        left = match left.checked_sub(character.width().unwrap_or(0)) {
            Some(left) => left,
            None => break,
        };
        out.push(character);
    }
    Ok(())
}

/// Gives `text` to `each` in pieces: those between occurrences of `part`, and `part` itself, with `true`. Finds the first
/// of occurrences that overlap, in a time that is proportional to the text (by Knuth, Morris and Pratt).
pub(super) fn find_all(text: &str, part: &str, pace: &mut Pace, mut each: impl FnMut(&str, bool)) -> Result<()> {
    let pattern = part.as_bytes();
    // For each prefix of the pattern, the longest shorter prefix that it ends with.
    let mut borders = Vec::with_capacity(pattern.len());
    borders.push(0);
    for &byte in pattern.get(1..).unwrap_or_default() {
        let mut border = borders.last().copied().unwrap_or(0);
        while border > 0 && pattern[border] != byte {
            border = borders[border - 1];
        }
        borders.push(border + usize::from(pattern[border] == byte));
        pace.spend(2)?;
    }
    let (mut matched, mut start) = (0, 0);
    for (at, &byte) in text.as_bytes().iter().enumerate() {
        while matched > 0 && pattern[matched] != byte {
            matched = borders[matched - 1];
        }
        matched += usize::from(pattern[matched] == byte);
        if matched == pattern.len() {
            let end = at + 1;
            each(&text[start..end - matched], false);
            each(part, true);
            pace.spend(part.len())?;
            (matched, start) = (0, end);
        }
        pace.spend(1)?;
    }
    each(&text[start..], false);
    Ok(())
}

/// Gives the lines of `text`, broken so that none takes more than `columns`, one by one.
pub(super) fn wrap(text: &str, columns: usize, pace: &mut Pace, mut each: impl FnMut(&str)) -> Result<()> {
    for line in text.lines() {
        let (mut out, mut used) = (String::new(), 0);
        for word in line.split_whitespace() {
            let needed = width(word, pace)?;
            if used > 0 && used + 1 + needed > columns {
                each(&out);
                out.clear();
                used = 0;
            }
            if used > 0 {
                out.push(' ');
                used += 1;
            }
            for character in word.chars() {
                let needed = character.width().unwrap_or(0);
                if used > 0 && used + needed > columns {
                    each(&out);
                    out.clear();
                    used = 0;
                }
                out.push(character);
                used += needed;
                pace.spend(4)?;
            }
        }
        each(&out);
        pace.spend(4)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::tests::numbers;
    use alloc::string::ToString;

    #[test]
    fn finds_what_the_library_finds() {
        let mut numbers = numbers();
        for _ in 0..20_000 {
            let mut word = |longest: usize| -> String {
                let length = numbers.below(longest);
                (0..length).map(|_| ['a', 'b', 'ü'][numbers.below(3)]).collect()
            };
            let (text, part) = (word(30), word(4) + "a");
            let (mut pieces, mut count) = (String::new(), 0);
            find_all(&text, &part, &mut Pace::free(), |piece, is_part| {
                pieces.push_str(if is_part { "<>" } else { piece });
                count += usize::from(is_part);
            })
            .expect("nothing stops it");
            assert_eq!(pieces, text.replace(&part, "<>"), "{part} in {text}");
            assert_eq!(count, text.matches(&part).count());
        }
    }

    #[test]
    fn wraps_without_losing_anything() {
        let wrapped = |text: &str, columns| {
            let mut lines = Vec::new();
            wrap(text, columns, &mut Pace::free(), |line| lines.push(line.to_string())).expect("nothing stops it");
            lines
        };
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrapped("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(wrapped("日本語", 4), ["日本", "語"]);
        assert_eq!(wrapped("日本", 1), ["日", "本"]);
        for columns in 1..40 {
            let text = "The quick brown fox jumps over the lazy dog, and 日本語 too.";
            let lines = wrapped(text, columns);
            let fits = |line: &String| width(line, &mut Pace::free()).expect("no stop") <= columns.max(2);
            assert!(lines.iter().all(fits), "{lines:?}");
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(letters(&lines.concat()), letters(text));
        }
    }

    #[test]
    fn fills_with_whole_characters() {
        let filled = |pattern, columns| {
            let mut out = String::new();
            fill(pattern, columns, &mut Pace::free(), &mut out).expect("nothing stops it");
            out
        };
        assert_eq!(filled("ab", 5), "ababa");
        assert_eq!(filled("日", 5), "日日");
        assert_eq!(filled("\u{301}", 5), "");
        assert_eq!(filled(" ", 0), "");
    }
}
