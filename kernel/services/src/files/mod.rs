//! The file tree: `/rom` read-only, `/tmp` in memory, later disks, each mounted at a path.
//!
//! | module | what it does |
//! |---|---|
//! | [`path`] | paths from scripts and people, checked and normalised |
//! | [`memory`] | the tree in memory behind `/tmp` |
//! | [`read_only`] | `/rom` as one of the mounts |
//!
//! [`Files`] finds the mount whose path is the longest that matches and hands it the rest. Mounts answer with futures,
//! because a disk will have to wait; those in memory answer at once. Contents live on the kernel heap and are handed
//! out by reference count, so that reading copies nothing. Call everything here with allocations on the kernel heap.

pub mod memory;
pub mod path;
pub mod read_only;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::ready;
use core::ops::Deref;

use crate::host::BoxFuture;
use crate::lock::Lock;

pub use path::FilePath;

/// Bytes that one file may have: as many as a script can hand over or take at once.
pub const FILE_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// Why a file operation failed. Each carries the full path it was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No such file or directory.
    NotFound(String),
    /// A directory where a file was wanted.
    IsDirectory(String),
    /// A file where a directory was wanted.
    NotDirectory(String),
    /// It is there already.
    Exists(String),
    /// A directory that still holds something.
    NotEmpty(String),
    /// Nothing can be changed there.
    ReadOnly(String),
    /// Too little memory, or disk, is free.
    NoSpace(String),
    /// More than [`FILE_LIMIT_BYTES`].
    TooLarge(String),
    /// The path itself is not usable; the reason.
    BadPath(String, path::Fault),
}

impl Error {
    /// The stable name that scripts see.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::IsDirectory(_) => "is_directory",
            Self::NotDirectory(_) => "not_directory",
            Self::Exists(_) => "exists",
            Self::NotEmpty(_) => "not_empty",
            Self::ReadOnly(_) => "read_only",
            Self::NoSpace(_) => "no_space",
            Self::TooLarge(_) => "too_large",
            Self::BadPath(..) => "bad_path",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(path) => write!(out, "no such file or directory: {path}"),
            Self::IsDirectory(path) => write!(out, "{path} is a directory"),
            Self::NotDirectory(path) => write!(out, "{path} is not a directory"),
            Self::Exists(path) => write!(out, "{path} exists already"),
            Self::NotEmpty(path) => write!(out, "{path} is not empty"),
            Self::ReadOnly(path) => write!(out, "{path} cannot be changed; /tmp can"),
            Self::NoSpace(path) => write!(out, "too little memory is free for {path}"),
            Self::TooLarge(path) => write!(out, "{path} would have more than {FILE_LIMIT_BYTES} bytes"),
            Self::BadPath(path, fault) => write!(out, "{path:?}: {fault}"),
        }
    }
}

/// What a file holds, shared with whoever holds it too.
#[derive(Clone, Debug)]
pub struct Contents {
    bytes: Bytes,
    /// Changes whenever the file does, and is never the same for two contents of one mount.
    stamp: u64,
}

#[derive(Clone, Debug)]
enum Bytes {
    Constant(&'static [u8]),
    Shared(Arc<Vec<u8>>),
}

impl Contents {
    /// Bytes that never change.
    pub fn constant(bytes: &'static [u8]) -> Self {
        Self {
            bytes: Bytes::Constant(bytes),
            stamp: 0,
        }
    }

    /// Bytes as they are now; `stamp` differs from that of all other contents of the same mount.
    pub fn shared(bytes: Arc<Vec<u8>>, stamp: u64) -> Self {
        Self {
            bytes: Bytes::Shared(bytes),
            stamp,
        }
    }

    /// Tells these contents from other ones that the same path had or will have.
    pub fn stamp(&self) -> u64 {
        self.stamp
    }

    /// The bytes, where they never change.
    pub fn as_constant(&self) -> Option<&'static [u8]> {
        match self.bytes {
            Bytes::Constant(bytes) => Some(bytes),
            Bytes::Shared(_) => None,
        }
    }
}

impl Deref for Contents {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Constant(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }
}

/// One row of a directory listing, or what there is to know about one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name inside the directory.
    pub name: String,
    /// Size of a file; `None` for a directory.
    pub size_bytes: Option<usize>,
}

/// How a write treats what the file held before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// It is replaced.
    Replace,
    /// The new bytes go behind it.
    Append,
}

/// An answer that may have to be waited for.
pub type Answer<T> = BoxFuture<Result<T, Error>>;

/// A file system that can be mounted. Paths are those below the mount, `/` being its root; errors name paths by the
/// full form that [`FilePath::full`] gives.
pub trait FileSystem: Send + Sync {
    /// A file's contents.
    fn read(&self, path: FilePath) -> Answer<Contents>;
    /// Makes the file or changes it; its directory must be there.
    fn write(&self, path: FilePath, bytes: Vec<u8>, how: Write) -> Answer<()>;
    /// What a directory holds, sorted by name.
    fn list(&self, path: FilePath) -> Answer<Vec<Entry>>;
    /// What is at the path.
    fn entry(&self, path: FilePath) -> Answer<Entry>;
    /// Removes a file or an empty directory.
    fn remove(&self, path: FilePath) -> Answer<()>;
    /// Makes a directory; the one it lies in must be there.
    fn make_dir(&self, path: FilePath) -> Answer<()>;
}

