//! Arrays of maps as aligned tables that fit the width of a terminal.
//!
//! The columns are laid out by the rows that are to be shown first; later rows, which a pager may come to, take what
//! width there is. Where the width is short, keys that are wider than what stands below them go on more than one line;
//! then the widest texts are cut, but for sentences in the last column, which go on in further lines; then the columns at
//! the right are left out.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use rhai::{Array, Dynamic, ImmutableString, Map};

use super::cell::{self, Align};
use super::{Limits, header, plain, precedence, units};

/// Rows that the layout looks at.
pub const LAYOUT_ROWS: usize = 1000;
/// Columns of text that one cell shows at most.
const CELL_WIDTH: usize = 100;
/// The same for sentences that go on in further lines.
const TEXT_WIDTH: usize = 1000;
/// Sentences are cut rather than broken into lines that are shorter than this.
const MIN_LINE_WIDTH: usize = 24;
/// Words of a key are broken rather than columns left out, but not into pieces shorter than this.
const MIN_KEY_WIDTH: usize = 6;
/// Text columns are not cut below this width; rather, columns are left out.
const MIN_TEXT_WIDTH: usize = 8;
/// Keys that are told apart.
const KEY_LIMIT: usize = 256;
/// Blanks between two columns.
const GAP: usize = 2;

/// The layout of a table.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    hidden: Vec<String>,
    width: usize,
    /// Columns of the terminal that the layout does not need; wider cells of later rows use them.
    slack: usize,
}

#[derive(Debug)]
struct Column {
    key: String,
    width: usize,
    /// What stands below the key needs as much.
    content_width: usize,
    /// Narrower, it would not be readable.
    min_width: usize,
    align: Align,
}

impl Column {
    /// The width from which the key is shown in whole words.
    fn word_width(&self) -> usize {
        header::word_width(&self.key).max(self.content_width)
    }

    /// The width from which all of the key is shown.
    fn key_width(&self) -> usize {
        MIN_KEY_WIDTH.min(header::word_width(&self.key)).max(self.content_width)
    }
}

/// Writes the table of the first rows, and how many more there are.
pub(super) fn write(rows: &Array, limits: Limits<'_>, out: &mut String) {
    let start = out.len();
    let shown = || rows.iter().take(limits.elements);
    let table = Table::layout(shown().take(LAYOUT_ROWS), limits.columns);
    if rows.len() == 1
        && !table.hidden.is_empty()
        && let Some(map) = rows.first().and_then(|row| row.read_lock::<Map>())
    {
        return super::tree::write(&map, 0, limits, out);
    }
    if table.columns.is_empty() {
        return plain::write_lines(rows, limits, out);
    }
    table.write_header(out);
    let mut written = 0;
    for row in shown() {
        if out.len() - start > limits.text_bytes || limits.must_stop() {
            break;
        }
        out.push('\n');
        table.write_row(row, out);
        written += 1;
    }
    if written < rows.len() {
        let _ = write!(out, "\n... {} more ({} in all)", rows.len() - written, rows.len());
    }
    table.write_footer(out);
}

