//! The machine at work, on a whole terminal: cores, memory, tasks and interrupts, again and again.
//!
//! Pure: moments ([`Snapshot`]) and keys go in, bytes for a terminal come out. Who owns it waits for keys and for the time,
//! and does what a [`Step`] asks for.
//!
//! | module | what it does |
//! |---|---|
//! | [`snapshot`] | the machine at one moment |
//! | [`rates`] | what has happened between two moments |
//! | `figures` | numbers in few characters |
//! | `bars` | cores and memory |
//! | `table` | tasks, in columns |
//! | `panels` | what lies beside the tasks: interrupts; disks and networks get theirs here |
//! | `draw` | where everything is |
//! | [`plain`] | the same as text, for terminals that show nothing else |

mod bars;
mod draw;
mod figures;
mod panels;
pub mod plain;
pub mod rates;
pub mod snapshot;
mod table;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::painter::{Painter, Style};
use crate::task::{TaskId, TaskState};
use crate::terminal::keys::Key;
use crate::terminal::view::View;
use rates::{Rates, TaskRow};
use table::Sort;

pub use snapshot::Snapshot;

/// Milliseconds from one look to the next that `+` and `-` choose from.
const INTERVALS_MS: [u64; 7] = [100, 200, 500, 1000, 2000, 5000, 10_000];
/// The place of the usual one.
const USUAL_INTERVAL: usize = 3;

const DIM: Style = Style::colored(90);
const LABEL: Style = Style::colored(96);
const TITLE: Style = Style::colored(95).bold();

/// What a key leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: draw, and wait on.
    Stay,
    /// A fresh snapshot is wanted now.
    Refresh,
    /// This task shall end. Say what came of it with [`Dashboard::say`].
    Kill(TaskId),
    /// The person has seen enough.
    Leave,
}

/// What the keys mean now.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Table,
    Help,
    /// Whether to end this task, by its name.
    AskKill(TaskId, String),
}

/// What is shown, and of which moment.
#[derive(Debug)]
pub struct Dashboard {
    view: View,
    painter: Painter,
    latest: Snapshot,
    rates: Rates,
    /// The tasks that are listed, as places in `rates`, in order.
    order: Vec<usize>,
    sort: Sort,
    is_descending: bool,
    shows_ended: bool,
    /// The panels have the tasks' place too.
    is_panels_only: bool,
    /// The task that is selected; its place in the list is kept for when it goes.
    selected: Option<TaskId>,
    selected_row: usize,
    /// The first row of the list that is seen.
    top: usize,
    /// Rows of the list that were seen last.
    page_rows: usize,
    interval: usize,
    is_paused: bool,
    mode: Mode,
    /// Said in the last row until the next key.
    message: String,
}

impl Dashboard {
    /// Shows `first` on a terminal of this size. Figures by the second are means since the start until there is a second
    /// snapshot.
    pub fn new(view: View, first: Snapshot) -> Self {
        let mut dashboard = Self {
            view,
            painter: Painter::default(),
            rates: Rates::between(None, &first),
            latest: first,
            order: Vec::new(),
            sort: Sort::Processor,
            is_descending: true,
            shows_ended: false,
            is_panels_only: false,
            selected: None,
            selected_row: 0,
            top: 0,
            page_rows: 1,
            interval: USUAL_INTERVAL,
            is_paused: false,
            mode: Mode::Table,
            message: String::new(),
        };
        dashboard.painter.forget();
        dashboard.arrange();
        dashboard
    }

    /// Milliseconds from one snapshot to the next.
    pub fn interval_ms(&self) -> u64 {
        INTERVALS_MS[self.interval]
    }

    /// No new snapshots are wanted.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Shows another moment, and what happened since the one before.
    pub fn update(&mut self, now: Snapshot) {
        self.rates = Rates::between(Some(&self.latest), &now);
        self.latest = now;
        self.arrange();
    }

    /// The terminal has this size now.
    pub fn resize(&mut self, view: View) {
        if (view.columns, view.rows) != (self.view.columns, self.view.rows) {
            self.painter.forget();
        }
        self.view = view;
    }

    /// Shows a message in the last row until the next key.
    pub fn say(&mut self, message: &str) {
        self.message = message.into();
    }