/// An answer that is there at once.
pub fn at_once<T: Send + 'static>(result: Result<T, Error>) -> Answer<T> {
    Box::pin(ready(result))
}

/// All files of the machine.
pub struct Files {
    /// Mount points without a slash at the end, with what is mounted there.
    mounts: Lock<Vec<(String, Arc<dyn FileSystem>)>>,
}

impl Files {
    /// Nothing mounted yet.
    pub const fn new() -> Self {
        Self {
            mounts: Lock::new(Vec::new()),
        }
    }

    /// Mounts a file system at `point`, in the place of one that was there.
    ///
    /// # Errors
    ///
    /// [`Error::BadPath`] for a point that is no path, or `/` itself.
    pub fn mount(&self, point: &str, system: Arc<dyn FileSystem>) -> Result<(), Error> {
        let point = path::normalise(point)?;
        if point == "/" {
            return Err(Error::BadPath(point, path::Fault::Empty));
        }
        let mut mounts = self.mounts.lock();
        match mounts.iter_mut().find(|(known, _)| *known == point) {
            Some((_, slot)) => *slot = system,
            None => mounts.push((point, system)),
        }
        Ok(())
    }

    /// The contents of a file.
    pub fn read(&self, path: &str) -> Answer<Contents> {
        self.at(path, Error::NotFound, |system, path| {
            if path.is_root() {
                at_once(Err(Error::IsDirectory(path.full())))
            } else {
                system.read(path)
            }
        })
    }

    /// Makes a file or changes it. A write that fails changes nothing.
    pub fn write(&self, path: &str, bytes: Vec<u8>, how: Write) -> Answer<()> {
        self.at(path, Error::ReadOnly, |system, path| {
            if path.is_root() {
                at_once(Err(Error::IsDirectory(path.full())))
            } else {
                system.write(path, bytes, how)
            }
        })
    }

    /// What a directory holds, sorted by name; in `/`, what is mounted.
    pub fn list(&self, path: &str) -> Answer<Vec<Entry>> {
        let normal = match path::normalise(path) {
            Ok(normal) => normal,
            Err(error) => return at_once(Err(error)),
        };
        if normal == "/" {
            return at_once(Ok(self.roots()));
        }
        self.at(&normal, Error::NotFound, |system, path| system.list(path))
    }

    /// What is at a path.
    pub fn entry(&self, path: &str) -> Answer<Entry> {
        if path::normalise(path).as_deref() == Ok("/") {
            let root = Entry {
                name: String::from("/"),
                size_bytes: None,
            };
            return at_once(Ok(root));
        }
        self.at(path, Error::NotFound, |system, path| system.entry(path))
    }

    /// Removes a file or an empty directory, but no mount point.
    pub fn remove(&self, path: &str) -> Answer<()> {
        self.at(path, Error::NotFound, |system, path| {
            if path.is_root() {
                at_once(Err(Error::ReadOnly(path.full())))
            } else {
                system.remove(path)
            }
        })
    }

    /// Makes a directory; the one it lies in must be there.
    pub fn make_dir(&self, path: &str) -> Answer<()> {
        self.at(path, Error::ReadOnly, |system, path| {
            if path.is_root() {
                at_once(Err(Error::Exists(path.full())))
            } else {
                system.make_dir(path)
            }
        })
    }

    /// Hands the mount of `path` to `ask`, or answers with `missing` where nothing is mounted.
    fn at<T: Send + 'static>(
        &self,
        path: &str,
        missing: fn(String) -> Error,
        ask: impl FnOnce(Arc<dyn FileSystem>, FilePath) -> Answer<T>,
    ) -> Answer<T> {
        let normal = match path::normalise(path) {
            Ok(normal) => normal,
            Err(error) => return at_once(Err(error)),
        };
        match self.find(&normal) {
            Some((system, path)) => ask(system, path),
            None if normal == "/" => at_once(Err(Error::IsDirectory(normal))),
            None => at_once(Err(missing(normal))),
        }
    }

    /// The mount with the longest point that `normal` begins with.
    fn find(&self, normal: &str) -> Option<(Arc<dyn FileSystem>, FilePath)> {
        let mounts = self.mounts.lock();
        let below = mounts.iter().filter(|(point, _)| {
            normal
                .strip_prefix(point.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let (point, system) = below.max_by_key(|(point, _)| point.len())?;
        Some((Arc::clone(system), FilePath::new(normal, point.len())))
    }

    /// The first parts of all mount points.
    fn roots(&self) -> Vec<Entry> {
        let mounts = self.mounts.lock();
        let first = |point: &str| point.split('/').nth(1).map(String::from);
        let mut names: Vec<String> = mounts.iter().filter_map(|(point, _)| first(point)).collect();
        names.sort();
        names.dedup();
        let entry = |name| Entry { name, size_bytes: None };
        names.into_iter().map(entry).collect()
    }
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}
