//! The whole book: what was written by hand, what is made from the registry, and the summary of both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use script_api::registry::Doc;

use crate::builtin;
use crate::codes;
use crate::reference;

/// The summary's path in the book.
pub const SUMMARY: &str = "SUMMARY.md";
/// The line of the summary that the reference's pages take the place of.
const REFERENCE: &str = "<!-- reference -->";

/// Where what was written by hand lies.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../manual")
}

/// All pages by their path, with the summary.
///
/// # Errors
///
/// What the host says of a page that cannot be read.
pub fn pages(namespaces: &BTreeMap<&'static str, Vec<&'static Doc>>) -> io::Result<BTreeMap<String, String>> {
    let mut pages = BTreeMap::new();
    read_below(&folder().join("src"), "", &mut pages)?;
    let mut summary = Vec::new();
    for (namespace, docs) in namespaces {
        let path = reference::path(namespace);
        summary.push(format!("- [{}]({path})", reference::title(namespace)));
        pages.insert(path, reference::page(namespace, docs));
    }
    summary.push(format!("- [{}]({})", builtin::TITLE, builtin::PATH));
    pages.insert(builtin::PATH.into(), builtin::page());
    summary.push(format!("- [Error codes]({})", codes::PATH));
    pages.insert(codes::PATH.into(), codes::page(namespaces));
    if let Some(text) = pages.get_mut(SUMMARY) {
        *text = text.replace(REFERENCE, &summary.join("\n"));
    }
    Ok(pages)
}

fn read_below(folder: &Path, prefix: &str, pages: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_below(&entry.path(), &format!("{name}/"), pages)?;
        } else if name.ends_with(".md") {
            pages.insert(name, fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

/// The page that a link on the page `from` leads to, without its anchor; `None` where it leaves the book.
pub fn target(from: &str, link: &str) -> Option<String> {
    if link.contains("://") {
        return None;
    }
    let link = link.split('#').next().unwrap_or_default();
    if link.is_empty() {
        return Some(from.into());
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        if part == ".." {
            parts.pop();
        } else if part != "." {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn follows_links() {
        assert_eq!(target("a/b.md", "../c.md#d").as_deref(), Some("c.md"));
        assert_eq!(target("a/b.md", "c.md").as_deref(), Some("a/c.md"));
        assert_eq!(target("a/b.md", "#d").as_deref(), Some("a/b.md"));
        assert_eq!(target("a/b.md", "https://rhai.rs"), None);
    }
}
