//! A folder of the host as a file system of the machine.
//!
//! Nothing outside the folder can be reached: paths are normalised before they come here, and a symbolic link that leads
//! out is refused. A link that stays inside is followed. What is neither a file nor a directory does not exist.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, Metadata};
use std::hash::{Hash, Hasher};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use services::files::path::Fault;
use services::files::{Answer, Contents, Entry, Error, FILE_LIMIT_BYTES, FilePath, FileSystem, Write, at_once};

/// Names that a write uses until it is complete begin with this; they are not listed.
const UNFINISHED: &str = ".unfinished-";

/// See the module.
#[derive(Debug)]
pub struct Folder {
    /// Without symbolic links.
    root: PathBuf,
    writes: AtomicU64,
}

impl Folder {
    /// The folder at `root`.
    ///
    /// # Errors
    ///
    /// What the host says where it is no folder.
    pub fn open(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        fs::read_dir(&root)?;
        Ok(Self {
            root,
            writes: AtomicU64::new(0),
        })
    }

    /// Where `path` is on the host, links followed.
    fn existing(&self, path: &FilePath) -> Result<PathBuf, Error> {
        let place = self.root.join(path.inner().trim_start_matches('/'));
        let place = place.canonicalize().map_err(|error| self.explain(&error, path))?;
        self.inside(place, path)
    }

    /// Where `path` is or would be on the host; its directory is there.
    fn wanted(&self, path: &FilePath) -> Result<PathBuf, Error> {
        let parent = self.existing(&path.parent())?;
        if !parent.is_dir() {
            return Err(Error::NotDirectory(path.parent().full()));
        }
        let place = parent.join(path.name());
        match place.symlink_metadata() {
            // Also where it leads to nothing: writing must not make a file out there.
            Ok(metadata) if metadata.is_symlink() => self.existing(path),
            _ => Ok(place),
        }
    }

    fn inside(&self, place: PathBuf, path: &FilePath) -> Result<PathBuf, Error> {
        if place.starts_with(&self.root) {
            Ok(place)
        } else {
            Err(Error::BadPath(path.full(), Fault::AboveRoot))
        }
    }

    /// The host's error as the kernel's own file systems would say it.
    fn explain(&self, error: &io::Error, path: &FilePath) -> Error {
        let full = path.full();
        match error.kind() {
            ErrorKind::NotADirectory => {
                // The nearest file on the way.
                let mut file = path.parent();
                while !file.is_root() && !self.existing(&file).is_ok_and(|place| place.is_file()) {
                    file = file.parent();
                }
                Error::NotDirectory(file.full())
            }
            ErrorKind::IsADirectory => Error::IsDirectory(full),
            ErrorKind::AlreadyExists => Error::Exists(full),
            ErrorKind::DirectoryNotEmpty => Error::NotEmpty(full),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::OutOfMemory => Error::NoSpace(full),
            ErrorKind::FileTooLarge => Error::TooLarge(full),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Error::ReadOnly(full),
            ErrorKind::NotFound => Error::NotFound(full),
            _ => {
                log::warn!("{full}: {error}");
                Error::NotFound(full)
            }
        }
    }

    fn read_now(&self, path: &FilePath) -> Result<Contents, Error> {
        let place = self.existing(path)?;
        let metadata = place.metadata().map_err(|error| self.explain(&error, path))?;
        if metadata.is_dir() {
            return Err(Error::IsDirectory(path.full()));
        }
        if !metadata.is_file() {
            return Err(Error::NotFound(path.full()));
        }
        if metadata.len() > FILE_LIMIT_BYTES as u64 {
            return Err(Error::TooLarge(path.full()));
        }
        let bytes = fs::read(&place).map_err(|error| self.explain(&error, path))?;
        Ok(Contents::shared(Arc::new(bytes), stamp(&metadata)))
    }

