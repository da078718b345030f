//! Long results page by page, on terminals that show escape sequences; on others, and where the terminal is not to be
//! had, they are printed as far as [`Limits::ordinary`] goes.
//!
//! The pager itself is a service without a terminal ([`services::pager`]); here it is given text, as much as it wants,
//! and keys. It lies in the task's arena, and text is made as pages are turned.

use alloc::string::String;
use alloc::vec::Vec;

use rhai::{Array, Dynamic, ImmutableString};
use services::host::{self, Interrupted};
use services::pager::{Pager, Step};
use services::terminal::Terminal;
use services::terminal::keys::Key;
use services::terminal::view::View;

use crate::context::TaskContext;
use crate::show::table::{LAYOUT_ROWS, Table};
use crate::show::{self, Limits};

/// Rows of a table that are made at once.
const ROWS_AT_ONCE: usize = 50;

/// What the task's terminal can show.
pub fn view(context: &TaskContext) -> View {
    context.terminal.map(Terminal::view).unwrap_or_default()
}

/// Shows a result as the prompt does.
///
/// # Errors
///
/// [`Interrupted`] where the task must stop.
pub fn show_result(context: &TaskContext, value: &Dynamic) -> Result<(), Interrupted> {
    let view = view(context);
    let Some(text) = show::value(value, Limits::ordinary(view.columns)) else {
        return Ok(());
    };
    if fits(&text, view) {
        return context.print_line(&text);
    }
    let limits = Limits::paged(view.columns, context);
    if let Some(rows) = value.read_lock::<Array>()
        && show::is_rows(&rows, limits)
    {
        let mut table = TableText::new(&rows, limits);
        return turn_pages(context, view, &text, &mut |out| table.more(out));
    }
    drop(text);
    let whole = show::value(value, limits).unwrap_or_default();
    show_text(context, &whole)
}

/// Shows a value for itself: text as it is, all else as a result.
///
/// # Errors
///
/// [`Interrupted`] where the task must stop.
pub fn show_page(context: &TaskContext, value: &Dynamic) -> Result<(), Interrupted> {
    match value.read_lock::<ImmutableString>() {
        Some(text) => show_text(context, &text),
        None => show_result(context, value),
    }
}

/// Prints `text`, page by page where it is longer than the screen.
///
/// # Errors
///
/// [`Interrupted`] where the task must stop.
pub fn show_text(context: &TaskContext, text: &str) -> Result<(), Interrupted> {
    let view = view(context);
    if fits(text, view) {
        return context.print_line(text);
    }
    let mut rest = Some(text);
    turn_pages(context, view, text, &mut |out| {
        out.push_str(rest.take()?);
        Some((1, 1))
    })
}

/// Whether `text` needs no pager: it leaves the prompt a row, or nobody could turn pages.
fn fits(text: &str, view: View) -> bool {
    if !view.shows_escapes {
        return true;
    }
    let mut pager = Pager::new(view);
    // Each row has a column at least: so many bytes are too many for sure.
    let enough = text.floor_char_boundary(text.len().min(16 * (view.columns + 1) * view.rows));
    pager.push(&text[..enough], (1, 1));
    !pager.is_long()
}

/// A table, made some rows at a time.
struct TableText<'a> {
    rows: &'a Array,
    table: Table,
    next: usize,
}

impl<'a> TableText<'a> {
    fn new(rows: &'a Array, limits: Limits<'_>) -> Self {
        Self {
            rows,
            table: Table::layout(rows.iter().take(LAYOUT_ROWS), limits.columns),
            next: 0,
        }
    }

    fn more(&mut self, out: &mut String) -> Option<(usize, usize)> {
        let all = self.rows.len();
        if self.next >= all {
            return None;
        }
        if self.next == 0 {
            self.table.write_header(out);
            out.push('\n');
        }
        for row in self.rows.iter().skip(self.next).take(ROWS_AT_ONCE) {
            self.table.write_row(row, out);
            out.push('\n');
            self.next += 1;
        }
        if self.next == all {
            self.table.write_footer(out);
        }
        Some((self.next, all))
    }
}

