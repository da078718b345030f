//! Where everything is: from the top the title, cores, memory, tasks, the panels beside or below them, and the last row.
//! What there is no room for is left out; what is most worth knowing stays to the last.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::panels::{self, Panel};
use super::{DIM, Dashboard, LABEL, Mode, TITLE, bars, figures, table};
use crate::painter::{Row, Style, cells};
use crate::task::TaskState;

/// From this width on the panels lie to the right of the tasks.
const WIDE_COLUMNS: usize = 110;
/// Cells of the panels there.
const SIDE_CELLS: usize = 36;
/// A terminal of fewer rows shows nothing but the most important.
const LOW_ROWS: usize = 5;
/// From this height on there are titles, the legend and the panels.
const TALL_ROWS: usize = 16;

/// The keys, for `?`.
const HELP: [(&str, &str); 14] = [
    ("Up Down PgUp PgDn", "select a task"),
    ("Home End", "the first, the last one"),
    ("c", "by processor share"),
    ("m", "by memory"),
    ("o", "by Rhai operations per second"),
    ("t", "by processor time since the start"),
    ("i n s", "by number, name, state"),
    ("r", "the other way round"),
    ("e", "show or hide tasks that have ended"),
    ("k Delete", "end the selected task"),
    ("p Space", "pause; look at once"),
    ("+ -", "look less often, more often"),
    ("Tab", "interrupts only"),
    ("q Esc Ctrl-C", "leave"),
];

impl Dashboard {
    /// Sends what brings the terminal up to date.
    pub fn draw(&mut self, out: &mut Vec<u8>) {
        let rows = self.rows();
        self.painter.paint(rows, None, out);
    }

    /// All rows of the terminal.
    pub(super) fn rows(&mut self) -> Vec<Row> {
        let (width, height) = (self.view.columns, self.view.rows);
        let mut rows = Vec::with_capacity(height);
        rows.push(self.title(width));
        if self.mode == Mode::Help {
            self.push_help(&mut rows, width);
        } else {
            let last = usize::from(height >= LOW_ROWS);
            let cores = if height >= LOW_ROWS {
                (height / 5).clamp(1, 8)
            } else {
                0
            };
            rows.extend(bars::cores(&self.rates.cores, width, cores));
            if height > LOW_ROWS {
                rows.push(bars::memory(&self.latest.memory, width));
            }
            if height >= TALL_ROWS {
                rows.push(bars::legend(&self.latest.memory, width));
            }
            self.push_lists(&mut rows, width, height.saturating_sub(last));
        }
        rows.resize(height.max(1), Row::default());
        if height >= LOW_ROWS
            && let Some(last) = rows.last_mut()
        {
            *last = self.last_row(width);
        }
        rows.truncate(height);
        rows
    }

    /// Who and when; at the right edge how often.
    fn title(&self, width: usize) -> Row {
        let latest = &self.latest;
        let style = LABEL.reversed();
        let mut row = Row::default();
        row.push_text(" ", width, style);
        row.push_text(&latest.system, width, style.bold());
        let mut facts = alloc::vec![format!("up {}", figures::uptime(latest.uptime_ns))];
        facts.extend(latest.unix_ms.map(figures::wall_clock));
        if let Some(load) = self.rates.load_permille() {
            facts.push(format!("load {} %", figures::percent(load)));
        }
        let pace = match self.is_paused {
            true => String::from("PAUSED"),
            false => format!("every {}", figures::interval(self.interval_ms())),
        };
        let room = width.saturating_sub(pace.len() + 2);
        for fact in facts {
            let text = format!("   {fact}");
            if row.len() + text.len() <= room {
                row.push_text(&text, width, style);
            }
        }
        if row.len() <= room {
            row.pad(room + 1, style);
            let style = if self.is_paused {
                Style::colored(93).bold().reversed()
            } else {
                style
            };
            row.push_text(&pace, width, style);
        }
        row.pad(width, style);
        row
    }

