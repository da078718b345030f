//! What people type who come from a shell, a Linux box or another language: what does that here.

use alloc::format;
use alloc::string::String;

use crate::context::TaskContext;
use crate::engine;

/// Words of elsewhere, and how that is written here.
const HABITS: &[(&str, &str)] = &[
    ("apt", "/rom and import: there are no packages to install"),
    ("cat", "fs::read(path)"),
    ("cp", "fs::write(to, fs::read_blob(from))"),
    ("date", "time::now()"),
    ("df", "mem::info()"),
    ("dmesg", "log::tail()"),
    ("dmidecode", "hw::info()"),
    ("echo", "print(value)"),
    ("free", "mem::info()"),
    ("halt", "power::off()"),
    ("htop", "dashboard()"),
    ("iomem", "mem::map()"),
    ("journalctl", "log::tail()"),
    ("kill", "task::kill(id)"),
    ("ls", "fs::list(path)"),
    ("lscpu", "cpu::info()"),
    ("lspci", "pci::list()"),
    ("man", "?name"),
    ("mkdir", "fs::make_dir(path)"),
    ("nano", "edit(path)"),
    ("poweroff", "power::off()"),
    ("printf", "print(value)"),
    ("println", "print(value)"),
    ("ps", "task::list()"),
    ("pwd", "a path from / on: there is no current directory"),
    ("quit", "Ctrl-D for a fresh session, or power::off()"),
    ("rdmsr", "hw::read_msr(register)"),
    ("reboot", "power::reboot()"),
    ("reset", "power::reboot()"),
    ("rm", "fs::remove(path)"),
    ("sensors", "sensor::list()"),
    ("setpci", "hw::read_config(address, offset, width_bits)"),
    ("shutdown", "power::off()"),
    ("sleep", "time::sleep_ms(ms)"),
    ("top", "dashboard()"),
    ("uname", "sys::info()"),
    ("uptime", "time::uptime_ms()"),
    ("vi", "edit(path)"),
    ("vim", "edit(path)"),
    ("wrmsr", "hw::write_msr(register, value)"),
];

/// How `word` is written here; `None` for words that nobody brings along.
pub fn here(word: &str) -> Option<&'static str> {
    HABITS.iter().find(|(habit, _)| *habit == word).map(|(_, here)| *here)
}

/// The end of a message about a name that a namespace has not: who lists what it has; empty where there is no such
/// namespace.
pub fn see_namespace(context: &TaskContext, namespace: &str) -> String {
    match engine::docs(context).any(|doc| !namespace.is_empty() && doc.namespace == namespace) {
        true => format!("; help({namespace}) lists what there is"),
        false => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_names_something_that_is_there() {
        assert!(HABITS.is_sorted_by(|(one, _), (other, _)| one < other));
        let mut api = crate::registry::Api::default();
        crate::functions::register(&mut api);
        crate::functions::register_computing(&mut api);
        let (_, docs) = api.finish();
        for (habit, here) in HABITS {
            // What people type must not hide a function of ours.
            assert!(
                !docs.iter().any(|doc| doc.namespace.is_empty() && doc.name == *habit),
                "{habit}"
            );
            for path in here.split([' ', '(', ',']).filter(|word| word.contains("::")) {
                assert!(docs.iter().any(|doc| doc.path() == path), "{habit}: {path}");
            }
        }
        assert_eq!(here("lspci"), Some("pci::list()"));
        assert_eq!(here("frobnicate"), None);
    }
}
