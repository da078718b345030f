//! What the screen says first: name, version, machine, memory, and how to get help.

use alloc::format;
use alloc::string::String;

use services::host::Host;

/// The banner's text, with CR LF line ends.
pub fn text(host: &Host, has_keyboard: bool) -> String {
    let cpu = host.machine.cpu();
    let memory = host.machine.memory();
    let mut text = format!(
        "\x1b[1mRhaios {}\x1b[0m\r\n{}, {} MiB of memory, {}\r\nhelp() tells what there is.\r\n",
        env!("CARGO_PKG_VERSION"),
        cpu.brand,
        memory.total_bytes >> 20,
        host.machine.firmware(),
    );
    if !has_keyboard {
        text.push_str("No PS/2 keyboard answers. The first serial port has a prompt, at 115200 baud.\r\n");
    }
    text.push_str("\r\n");
    text
}
