//! The sessions on the display: the first from the start, the others when their key is pressed first.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicBool, Ordering};

use services::host::Host;
use services::terminal::Terminal;
use services::terminal::view::View;

use super::display::{self, Display, SESSIONS};
use super::{banner, keyboard, session};
use crate::executor::{Executor, Factory};

/// When it is known at the latest whether there is a keyboard.
const KEYBOARD_LIMIT_NS: u64 = 10_000_000_000;

/// See the module.
pub struct Sessions {
    executor: &'static Executor,
    host: Host,
    display: &'static Display,
    /// The serial port in use.
    serial: Option<&'static str>,
    started: [AtomicBool; SESSIONS],
}

impl Sessions {
    /// No session yet.
    pub fn new(
        executor: &'static Executor,
        host: Host,
        display: &'static Display,
        serial: Option<&'static str>,
    ) -> &'static Self {
        Box::leak(Box::new(Self {
            executor,
            host,
            display,
            serial,
            started: [const { AtomicBool::new(false) }; SESSIONS],
        }))
    }

    /// Starts the first session. Whether there is a keyboard takes time to find out: where there is none, that is said
    /// above the prompt.
    pub fn start_first(&'static self) {
        self.started[0].store(true, Ordering::Release);
        let Some(terminal) = self.start(0) else { return };
        let factory: Factory = Box::new(move || {
            Box::pin(async move {
                if keyboard::wait_until_known(KEYBOARD_LIMIT_NS).await == Some(false) {
                    terminal.print(banner::no_keyboard(self.serial)).await;
                }
            })
        });
        self.executor.start_service("first session", factory);
    }

    /// Shows session `number`, from 1, and starts it where it is new.
    pub fn open(&'static self, number: usize) {
        let index = number.clamp(1, SESSIONS) - 1;
        if let Err(error) = self.display.show_session(index) {
            log::warn!("session {number}: {error}");
            return;
        }
        if !self.started[index].swap(true, Ordering::AcqRel) {
            self.start(index);
        }
    }

    /// Shows the log.
    pub fn show_log(&'static self) {
        if let Err(error) = self.display.show_log() {
            log::warn!("the log cannot be shown: {error}");
        }
    }

    /// The display.
    pub fn display(&self) -> &'static Display {
        self.display
    }

    fn start(&'static self, index: usize) -> Option<&'static Terminal> {
        let console = match self.display.console(index) {
            Ok(console) => console,
            Err(error) => {
                log::warn!("session {}: {error}", index + 1);
                return None;
            }
        };
        let terminal: &'static Terminal = Box::leak(Box::new(Terminal::new(console)));
        let (columns, rows) = console.size_cells();
        terminal.set_view(View {
            columns,
            rows,
            shows_escapes: true,
        });
        console.show(&banner::text(&self.host, index));
        session::start(self.executor, self.host, terminal);
        Some(terminal)
    }
}

/// Starts the display's painter and the first session on it; the keyboard types at the one that is shown.
///
/// `serial` names the serial port in use, `keymap` the keyboard's layout.
pub fn start(
    executor: &'static Executor,
    host: Host,
    display: &'static Display,
    serial: Option<&'static str>,
    keymap: &'static str,
) {
    let sessions = Sessions::new(executor, host, display, serial);
    display::start_service(executor, display);
    keyboard::start_service(executor, sessions, keymap);
    sessions.start_first();
}
