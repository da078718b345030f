//! What the screen says first: name, version, machine, memory, and how to get help.

use alloc::format;
use alloc::string::String;

use services::host::Host;

/// Said where nobody can type at the screen.
pub const NO_KEYBOARD: &str = "No PS/2 keyboard answers. The first serial port has a prompt, at 115200 baud.\n";

/// The banner of session `index`, from 0, with CR LF line ends.
pub fn text(host: &Host, index: usize, has_keyboard: bool) -> String {
    if index > 0 {
        return format!("\x1b[1mSession {}\x1b[0m\r\n\r\n", index + 1);
    }
    let cpu = host.machine.cpu();
    let memory = host.machine.memory();
    let mut text = format!(
        "\x1b[1mRhaios {}\x1b[0m\r\n{}, {} MiB of memory, {}\r\n\
         help() tells what there is; Alt-F1 to Alt-F4 are sessions, Alt-F12 is the log.\r\n",
        env!("CARGO_PKG_VERSION"),
        cpu.brand,
        memory.total_bytes >> 20,
        host.machine.firmware(),
    );
    if !has_keyboard {
        text += &NO_KEYBOARD.replace('\n', "\r\n");
    }
    text.push_str("\r\n");
    text
}
