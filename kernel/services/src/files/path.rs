//! Paths: always absolute, because there is no current directory; checked and normalised once.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Error;

/// Bytes of one name, as ext2 has it.
pub const NAME_LIMIT_BYTES: usize = 255;
/// Bytes of a whole path.
pub const PATH_LIMIT_BYTES: usize = 4096;

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It names nothing.
    Empty,
    /// It does not begin with `/`.
    Relative,
    /// More `..` than there are directories.
    AboveRoot,
    /// A name of more than [`NAME_LIMIT_BYTES`].
    NameTooLong,
    /// More than [`PATH_LIMIT_BYTES`].
    TooLong,
    /// A control character, which would steer the terminal whenever the name is shown.
    ControlCharacter,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("a path is missing"),
            Self::Relative => out.write_str("a path begins with /, as in \"/tmp/name\""),
            Self::AboveRoot => out.write_str("there is nothing above /"),
            Self::NameTooLong => write!(out, "a name may have {NAME_LIMIT_BYTES} bytes"),
            Self::TooLong => write!(out, "a path may have {PATH_LIMIT_BYTES} bytes"),
            Self::ControlCharacter => out.write_str("a name may not hold control characters"),
        }
    }
}

/// The one form of a path: absolute, without `.`, `..`, empty parts and a slash at the end. The root is `/`.
///
/// # Errors
///
/// [`Error::BadPath`]. A relative path is refused: there is no current directory that it could be meant from.
pub fn normalise(path: &str) -> Result<String, Error> {
    let mut shown = path.len().min(100);
    while !path.is_char_boundary(shown) {
        shown -= 1;
    }
    let bad = |fault| Err(Error::BadPath(String::from(&path[..shown]), fault));
    if path.is_empty() {
        return bad(Fault::Empty);
    }
    if path.len() > PATH_LIMIT_BYTES {
        return bad(Fault::TooLong);
    }
    if !path.starts_with('/') {
        return bad(Fault::Relative);
    }
    if path.contains(char::is_control) {
        return bad(Fault::ControlCharacter);
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return bad(Fault::AboveRoot);
                }
            }
            name if name.len() > NAME_LIMIT_BYTES => return bad(Fault::NameTooLong),
            name => parts.push(name),
        }
    }
    let mut normal = String::with_capacity(path.len() + 1);
    for part in &parts {
        normal.push('/');
        normal.push_str(part);
    }
    if parts.is_empty() {
        normal.push('/');
    }
    Ok(normal)
}

/// A normalised path, and how much of it is the mount's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath {
    full: String,
    mount_bytes: usize,
}

impl FilePath {
    /// `full` is normalised, and its first `mount_bytes` are the mount point.
    pub(super) fn new(full: &str, mount_bytes: usize) -> Self {
        Self {
            full: String::from(full),
            mount_bytes,
        }
    }

    /// The whole path, as people know it.
    pub fn full(&self) -> String {
        self.full.clone()
    }

    /// The part below the mount: empty for its root, else with a slash in front.
    pub fn inner(&self) -> &str {
        self.full.get(self.mount_bytes..).unwrap_or_default()
    }

    /// The mount point itself.
    pub fn is_root(&self) -> bool {
        self.inner().is_empty()
    }

    /// The last name.
    pub fn name(&self) -> &str {
        self.full.rsplit('/').next().unwrap_or_default()
    }

    /// The directory that it lies in; the root lies in itself.
    pub fn parent(&self) -> Self {
        let end = self.full.rfind('/').unwrap_or(0).max(self.mount_bytes);
        Self::new(self.full.get(..end).unwrap_or_default(), self.mount_bytes)
    }
}
