//! Paths: in strings that begin with `/`, after `import`, and the functions of a module that is not loaded.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use services::files::Entry;

use super::gather::Gathered;
use crate::functions::fs;
use crate::resolver;
use crate::source;
use crate::view::View;

/// Names in the directory at `path`; nothing where there is none, or where Ctrl-C ended the wait.
pub fn list(view: View<'_>, path: &str) -> Vec<Entry> {
    let path = if path.len() > 1 {
        path.trim_end_matches('/')
    } else {
        path
    };
    fs::wait(view.context, view.context.host.files.list(path)).unwrap_or_default()
}

/// Files and directories below what is `written` of a path.
pub fn paths(view: View<'_>, written: &str, gathered: &mut Gathered<'_>) {
    let directory = written.rfind('/').map_or("/", |at| &written[..=at]);
    for entry in list(view, directory) {
        add(entry, gathered, |name| Some(String::from(name)));
    }
}

/// Modules, as `import` names them.
pub fn modules(view: View<'_>, written: &str, gathered: &mut Gathered<'_>) {
    let directory = written.rfind('/').map_or("", |at| &written[..=at]);
    let full = if directory.starts_with('/') {
        String::from(directory)
    } else {
        format!("/rom/{directory}")
    };
    for entry in list(view, &full) {
        add(entry, gathered, |name| name.strip_suffix(".rhai").map(String::from));
    }
}

fn add(entry: Entry, gathered: &mut Gathered<'_>, file: impl Fn(&str) -> Option<String>) {
    if !gathered.fits(&entry.name) {
        return;
    }
    match entry.size_bytes {
        None => gathered.add_file(entry.name, "/", String::from("a directory")),
        Some(bytes) => {
            if let Some(name) = file(&entry.name).filter(|name| gathered.fits(name)) {
                gathered.add_file(name, "", format!("{bytes} bytes"));
            }
        }
    }
}

/// The functions of the module at `path`, read from its text.
pub fn functions(view: View<'_>, path: &str, gathered: &mut Gathered<'_>) {
    let Some(text) = resolver::canonical(None, path).and_then(|path| resolver::text_of(view.context, &path)) else {
        return;
    };
    for function in source::functions(&text).filter(|function| !function.is_private) {
        if gathered.fits(function.name) {
            let suffix = if function.parameters.trim().is_empty() {
                "()"
            } else {
                "("
            };
            let detail = format!("{}({})", function.name, function.parameters);
            gathered.add_file(String::from(function.name), suffix, detail);
        }
    }
}
