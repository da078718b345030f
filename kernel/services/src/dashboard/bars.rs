//! Bars: the cores' loads and the memory's parts. They use halves of cells only, which every font and the VGA's text mode
//! have.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::figures;
use super::rates::CoreRow;
use super::{DIM, LABEL};
use crate::host::MemoryInfo;
use crate::painter::{Row, Style};

/// A bar of fewer cells says too little.
const LEAST_BAR_CELLS: usize = 4;
/// Blanks between two cores in one row.
const GAP_CELLS: usize = 2;
/// Columns of cores at most: so many bars still look as bars.
const COLUMN_LIMIT: usize = 8;
/// One core in one cell, by load, where there is no room for bars.
const SHADES: [&str; 5] = ["·", "░", "▒", "▓", "█"];

/// Adds a bar of `width` cells, whose parts are given in thousandths of it. What is there is seen, and what is not full does
/// not look full.
fn push_bar(row: &mut Row, width: usize, parts: &[(u32, Style)]) {
    let all_halves = 2 * width as u64;
    let mut sum = 0;
    let ends: Vec<(u64, Style)> = parts
        .iter()
        .map(|&(permille, style)| {
            sum += u64::from(permille);
            let limit = if sum < 1000 {
                all_halves.saturating_sub(1)
            } else {
                all_halves
            };
            ((sum * all_halves).div_ceil(1000).min(limit), style)
        })
        .collect();
    let last = ends.last().map_or(0, |(end, _)| *end);
    for cell in 0..width as u64 {
        let part = ends.iter().find(|(end, _)| *end > 2 * cell);
        match part {
            Some((_, style)) if last > 2 * cell + 1 => row.push("█", 1, *style),
            Some((_, style)) => row.push("▌", 1, *style),
            None => row.push("░", 1, DIM),
        }
    }
}

/// The colour of a load.
fn load_style(permille: u32) -> Style {
    Style::colored(match permille {
        0..500 => 92,
        500..800 => 93,
        _ => 91,
    })
}

/// The cores in `limit` rows at most of `width` cells; none where there are none.
pub(super) fn cores(cores: &[CoreRow], width: usize, limit: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    if cores.is_empty() || limit == 0 {
        return rows;
    }
    let digits = cores.iter().map(|core| decimal_digits(core.index)).max().unwrap_or(1);
    // Number, bar, percentage.
    let least = digits + 1 + LEAST_BAR_CELLS + 6;
    let fewest = if width >= 72 && cores.len() > 1 { 2 } else { 1 };
    let columns = cores.len().div_ceil(limit).max(fewest);
    let cell = (width + GAP_CELLS) / columns;
    if columns > COLUMN_LIMIT || cell < least + GAP_CELLS {
        return shades(cores, width, limit);
    }
    let count = cores.len().div_ceil(columns);
    for line in 0..count {
        let mut row = Row::default();
        // One column after the other, as in a list.
        for (column, core) in cores.iter().skip(line).step_by(count).enumerate() {
            let start = column * cell;
            row.pad(start, Style::PLAIN);
            row.push_text(&format!("{:>digits$} ", core.index), width, LABEL);
            let end = (start + cell - GAP_CELLS).min(width);
            if !core.is_online {
                row.push_text("offline", end, DIM);
                continue;
            }
            let bar = (end - row.len()).saturating_sub(6);
            push_bar(&mut row, bar, &[(core.load_permille, load_style(core.load_permille))]);
            row.push_text(
                &format!("{:>5}%", figures::percent(core.load_permille)),
                end,
                Style::PLAIN,
            );
        }
        rows.push(row);
    }
    rows
}

/// One cell for each core, and how many do not fit.
fn shades(cores: &[CoreRow], width: usize, limit: usize) -> Vec<Row> {
    let room = (width * limit).saturating_sub(if cores.len() > width * limit { 8 } else { 0 });
    let mut rows = alloc::vec![Row::default()];
    for core in cores.iter().take(room) {
        if rows.last().is_none_or(|row| row.len() >= width) {
            rows.push(Row::default());
        }
        let Some(row) = rows.last_mut() else { break };
        let shade = (core.load_permille as usize * SHADES.len() / 1001).min(SHADES.len() - 1);
        match core.is_online {
            true => row.push(SHADES[shade], 1, load_style(core.load_permille)),
            false => row.push("-", 1, DIM),
        }
    }
    if cores.len() > room
        && let Some(row) = rows.last_mut()
    {
        row.push_text(&format!(" +{}", cores.len() - room), width, DIM);
    }
    rows
}

fn decimal_digits(number: u32) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// The parts of the memory in use: name, bytes, colour.
fn parts(memory: &MemoryInfo) -> [(&'static str, u64, Style); 5] {
    let named = [
        memory.kernel_bytes,
        memory.heap_bytes,
        memory.arena_bytes,
        memory.stack_bytes,
    ];
    let named = named.into_iter().fold(0, u64::saturating_add);
    let used = memory.total_bytes.saturating_sub(memory.free_bytes);
    [
        ("kernel", memory.kernel_bytes, Style::colored(95)),
        ("heap", memory.heap_bytes, Style::colored(96)),
        ("tasks", memory.arena_bytes, Style::colored(92)),
        ("stacks", memory.stack_bytes, Style::colored(93)),
        ("other", used.saturating_sub(named), Style::colored(94)),
    ]
}

/// How much memory is used, as a bar.
pub(super) fn memory(memory: &MemoryInfo, width: usize) -> Row {
    let mut row = Row::default();
    let used = memory.total_bytes.saturating_sub(memory.free_bytes);
    let figure = format!(" {}/{}", figures::bytes(used), figures::bytes(memory.total_bytes));
    row.push_text("mem ", width, LABEL);
    let bar = width.saturating_sub(row.len() + figure.len());
    if bar >= LEAST_BAR_CELLS {
        let share = |bytes: u64| (u128::from(bytes) * 1000 / u128::from(memory.total_bytes.max(1))).min(1000) as u32;
        push_bar(
            &mut row,
            bar,
            &parts(memory).map(|(_, bytes, style)| (share(bytes), style)),
        );
    }
    row.push_text(&figure, width, Style::PLAIN);
    row
}

/// What the bar's colours mean.
pub(super) fn legend(memory: &MemoryInfo, width: usize) -> Row {
    let mut row = Row::default();
    row.pad(4.min(width), Style::PLAIN);
    let free = ("free", memory.free_bytes, DIM);
    let known = parts(memory).into_iter().filter(|(_, bytes, _)| *bytes > 0);
    for (name, bytes, style) in known.chain([free]) {
        let text = format!("{name} {}  ", figures::bytes(bytes));
        if row.len() + 2 + text.trim_end().len() > width {
            break;
        }
        row.push(if name == "free" { "░" } else { "█" }, 1, style);
        row.push_text(&format!(" {text}"), width, Style::PLAIN);
    }
    row
}

/// The same as text.
pub(super) fn memory_text(memory: &MemoryInfo) -> String {
    let used = memory.total_bytes.saturating_sub(memory.free_bytes);
    let mut text = format!(
        "memory {} of {}",
        figures::bytes(used),
        figures::bytes(memory.total_bytes)
    );
    for (name, bytes, _) in parts(memory).into_iter().filter(|(_, bytes, _)| *bytes > 0) {
        text.push_str(&format!(", {name} {}", figures::bytes(bytes)));
    }
    text
}
