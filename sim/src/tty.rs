//! The developer's terminal: raw while the prompt has it, as it was at every end of the program.

use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::process::{self, Command};
use std::sync::OnceLock;
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use services::terminal::Terminal;
use services::terminal::view::View;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};
use signal_hook::iterator::Signals;

/// The terminal's settings before we changed them.
static ORIGINAL: OnceLock<Termios> = OnceLock::new();

/// Whether a person sits before both ends.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// What the terminal can show now.
pub fn view() -> View {
    let size = tcgetwinsize(io::stdout()).ok();
    let size = size.filter(|size| size.ws_col > 0 && size.ws_row > 0);
    let default = View::default();
    View {
        columns: size.map_or(default.columns, |size| size.ws_col.into()),
        rows: size.map_or(default.rows, |size| size.ws_row.into()),
        shows_escapes: is_interactive() && std::env::var("TERM").is_ok_and(|name| !name.is_empty() && name != "dumb"),
    }
}

/// Makes the terminal raw until [`restore`]; every key comes as it is. A panic gives it back too.
///
/// # Errors
///
/// What the host says.
pub fn take() -> io::Result<()> {
    if ORIGINAL.get().is_none() {
        let _ = ORIGINAL.set(tcgetattr(io::stdin())?);
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            report(panic);
        }));
    }
    make_raw()
}

fn make_raw() -> io::Result<()> {
    let Some(original) = ORIGINAL.get() else { return Ok(()) };
    let mut raw = original.clone();
    raw.make_raw();
    Ok(tcsetattr(io::stdin(), OptionalActions::Now, &raw)?)
}

/// Gives the terminal back as it was.
pub fn restore() {
    if let Some(original) = ORIGINAL.get() {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, original);
    }
}

/// Ends the program.
pub fn exit(code: i32) -> ! {
    restore();
    process::exit(code)
}

/// Starts the program anew, with the same words.
pub fn restart() -> ! {
    restore();
    let error = match std::env::current_exe() {
        Ok(program) => Command::new(program).args(std::env::args_os().skip(1)).exec(),
        Err(error) => error,
    };
    eprintln!("sim: {error}");
    process::exit(1)
}

/// Follows the terminal's size, and gives it back when the program is told to end.
///
/// # Errors
///
/// What the host says.
pub fn follow_signals(terminal: &'static Terminal) -> io::Result<()> {
    let mut signals = Signals::new([SIGWINCH, SIGCONT, SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
    thread::spawn(move || {
        for signal in &mut signals {
            match signal {
                SIGWINCH => terminal.set_view(view()),
                // The shell had the terminal meanwhile.
                SIGCONT => {
                    let _ = make_raw();
                    terminal.set_view(view());
                }
                ending => exit(128 + ending),
            }
        }
    });
    Ok(())
}