    /// The tasks and the panels, down to row `end`.
    fn push_lists(&mut self, rows: &mut Vec<Row>, width: usize, end: usize) {
        let is_tall = self.view.rows >= TALL_ROWS;
        let room = end.saturating_sub(rows.len());
        let panels = panels::all(&self.rates);
        if self.is_panels_only {
            for panel in &panels {
                let left = end.saturating_sub(rows.len());
                push_panel(rows, panel, width, left);
            }
            if panels.is_empty() && room > 0 {
                let mut row = Row::default();
                row.push_text("this machine does not tell of interrupts (Tab: tasks)", width, DIM);
                rows.push(row);
            }
        } else if width >= WIDE_COLUMNS && is_tall && !panels.is_empty() {
            let mut side = Vec::new();
            for panel in &panels {
                let left = room - side.len();
                push_panel(&mut side, panel, SIDE_CELLS, left);
            }
            let left = width - SIDE_CELLS - 3;
            let mut tasks = Vec::new();
            self.push_tasks(&mut tasks, left, room);
            for index in 0..room {
                let mut row = tasks.get(index).cloned().unwrap_or_default();
                row.pad(left + 1, Style::PLAIN);
                row.push("│", 1, DIM);
                row.pad(left + 3, Style::PLAIN);
                if let Some(side) = side.get(index) {
                    side.copy_to(&mut row, 0..side.len());
                }
                rows.push(row);
            }
        } else {
            let mut below = Vec::new();
            if is_tall {
                for panel in &panels {
                    let left = (room / 4).saturating_sub(below.len());
                    push_panel(&mut below, panel, width, left);
                }
            }
            self.push_tasks(rows, width, room - below.len());
            rows.resize(end - below.len(), Row::default());
            rows.append(&mut below);
        }
    }

    /// The tasks in `limit` rows: title, columns' names, and those around the selected one.
    fn push_tasks(&mut self, rows: &mut Vec<Row>, width: usize, limit: usize) {
        let mut left = limit;
        if self.view.rows >= TALL_ROWS && left > 0 {
            rows.push(ruled(&self.tasks_title(), width));
            left -= 1;
        }
        if left > 1 {
            rows.push(table::header(self.sort, self.is_descending, width));
            left -= 1;
        }
        self.page_rows = left;
        let count = self.order.len();
        self.top = self
            .top
            .min(self.selected_row)
            .max((self.selected_row + 1).saturating_sub(left.max(1)));
        // No empty rows below the list where it has rows above.
        self.top = self.top.min(count.saturating_sub(left));
        let (top, selected) = (self.top, self.selected_row);
        let listed = self.listed().enumerate().skip(top).take(left);
        rows.extend(listed.map(|(index, task)| table::row(task, index == selected, width)));
    }

    fn tasks_title(&self) -> String {
        let count = |state| self.rates.tasks.iter().filter(|task| task.state == state).count();
        let (ready, waiting, ended) = (
            count(TaskState::Ready),
            count(TaskState::Waiting),
            count(TaskState::Ended),
        );
        let mut title = format!("tasks: {ready} ready, {waiting} waiting");
        if ended > 0 {
            let hidden = if self.shows_ended { "" } else { " (e: show)" };
            title.push_str(&format!(", {ended} ended{hidden}"));
        }
        title
    }

    fn push_help(&self, rows: &mut Vec<Row>, width: usize) {
        rows.push(Row::default());
        for (keys, meaning) in HELP {
            let mut row = Row::default();
            row.push_text(&format!("  {keys:<19}"), width, LABEL);
            row.push_text(meaning, width, Style::PLAIN);
            rows.push(row);
        }
    }

    /// A question, a message or the most important keys.
    fn last_row(&self, width: usize) -> Row {
        let mut row = Row::default();
        let asks = Style::colored(93).bold().reversed();
        match &self.mode {
            Mode::Help => row.push_text("any key goes back", width, DIM),
            Mode::AskKill(id, name) => {
                let whose = if Some(*id) == self.latest.own_task {
                    ", this session's"
                } else {
                    ""
                };
                row.push_text(&format!(" End task {} ({name}{whose})? y/n ", id.0), width, asks);
            }
            Mode::Table if !self.message.is_empty() => row.push_text(&self.message, width, Style::colored(93)),
            Mode::Table => {
                let keys = [
                    ("q", "leave"),
                    ("?", "keys"),
                    ("k", "end task"),
                    ("p", "pause"),
                    ("c m o t i n s", "sort"),
                    ("+ -", "interval"),
                    ("Tab", "interrupts"),
                ];
                for (key, meaning) in keys {
                    let length = cells::column_of(key, key.len()) + 1 + meaning.len();
                    if row.len() + length > width {
                        break;
                    }
                    row.push_text(key, width, LABEL);
                    row.push_text(&format!(" {meaning}   "), width, DIM);
                }
            }
        }
        row
    }
}

/// Title and rows of a panel, where there is room for both.
fn push_panel(rows: &mut Vec<Row>, panel: &Panel, width: usize, limit: usize) {
    if limit >= 2 {
        rows.push(ruled(panel.title, width));
        rows.extend(panel.rows(width, limit - 1));
    }
}

/// A title on a line across.
fn ruled(title: &str, width: usize) -> Row {
    let mut row = Row::default();
    for _ in 0..width.min(2) {
        row.push("─", 1, DIM);
    }
    row.push_text(&format!(" {title} "), width, TITLE);
    while row.len() < width {
        row.push("─", 1, DIM);
    }
    row
}
