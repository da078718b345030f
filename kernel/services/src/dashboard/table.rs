//! Tasks in columns: as many of them as the terminal is wide enough for.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::figures;
use super::rates::TaskRow;
use super::{DIM, LABEL};
use crate::painter::{Row, Style, cells};
use crate::task::TaskState;

/// What tasks are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Processor,
    Memory,
    Operations,
    Time,
    Number,
    Name,
    State,
}

impl Sort {
    pub(super) fn compare(self, one: &TaskRow, other: &TaskRow) -> Ordering {
        match self {
            Self::Processor => one.share_permille.cmp(&other.share_permille),
            Self::Memory => one.memory_bytes.cmp(&other.memory_bytes),
            Self::Operations => one.operations_per_s.cmp(&other.operations_per_s),
            Self::Time => one.cpu_time_us.cmp(&other.cpu_time_us),
            Self::Number => one.id.cmp(&other.id),
            Self::Name => one.name.cmp(&other.name),
            Self::State => (one.state as u8).cmp(&(other.state as u8)),
        }
    }

    /// Figures are wanted from the largest, names from A.
    pub(super) fn is_descending_first(self) -> bool {
        !matches!(self, Self::Number | Self::Name | Self::State)
    }
}

/// A column.
#[derive(Clone, Copy)]
struct Column {
    title: &'static str,
    sort: Sort,
    width: usize,
    /// Columns with larger numbers go first where the terminal is narrow.
    rank: u8,
}

const fn column(title: &'static str, sort: Sort, width: usize, rank: u8) -> Column {
    Column {
        title,
        sort,
        width,
        rank,
    }
}

/// The columns from the left; the name takes what the others leave, and at least this.
const COLUMNS: [Column; 7] = [
    column("ID", Sort::Number, 6, 1),
    column("STATE", Sort::State, 7, 4),
    column("CPU %", Sort::Processor, 5, 3),
    column("MEMORY", Sort::Memory, 6, 5),
    column("OPS/S", Sort::Operations, 5, 6),
    column("TIME", Sort::Time, 9, 7),
    column("NAME", Sort::Name, 8, 2),
];

/// The columns that fit into `width` cells, and how wide they are.
fn fitting(width: usize) -> Vec<Column> {
    let mut columns = Vec::from(COLUMNS);
    let taken = |columns: &[Column]| columns.iter().map(|column| column.width + 1).sum::<usize>();
    while columns.len() > 1 && taken(&columns) > width + 1 {
        let last = columns.iter().map(|column| column.rank).max();
        columns.retain(|column| Some(column.rank) != last);
    }
    let rest = (width + 1).saturating_sub(taken(&columns));
    if let Some(name) = columns.iter_mut().find(|column| column.sort == Sort::Name) {
        name.width += rest;
    }
    columns
}

/// Adds a text to the left or to the right of its column.
fn push_cell(row: &mut Row, column: Column, text: &str, limit: usize, style: Style, gap: Style) {
    let start = row.len();
    let is_left = matches!(column.sort, Sort::Name | Sort::State);
    let end = (start + column.width).min(limit);
    if !is_left {
        let width = cells::column_of(text, text.len());
        row.pad((start + column.width.saturating_sub(width)).min(end), gap);
    }
    row.push_text(text, end, style);
    row.pad((end + 1).min(limit), gap);
}

/// The columns' names; that of the order stands out.
pub(super) fn header(sort: Sort, is_descending: bool, width: usize) -> Row {
    let base = LABEL.reversed();
    let mut row = Row::default();
    for column in fitting(width) {
        let is_sorted = column.sort == sort;
        let style = if is_sorted {
            Style::colored(93).bold().reversed()
        } else {
            base
        };
        let mark = match (is_sorted, is_descending) {
            (true, true) => "▼",
            (true, false) => "▲",
            _ => "",
        };
        let title = match column.title.len() + mark.chars().count() <= column.width {
            true => format!("{}{mark}", column.title),
            // The title's last letter makes room for the mark.
            false => format!("{}{mark}", &column.title[..column.title.len() - 1]),
        };
        push_cell(&mut row, column, &title, width, style, base);
    }
    row.pad(width, base);
    row
}

/// One task.
pub(super) fn row(task: &TaskRow, is_selected: bool, width: usize) -> Row {
    let base = match (is_selected, task.state) {
        (true, _) => Style::PLAIN.reversed(),
        (false, TaskState::Ended) => DIM,
        (false, _) => Style::PLAIN,
    };
    let colored = |color: u8| match (is_selected, task.state) {
        (false, TaskState::Ready | TaskState::Waiting) => Style::colored(color),
        _ => base,
    };
    let mut row = Row::default();
    for column in fitting(width) {
        let (text, style) = match column.sort {
            Sort::Number => (format!("{}", task.id.0), colored(90)),
            Sort::Name => (cut(&task.name, column.width), base),
            Sort::State => (
                String::from(task.state.name()),
                colored(if task.state == TaskState::Ready { 92 } else { 90 }),
            ),
            Sort::Processor => (
                figures::percent(task.share_permille),
                colored(match task.share_permille {
                    0 => 90,
                    1..500 => 92,
                    500..800 => 93,
                    _ => 91,
                }),
            ),
            Sort::Memory => (figures::bytes(task.memory_bytes), base),
            Sort::Operations => (
                figures::count(task.operations_per_s),
                colored(if task.operations_per_s == 0 { 90 } else { 0 }),
            ),
            Sort::Time => (figures::cpu_time(task.cpu_time_us), base),
        };
        push_cell(&mut row, column, &text, width, style, base);
    }
    if is_selected {
        row.pad(width, base);
    }
    row
}

/// A name that is cut says so.
fn cut(name: &str, width: usize) -> String {
    if cells::column_of(name, name.len()) <= width {
        return name.into();
    }
    let end = cells::byte_at(name, width.saturating_sub(1));
    format!("{}~", &name[..end])
}