    /// Acts on a key.
    pub fn press(&mut self, key: Key) -> Step {
        self.message.clear();
        if key == Key::Control('c') {
            return Step::Leave;
        }
        match core::mem::replace(&mut self.mode, Mode::Table) {
            Mode::Table => self.command(key),
            Mode::Help => Step::Stay,
            Mode::AskKill(id, _) if matches!(key, Key::Character('y' | 'Y')) => Step::Kill(id),
            Mode::AskKill(..) => {
                self.say("nothing was ended");
                Step::Stay
            }
        }
    }

    fn command(&mut self, key: Key) -> Step {
        let page = self.page_rows.max(1) as isize;
        match key.without_shift() {
            Key::Character('q' | 'Q') | Key::Escape | Key::Control('d') | Key::Function(10) => return Step::Leave,
            Key::Up | Key::Control('p') => self.select_by(-1),
            Key::Down | Key::Control('n') => self.select_by(1),
            Key::PageUp => self.select_by(-page),
            Key::PageDown => self.select_by(page),
            Key::Home | Key::TextStart => self.select_by(isize::MIN),
            Key::End | Key::TextEnd => self.select_by(isize::MAX),
            Key::Character('c') => self.sort_by(Sort::Processor),
            Key::Character('m') => self.sort_by(Sort::Memory),
            Key::Character('o') => self.sort_by(Sort::Operations),
            Key::Character('t') => self.sort_by(Sort::Time),
            Key::Character('i') => self.sort_by(Sort::Number),
            Key::Character('n') => self.sort_by(Sort::Name),
            Key::Character('s') => self.sort_by(Sort::State),
            Key::Character('r') => {
                self.is_descending = !self.is_descending;
                self.arrange();
            }
            Key::Character('e') => {
                self.shows_ended = !self.shows_ended;
                self.arrange();
            }
            Key::Tab | Key::BackTab => self.is_panels_only = !self.is_panels_only,
            Key::Character('k') | Key::Delete | Key::Function(9) => self.ask_kill(),
            Key::Character('p') => {
                self.is_paused = !self.is_paused;
                if !self.is_paused {
                    return Step::Refresh;
                }
            }
            Key::Character('+' | '=') => self.interval = (self.interval + 1).min(INTERVALS_MS.len() - 1),
            Key::Character('-') => self.interval = self.interval.saturating_sub(1),
            Key::Character('?' | 'h') | Key::Function(1) => self.mode = Mode::Help,
            Key::Character(' ') => return Step::Refresh,
            Key::Control('l') => self.painter.forget(),
            _ => {}
        }
        Step::Stay
    }

    fn sort_by(&mut self, sort: Sort) {
        self.sort = sort;
        self.is_descending = sort.is_descending_first();
        self.arrange();
    }

    fn ask_kill(&mut self) {
        let Some(task) = self.selected_task() else { return };
        if task.state == TaskState::Ended {
            let message = format!("task {} has ended already", task.id.0);
            self.say(&message);
        } else {
            self.mode = Mode::AskKill(task.id, task.name.clone());
        }
    }

    /// The tasks that are listed, in order.
    fn listed(&self) -> impl Iterator<Item = &TaskRow> {
        self.order.iter().filter_map(|&index| self.rates.tasks.get(index))
    }

    fn selected_task(&self) -> Option<&TaskRow> {
        self.listed().nth(self.selected_row)
    }

    fn select_by(&mut self, rows: isize) {
        let last = self.order.len().saturating_sub(1);
        self.selected_row = self.selected_row.saturating_add_signed(rows).min(last);
        self.selected = self.selected_task().map(|task| task.id);
    }

    /// Orders the tasks. The selection stays with its task as long as that is listed, else in its row.
    fn arrange(&mut self) {
        let tasks = &self.rates.tasks;
        let is_listed = |index: &usize| self.shows_ended || tasks[*index].state != TaskState::Ended;
        let mut order: Vec<usize> = (0..tasks.len()).filter(is_listed).collect();
        let (sort, is_descending) = (self.sort, self.is_descending);
        order.sort_unstable_by(|&one, &other| {
            let ordering = sort.compare(&tasks[one], &tasks[other]);
            let ordering = if is_descending { ordering.reverse() } else { ordering };
            ordering.then(tasks[one].id.cmp(&tasks[other].id))
        });
        self.order = order;
        let place = self.listed().position(|task| Some(task.id) == self.selected);
        self.selected_row = place.unwrap_or(self.selected_row.min(self.order.len().saturating_sub(1)));
        // Until somebody selects a task, the selection is the first row, whoever is there.
        if self.selected.is_some() {
            self.selected = self.selected_task().map(|task| task.id);
        }
    }
}