impl Table {
    /// A layout for `rows` on `columns` columns: all their keys, those of the first row first.
    pub fn layout<'a>(rows: impl Iterator<Item = &'a Dynamic> + Clone, columns: usize) -> Self {
        let mut table = Self {
            columns: keys(rows.clone())
                .into_iter()
                .map(|key| Column {
                    width: header::width(&key),
                    content_width: 0,
                    min_width: 0,
                    align: Align::Right,
                    key,
                })
                .collect(),
            hidden: Vec::new(),
            width: columns.max(1),
            slack: 0,
        };
        for row in rows {
            table.note(row);
        }
        for column in &mut table.columns {
            let is_number = column.align == Align::Right && column.content_width > 0;
            if !is_number {
                column.align = Align::Left;
            }
            column.min_width = match column.align {
                Align::Right => column.key_width(),
                Align::Left => column.key_width().min(MIN_TEXT_WIDTH),
            };
        }
        table.fit();
        table
    }

    /// Widens the columns for a row.
    fn note(&mut self, row: &Dynamic) {
        let Some(map) = row.read_lock::<Map>() else { return };
        for column in &mut self.columns {
            let Some(value) = map.get(column.key.as_str()) else {
                continue;
            };
            let width = cell::width(&text(&column.key, value)).min(CELL_WIDTH);
            column.width = column.width.max(width);
            column.content_width = column.content_width.max(width);
            if !(value.is_int() || value.is_float() || value.is_unit()) {
                column.align = Align::Left;
            }
        }
    }

    /// Leaves columns out, from the right, until the others can be made narrow enough; then makes the widest narrower.
    fn fit(&mut self) {
        let total = |columns: &[Column], width: fn(&Column) -> usize| {
            columns
                .iter()
                .map(|column| width(column) + GAP)
                .sum::<usize>()
                .saturating_sub(GAP)
        };
        while self.columns.len() > 1 && total(&self.columns, |column| column.min_width) > self.width {
            self.hidden.extend(self.columns.pop().map(|column| column.key));
        }
        self.hidden.reverse();
        let mut excess = total(&self.columns, |column| column.width).saturating_sub(self.width);
        let floors = [Column::word_width, Column::key_width, |column: &Column| {
            column.min_width
        }];
        for floor in floors {
            while excess > 0 {
                let slack = |column: &&mut Column| column.width > floor(column);
                let Some(widest) = self.columns.iter_mut().filter(slack).max_by_key(|column| column.width) else {
                    break;
                };
                widest.width -= 1;
                excess -= 1;
            }
        }
        if let [only] = self.columns.as_mut_slice() {
            only.width = only.width.min(self.width);
        }
        self.slack = self.width.saturating_sub(total(&self.columns, |column| column.width));
    }

    /// Adds the keys, on one line or more.
    pub fn write_header(&self, out: &mut String) {
        let keys = self
            .columns
            .iter()
            .map(|column| header::lines(&column.key, column.width));
        let keys: Vec<Vec<String>> = keys.collect();
        let height = keys.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            if line > 0 {
                out.push('\n');
            }
            let mut keys = keys.iter();
            // The last line of each stands above the rows.
            self.write_line(out, |_| {
                let key = keys.next()?;
                key.get((line + key.len()).checked_sub(height)?).cloned()
            });
        }
    }

    /// Adds a row; one that is no map as it is.
    pub fn write_row(&self, row: &Dynamic, out: &mut String) {
        match row.read_lock::<Map>() {
            Some(map) => {
                let rest = self.sentences(&map);
                let mut lines = rest.iter();
                self.write_line(out, |column| match self.is_broken(column) {
                    true => lines.next().cloned(),
                    false => Some(text(&column.key, map.get(column.key.as_str())?)),
                });
                let before: usize = self.columns.iter().rev().skip(1).map(|column| column.width + GAP).sum();
                for line in lines {
                    out.push('\n');
                    out.extend(core::iter::repeat_n(' ', before));
                    out.push_str(line);
                }
            }
            None => {
                let mut line = nested(row, self.width);
                cell::cut(&mut line, self.width);
                out.push_str(&line);
            }
        }
    }

    /// Adds what was left out, if anything was, on a line of its own.
    pub fn write_footer(&self, out: &mut String) {
        if self.hidden.is_empty() {
            return;
        }
        let plural = if self.hidden.len() == 1 { "" } else { "s" };
        let mut line = format!("+{} column{plural}: ", self.hidden.len());
        for (index, key) in self.hidden.iter().enumerate() {
            let before = if index > 0 { ", " } else { "" };
            line.push_str(before);
            cell::push_visible(key, self.width, &mut line);
        }
        cell::cut(&mut line, self.width);
        out.push('\n');
        out.push_str(&line);
    }

    /// Whether what stands in the column goes on in further lines: the last one, with sentences, and wide enough.
    fn is_broken(&self, column: &Column) -> bool {
        let is_last = self.columns.last().is_some_and(|last| last.key == column.key);
        is_last && column.width + self.slack >= MIN_LINE_WIDTH && precedence::is_text(&column.key)
    }

    /// The lines of the sentences in a row's last column.
    fn sentences(&self, map: &Map) -> Vec<String> {
        let last = self.columns.last().filter(|column| self.is_broken(column));
        let value = last.and_then(|column| Some((column, map.get(column.key.as_str())?)));
        match value {
            Some((column, value)) => {
                let text = match value.read_lock::<ImmutableString>() {
                    Some(string) => {
                        let mut text = String::new();
                        cell::push_visible(&string, TEXT_WIDTH, &mut text);
                        text
                    }
                    None => text(&column.key, value),
                };
                cell::wrap(&text, column.width + self.slack)
            }
            None => Vec::new(),
        }
    }

    fn write_line(&self, out: &mut String, mut text: impl FnMut(&Column) -> Option<String>) {
        let start = out.len();
        let mut slack = self.slack;
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push_str("  ");
            }
            let mut text = text(column).unwrap_or_default();
            // A number that became wider than the layout knew is not cut: it would be another number.
            if column.align == Align::Left || self.columns.len() == 1 {
                cell::cut(&mut text, column.width + slack);
            }
            slack = slack.saturating_sub(cell::width(&text).saturating_sub(column.width));
            cell::push_aligned(&text, column.width, column.align, out);
        }
        let end = start + out[start..].trim_end_matches(' ').len();
        out.truncate(end);
    }
}

/// All keys of the rows, in the order of columns; without one that comes first or last, in the order in which they come.
fn keys<'a>(rows: impl Iterator<Item = &'a Dynamic>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut keys: Vec<String> = Vec::new();
    for row in rows {
        let Some(map) = row.read_lock::<Map>() else { continue };
        // Most rows have the keys of the first one: no need to search then.
        if map.len() == keys.len() && map.keys().map(|key| key.as_str()).eq(keys.iter().map(String::as_str)) {
            continue;
        }
        for key in map.keys().take(KEY_LIMIT) {
            if keys.len() < KEY_LIMIT && !seen.contains(key.as_str()) {
                seen.insert(key.to_string());
                keys.push(key.to_string());
            }
        }
    }
    precedence::arrange(&mut keys);
    keys
}

/// What a cell shows, at most a little more than [`CELL_WIDTH`] columns.
fn text(key: &str, value: &Dynamic) -> String {
    if let Some(text) = units::readable(key, value) {
        return text;
    }
    if value.is_unit() {
        return String::new();
    }
    if let Some(string) = value.read_lock::<ImmutableString>() {
        let mut text = String::new();
        cell::push_visible(&string, CELL_WIDTH, &mut text);
        cell::cut(&mut text, CELL_WIDTH);
        return text;
    }
    nested(value, CELL_WIDTH)
}

/// A value in its plain form, on one line of about `columns` columns.
fn nested(value: &Dynamic, columns: usize) -> String {
    if let Ok(character) = value.as_char() {
        let mut text = String::new();
        cell::push_visible(character.encode_utf8(&mut [0; 4]), columns, &mut text);
        return text;
    }
    let limits = Limits {
        elements: columns,
        blob_bytes: 0,
        text_bytes: columns,
        ..Limits::ordinary(columns)
    };
    let mut text = String::new();
    plain::write(value, limits, &mut text);
    let length = text.find('\n').unwrap_or(text.len());
    text.truncate(length);
    cell::cut(&mut text, columns);
    text
}