/// Lets the person turn pages of what `more` adds, which tells how much of all there is has come, and `None` at the end.
/// Prints `otherwise` where the terminal is not to be had.
fn turn_pages(
    context: &TaskContext,
    view: View,
    otherwise: &str,
    more: &mut dyn FnMut(&mut String) -> Option<(usize, usize)>,
) -> Result<(), Interrupted> {
    let Some(stage) = Stage::enter(context, Keys::All)? else {
        return context.print_line(otherwise);
    };
    let mut pager = Pager::new(view);
    let result = serve(&stage, &mut pager, more);
    stage.leave();
    result?;
    // What was looked at last stays to be seen while the next line is typed.
    context.print_line(&pager.page_text())
}

fn serve(
    stage: &Stage<'_>,
    pager: &mut Pager,
    more: &mut dyn FnMut(&mut String) -> Option<(usize, usize)>,
) -> Result<(), Interrupted> {
    let mut out = String::new();
    loop {
        while pager.wants_more() {
            if stage.context.safepoint(stage.context.control.operations()).is_some() {
                return Err(Interrupted);
            }
            out.clear();
            match more(&mut out) {
                Some(progress) => pager.push(&out, progress),
                None => pager.finish(""),
            }
        }
        out.clear();
        pager.draw(&mut out);
        stage.send(&out)?;
        let Some(key) = stage.read_key(None)? else {
            return Ok(());
        };
        if pager.press(key) == Step::Leave {
            return Ok(());
        }
        pager.resize(view(stage.context));
    }
}

/// Which keys come to a [`Stage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// All, Ctrl-C among them.
    All,
    /// Ctrl-C ends the evaluation.
    WithoutControlC,
}

/// The terminal's alternate screen in the hands of the task. It owns nothing: where the task dies, the end of the
/// evaluation gives the terminal back.
pub struct Stage<'a> {
    context: &'a TaskContext,
    terminal: &'static Terminal,
}

impl<'a> Stage<'a> {
    /// Clears the alternate screen for the task; `None` where the terminal is not the task's to have.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] where the task must stop.
    pub fn enter(context: &'a TaskContext, keys: Keys) -> Result<Option<Self>, Interrupted> {
        let Some(terminal) = context.terminal.filter(|terminal| terminal.view().shows_escapes) else {
            return Ok(None);
        };
        if context.on_kernel_heap(|| terminal.take_keys(context.control)).is_err() {
            return Ok(None);
        }
        let stage = Self { context, terminal };
        let entered = context.on_kernel_heap(|| host::block_on(context.host.tasks, terminal.enter_full_screen()));
        if keys == Keys::WithoutControlC {
            context.on_kernel_heap(|| terminal.give_keys_back());
        }
        match entered {
            Ok(true) => Ok(Some(stage)),
            // Another call of this task draws there.
            Ok(false) => {
                context.on_kernel_heap(|| terminal.give_keys_back());
                Ok(None)
            }
            Err(Interrupted) => {
                stage.leave();
                Err(Interrupted)
            }
        }
    }

    /// Sends text as it is.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] where the task must stop.
    pub fn send(&self, text: &str) -> Result<(), Interrupted> {
        let terminal = self.terminal;
        self.context.on_kernel_heap(|| {
            let bytes = Vec::from(text.as_bytes());
            host::block_on(
                self.context.host.tasks,
                async move { terminal.print_bytes(&bytes).await },
            )
        })
    }

    /// The next key; `None` where `limit_ms` passes, or the terminal is no longer the task's.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] where the task must stop.
    pub fn read_key(&self, limit_ms: Option<u64>) -> Result<Option<Key>, Interrupted> {
        read_key(self.context, self.terminal, limit_ms)
    }

    /// Asks the terminal for its size where nobody else tells it; the answer changes [`view`] as the next key is read.
    pub fn ask_size(&self) {
        self.context.on_kernel_heap(|| self.terminal.ask_size());
    }

    /// Gives the terminal back, with what was on it before.
    pub fn leave(self) {
        self.context.on_kernel_heap(|| {
            self.terminal.leave_full_screen();
            self.terminal.give_keys_back();
        });
    }
}

/// The next key that is typed at the task's terminal; `None` where `limit_ms` passes, or the task may not read keys.
///
/// # Errors
///
/// [`Interrupted`] where the task must stop.
pub fn read_key(
    context: &TaskContext,
    terminal: &'static Terminal,
    limit_ms: Option<u64>,
) -> Result<Option<Key>, Interrupted> {
    context.on_kernel_heap(|| {
        let limit = limit_ms.map(|ms| context.after_ms(ms));
        let key = terminal.read_key(context.control, context.host.clock, limit);
        host::block_on(context.host.tasks, key).map(|key| key.unwrap_or(None))
    })
}
