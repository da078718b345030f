//! The keys above a table: `timer_interrupts` above short numbers stands on two lines, broken behind its underscores.

use alloc::string::String;
use alloc::vec::Vec;

use super::cell;

/// Columns that a key takes at most; longer ones are cut.
const WIDTH_MAX: usize = 60;

/// The width of a key on one line.
pub(super) fn width(key: &str) -> usize {
    cell::width(key).min(WIDTH_MAX)
}

/// The width of the widest word of a key.
pub(super) fn word_width(key: &str) -> usize {
    key.split_inclusive('_').map(width).max().unwrap_or(0)
}

/// The key in lines of at most `columns` columns, broken between words where it can be.
pub(super) fn lines(key: &str, columns: usize) -> Vec<String> {
    let mut visible = String::new();
    cell::push_visible(key, WIDTH_MAX, &mut visible);
    cell::cut(&mut visible, WIDTH_MAX);
    let mut lines: Vec<String> = Vec::new();
    for word in visible.split_inclusive('_') {
        match lines.last_mut() {
            Some(line) if cell::width(line) + cell::width(word) <= columns => line.push_str(word),
            _ => lines.extend(cell::wrap(word, columns)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_broken_behind_underscores_and_else_anywhere() {
        assert_eq!(lines("timer_interrupts", 20), ["timer_interrupts"]);
        assert_eq!(lines("timer_interrupts", 10), ["timer_", "interrupts"]);
        assert_eq!(lines("timer_interrupts", 6), ["timer_", "interr", "upts"]);
        assert_eq!(lines("a_b_c_long", 6), ["a_b_c_", "long"]);
        assert_eq!(lines("x", 0), ["x"]);
        assert_eq!(lines(&"k".repeat(1000), 70).concat().chars().count(), WIDTH_MAX);
        assert_eq!(
            [word_width("cpu_time_us"), word_width("core"), word_width("")],
            [5, 4, 0]
        );
    }
}
