//! Any value as a script would write it, on one line; of large ones the first part. Longer blobs are dumps of bytes, and
//! arrays can be broken into lines.

use alloc::string::{String, ToString};
use core::fmt::Write;

use rhai::{Array, Blob, Dynamic, FnPtr, ImmutableString, Map};

use super::{Limits, cell, units};
use crate::catalogue::Namespace;

/// Containers shown inside of each other.
const DEPTH_LIMIT: usize = 24;

/// Adds the value to `out`; the limits count from what is there.
pub fn write(value: &Dynamic, limits: Limits<'_>, out: &mut String) {
    let limits = Limits {
        text_bytes: limits.text_bytes.saturating_add(out.len()),
        ..limits
    };
    write_value(value, 0, limits, out);
}

/// The same for an array, broken between elements into lines that fit the width where they can.
pub(super) fn write_lines(array: &Array, limits: Limits<'_>, out: &mut String) {
    let mut cells = cell::width(&out[out.rfind('\n').map_or(0, |at| at + 1)..]);
    out.push('[');
    cells += 1;
    let enough = limits.text_bytes.saturating_add(out.len());
    for (index, element) in array.iter().enumerate() {
        let mut text = String::new();
        let is_last = index == limits.elements || out.len() > enough || limits.must_stop();
        if is_last {
            let _ = write!(text, "... {} more ({} in all)", array.len() - index, array.len());
        } else {
            let limits = Limits {
                text_bytes: enough.saturating_sub(out.len()),
                ..limits
            };
            write_value(element, 1, limits, &mut text);
        }
        // With the comma or bracket behind it; a dump goes on by lines of its own.
        let width = cell::width(text.rsplit('\n').next().unwrap_or_default()) + 1;
        if index > 0 {
            let is_full = cells + 1 + width > limits.columns || text.contains('\n');
            out.push_str(if is_full { ",\n " } else { ", " });
            cells = if is_full { 1 } else { cells + 1 };
        }
        cells += width;
        out.push_str(&text);
        if is_last {
            break;
        }
    }
    out.push(']');
}

fn write_value(value: &Dynamic, depth: usize, limits: Limits<'_>, out: &mut String) {
    if out.len() > limits.text_bytes || depth > DEPTH_LIMIT {
        // The ends of the containers around still come.
        if !out.ends_with("...") {
            out.push_str("...");
        }
    } else if value.is_locked() {
        out.push_str("<in use>");
    } else if let Some(text) = value.read_lock::<ImmutableString>() {
        write_text(&text, limits, out);
    } else if let Ok(character) = value.as_char() {
        let _ = write!(out, "{character:?}");
    } else if let Some(bytes) = value.read_lock::<Blob>() {
        write_blob(&bytes, limits, out);
    } else if let Some(array) = value.read_lock::<Array>() {
        write_list("[", array.iter(), array.len(), "]", limits, out, |element, out| {
            write_value(element, depth + 1, limits, out)
        });
    } else if let Some(map) = value.read_lock::<Map>() {
        write_list("#{", map.iter(), map.len(), "}", limits, out, |(key, value), out| {
            let _ = write!(out, "{key:?}: ");
            match units::address(key, value) {
                Some(address) => out.push_str(&address),
                None => write_value(value, depth + 1, limits, out),
            }
        });
    } else if let Some(function) = value.read_lock::<FnPtr>() {
        let _ = if function.is_anonymous() {
            write!(out, "Fn(closure)")
        } else {
            write!(out, "{}", *function)
        };
    } else if value.is_unit() {
        out.push_str("()");
    } else if let Some(namespace) = value.read_lock::<Namespace>() {
        let _ = write!(out, "namespace {}", namespace.0);
    } else {
        out.push_str(&value.to_string());
    }
}

fn write_text(text: &str, limits: Limits<'_>, out: &mut String) {
    let room = limits.text_bytes.saturating_sub(out.len());
    let cut = text.floor_char_boundary(text.len().min(room));
    let _ = write!(out, "{:?}", &text[..cut]);
    if cut < text.len() {
        let _ = write!(out, "... ({} bytes in all)", text.len());
    }
}

fn write_list<T>(
    start: &str,
    elements: impl Iterator<Item = T>,
    count: usize,
    end: &str,
    limits: Limits<'_>,
    out: &mut String,
    mut write_element: impl FnMut(T, &mut String),
) {
    out.push_str(start);
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if index == limits.elements || out.len() > limits.text_bytes || limits.must_stop() {
            let _ = write!(out, "... {} more ({count} in all)", count - index);
            break;
        }
        write_element(element, out);
    }
    out.push_str(end);
}

/// Up to 16 bytes on one line; more as a dump with offsets and text.
fn write_blob(bytes: &[u8], limits: Limits<'_>, out: &mut String) {
    if bytes.len() <= 16 {
        out.push('[');
        for (index, byte) in bytes.iter().enumerate() {
            let _ = write!(out, "{}{byte:02x}", if index > 0 { " " } else { "" });
        }
        out.push(']');
        return;
    }
    let _ = write!(out, "blob of {} bytes", bytes.len());
    let shown = &bytes[..bytes.len().min(limits.blob_bytes)];
    for (row, chunk) in shown.chunks(16).enumerate() {
        let _ = write!(out, "\n{:08x} ", row * 16);
        for column in 0..16 {
            let _ = match chunk.get(column) {
                Some(byte) => write!(out, " {byte:02x}"),
                None => write!(out, "   "),
            };
        }
        out.push_str("  ");
        let printable = |&byte: &u8| {
            if (0x20..0x7f).contains(&byte) {
                char::from(byte)
            } else {
                '.'
            }
        };
        out.extend(chunk.iter().map(printable));
    }
    if shown.len() < bytes.len() {
        let _ = write!(out, "\n... {} more", bytes.len() - shown.len());
    }
}
