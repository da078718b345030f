//! What the screen says first: name, version, machine, memory, and how to get help.

use alloc::format;
use alloc::string::String;

use services::host::Host;

/// Said where nobody can type at the screen: which other ways in there are. `serial` names the serial port in use.
pub fn no_keyboard(serial: Option<&str>) -> String {
    match serial {
        Some(port) => format!("No PS/2 keyboard answers. The serial port {port} has a prompt, at 115200 baud.\n"),
        None => String::from("No PS/2 keyboard answers, and no serial port: there is no way to type here.\n"),
    }
}

/// The banner of session `index`, from 0, with CR LF line ends.
pub fn text(host: &Host, index: usize) -> String {
    if index > 0 {
        return format!("\x1b[1mSession {}\x1b[0m\r\n\r\n", index + 1);
    }
    let cpu = host.machine.cpu();
    let memory = host.machine.memory();
    format!(
        "\x1b[1mRhaios {}\x1b[0m\r\n{}, {} MiB of memory, {}\r\n\
         help() tells what there is; Alt-F1 to Alt-F4 are sessions, Alt-F12 is the log.\r\n\r\n",
        env!("CARGO_PKG_VERSION"),
        cpu.brand,
        memory.total_bytes >> 20,
        host.machine.firmware(),
    )
}
