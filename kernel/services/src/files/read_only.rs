//! `/rom` as a mount.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Answer, Contents, Entry, Error, FilePath, FileSystem, Write, at_once};
use crate::rom::Rom;

/// The files that came with the boot image.
pub struct ReadOnly {
    rom: &'static Rom,
}

impl ReadOnly {
    /// The files of `rom`.
    pub fn new(rom: &'static Rom) -> Self {
        Self { rom }
    }

    fn find(&self, path: &FilePath) -> Result<Entry, Error> {
        let name = String::from(path.name());
        if let Ok(bytes) = self.rom.read(path.inner()) {
            let size_bytes = Some(bytes.len());
            return Ok(Entry { name, size_bytes });
        }
        match self.rom.list(path.inner()) {
            Ok(_) => Ok(Entry { name, size_bytes: None }),
            Err(_) => Err(Error::NotFound(path.full())),
        }
    }
}

impl FileSystem for ReadOnly {
    fn read(&self, path: FilePath) -> Answer<Contents> {
        at_once(match self.rom.read(path.inner()) {
            Ok(bytes) => Ok(Contents::constant(bytes)),
            Err(_) => self.find(&path).and(Err(Error::IsDirectory(path.full()))),
        })
    }

    fn write(&self, path: FilePath, _: Vec<u8>, _: Write) -> Answer<()> {
        at_once(Err(Error::ReadOnly(path.full())))
    }

    fn list(&self, path: FilePath) -> Answer<Vec<Entry>> {
        let entry = |listed: crate::rom::Listed| Entry {
            name: listed.name,
            size_bytes: listed.size_bytes,
        };
        at_once(match (self.find(&path), self.rom.list(path.inner())) {
            (
                Ok(Entry {
                    size_bytes: Some(_), ..
                }),
                _,
            ) => Err(Error::NotDirectory(path.full())),
            (_, Ok(rows)) => Ok(rows.into_iter().map(entry).collect()),
            (_, Err(_)) => Err(Error::NotFound(path.full())),
        })
    }

    fn entry(&self, path: FilePath) -> Answer<Entry> {
        at_once(self.find(&path))
    }

    fn remove(&self, path: FilePath) -> Answer<()> {
        at_once(Err(Error::ReadOnly(path.full())))
    }

    fn make_dir(&self, path: FilePath) -> Answer<()> {
        at_once(Err(Error::ReadOnly(path.full())))
    }
}