    fn write_now(&self, path: &FilePath, mut bytes: Vec<u8>, how: Write) -> Result<(), Error> {
        let place = self.wanted(path)?;
        if place.is_dir() {
            return Err(Error::IsDirectory(path.full()));
        }
        if how == Write::Append && place.exists() {
            let mut whole = self.read_now(path)?.to_vec();
            whole.append(&mut bytes);
            bytes = whole;
        }
        if bytes.len() > FILE_LIMIT_BYTES {
            return Err(Error::TooLarge(path.full()));
        }
        // A write that fails changes nothing: the file is complete before it has its name.
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        let unfinished = place.with_file_name(format!("{UNFINISHED}{}-{number}", std::process::id()));
        let result = fs::write(&unfinished, &bytes).and_then(|()| fs::rename(&unfinished, &place));
        result.map_err(|error| {
            let _ = fs::remove_file(&unfinished);
            self.explain(&error, path)
        })
    }

    fn list_now(&self, path: &FilePath) -> Result<Vec<Entry>, Error> {
        let place = self.existing(path)?;
        if !place.is_dir() {
            return Err(Error::NotDirectory(path.full()));
        }
        let rows = fs::read_dir(&place).map_err(|error| self.explain(&error, path))?;
        let mut entries = Vec::new();
        for row in rows.flatten() {
            let Ok(name) = row.file_name().into_string() else {
                continue;
            };
            // What cannot be read is not shown: links that lead out or nowhere, sockets, names that no script can say.
            let inner = row.path().canonicalize().and_then(|place| {
                let metadata = place.metadata()?;
                Ok((place, metadata))
            });
            if let Ok((place, metadata)) = inner
                && place.starts_with(&self.root)
                && !name.starts_with(UNFINISHED)
                && !name.contains(char::is_control)
            {
                entries.extend(entry(&name, &metadata));
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn entry_now(&self, path: &FilePath) -> Result<Entry, Error> {
        let metadata = self.existing(path)?.metadata();
        let metadata = metadata.map_err(|error| self.explain(&error, path))?;
        entry(path.name(), &metadata).ok_or_else(|| Error::NotFound(path.full()))
    }

    fn remove_now(&self, path: &FilePath) -> Result<(), Error> {
        // A link is removed itself, not what it leads to.
        let place = self.existing(&path.parent())?.join(path.name());
        let explain = |error: io::Error| self.explain(&error, path);
        let metadata = place.symlink_metadata().map_err(explain)?;
        if metadata.is_dir() {
            fs::remove_dir(&place).map_err(explain)
        } else {
            fs::remove_file(&place).map_err(explain)
        }
    }

    fn make_dir_now(&self, path: &FilePath) -> Result<(), Error> {
        let parent = self.existing(&path.parent())?;
        if !parent.is_dir() {
            return Err(Error::NotDirectory(path.parent().full()));
        }
        fs::create_dir(parent.join(path.name())).map_err(|error| self.explain(&error, path))
    }
}

fn entry(name: &str, metadata: &Metadata) -> Option<Entry> {
    let size_bytes = match metadata {
        _ if metadata.is_dir() => None,
        _ if metadata.is_file() => Some(usize::try_from(metadata.len()).unwrap_or(usize::MAX)),
        _ => return None,
    };
    Some(Entry {
        name: name.into(),
        size_bytes,
    })
}

fn stamp(metadata: &Metadata) -> u64 {
    let mut hasher = DefaultHasher::new();
    (metadata.ino(), metadata.len()).hash(&mut hasher);
    (metadata.ctime(), metadata.ctime_nsec()).hash(&mut hasher);
    hasher.finish()
}

impl FileSystem for Folder {
    fn read(&self, path: FilePath) -> Answer<Contents> {
        at_once(self.read_now(&path))
    }

    fn write(&self, path: FilePath, bytes: Vec<u8>, how: Write) -> Answer<()> {
        at_once(self.write_now(&path, bytes, how))
    }

    fn list(&self, path: FilePath) -> Answer<Vec<Entry>> {
        at_once(self.list_now(&path))
    }

    fn entry(&self, path: FilePath) -> Answer<Entry> {
        at_once(self.entry_now(&path))
    }

    fn remove(&self, path: FilePath) -> Answer<()> {
        at_once(self.remove_now(&path))
    }

    fn make_dir(&self, path: FilePath) -> Answer<()> {
        at_once(self.make_dir_now(&path))
    }
}
