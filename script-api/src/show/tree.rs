//! Maps that need more than one line: `key: value`, aligned, what lies inside indented.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use rhai::{Array, Blob, Dynamic, Map};

use super::{Limits, cell, fits, is_rows, plain, table, units};

/// Maps shown inside of each other on lines of their own.
const DEPTH_LIMIT: usize = 24;
/// Columns by which each level is indented.
const INDENT: usize = 2;
/// Keys up to this width are filled up with blanks.
const KEY_WIDTH: usize = 30;
/// Values have this many columns at least, however deep they lie.
const MIN_COLUMNS: usize = 20;

/// Adds the map to `out`, without a line end.
pub(super) fn write(map: &Map, depth: usize, limits: Limits<'_>, out: &mut String) {
    let keys: Vec<String> = map.keys().take(limits.elements).map(|key| shown_key(key)).collect();
    let widths = keys.iter().map(|key| cell::width(key));
    let key_width = widths.filter(|&width| width <= KEY_WIDTH).max().unwrap_or(0);
    let indent = depth * INDENT;
    for (index, (key, (name, value))) in keys.iter().zip(map).enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if out.len() > limits.text_bytes || limits.must_stop() {
            push_rest(map.len() - index, map.len(), indent, out);
            return;
        }
        out.extend(core::iter::repeat_n(' ', indent));
        let _ = write!(out, "{key}:");
        let blanks = key_width.saturating_sub(cell::width(key));
        if let Some(address) = units::address(name, value) {
            out.extend(core::iter::repeat_n(' ', blanks + 1));
            out.push_str(&address);
            continue;
        }
        write_value(value, depth, blanks, limits, out);
        if let Some(text) = units::helpful(name, value) {
            let _ = write!(out, " ({text})");
        }
    }
    if map.len() > keys.len() {
        out.push('\n');
        push_rest(map.len() - keys.len(), map.len(), indent, out);
    }
}

fn push_rest(left: usize, all: usize, indent: usize, out: &mut String) {
    out.extend(core::iter::repeat_n(' ', indent));
    let _ = write!(out, "... {left} more ({all} in all)");
}

/// Adds a value behind its key: on the same line where it fits, or is no container.
fn write_value(value: &Dynamic, depth: usize, blanks: usize, limits: Limits<'_>, out: &mut String) {
    let line_start = out.rfind('\n').map_or(0, |at| at + 1);
    let used = cell::width(&out[line_start..]) + blanks + 1;
    let room = limits.columns.saturating_sub(used);
    let inner = Limits {
        columns: limits.columns.saturating_sub((depth + 1) * INDENT).max(MIN_COLUMNS),
        text_bytes: limits.text_bytes.saturating_sub(out.len()),
        ..limits
    };
    if depth < DEPTH_LIMIT && !value.is_locked() && !fits(value, room) {
        if let Some(map) = value.read_lock::<Map>() {
            out.push('\n');
            return write(&map, depth + 1, limits, out);
        }
        let mut block = String::new();
        if let Some(rows) = value.read_lock::<Array>()
            && is_rows(&rows, limits)
        {
            table::write(&rows, inner, &mut block);
        } else if let Some(array) = value.read_lock::<Array>() {
            plain::write_lines(&array, inner, &mut block);
        } else if value.read_lock::<Blob>().is_some() {
            plain::write(value, inner, &mut block);
        }
        if !block.is_empty() {
            for line in block.lines() {
                out.push('\n');
                out.extend(core::iter::repeat_n(' ', (depth + 1) * INDENT));
                out.push_str(line);
            }
            return;
        }
    }
    out.extend(core::iter::repeat_n(' ', blanks + 1));
    plain::write(value, inner, out);
}

/// A key as a script would write it in a map.
fn shown_key(key: &str) -> String {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut shown = if !key.is_empty() && key.chars().all(is_name) {
        key.to_string()
    } else {
        // Escaping makes it longer, but not by much more than this.
        format!("{:?}", &key[..key.floor_char_boundary(key.len().min(2 * KEY_WIDTH))])
    };
    cell::cut(&mut shown, 2 * KEY_WIDTH);
    shown
}
