//! `/rom`: the read-only file tree in the boot image, a tar archive that the boot loader leaves in memory; a second one,
//! the user's own, may be mounted below it.
//!
//! The archive (POSIX.1-1988 `ustar`, IEEE Std 1003.1 "pax", section "ustar Interchange Format") is indexed where it
//! lies: names and slices, no copies of contents. A damaged archive gives what is readable before the damage and the
//! reason; reading stops there, because nothing after it can be trusted to start at a header.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The files of `/rom` by path, without leading or trailing slash.
#[derive(Debug, Default)]
pub struct Rom {
    files: BTreeMap<String, &'static [u8]>,
}

/// One row of a directory listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Name inside the directory.
    pub name: String,
    /// Size of a file; `None` for a directory.
    pub size_bytes: Option<usize>,
}

/// Why a file or the archive could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No such file or directory.
    NotFound {
        /// The path that was asked for.
        path: String,
    },
    /// A header's checksum is wrong, or its size or name is no text of the expected form.
    BadHeader {
        /// Where the header lies in the archive.
        offset_bytes: usize,
    },
    /// The archive ends inside a header or a file.
    Truncated {
        /// Where the part that is cut off begins.
        offset_bytes: usize,
    },
    /// The blocks of zeros that end an archive are missing.
    NoEnd,
}

impl Error {
    /// The stable name that scripts see.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::BadHeader { .. } | Self::Truncated { .. } | Self::NoEnd => "corrupt_archive",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { path } => write!(out, "no such file in /rom: {path}"),
            Self::BadHeader { offset_bytes } => write!(out, "bad header at byte {offset_bytes}"),
            Self::Truncated { offset_bytes } => write!(out, "cut off in the entry at byte {offset_bytes}"),
            Self::NoEnd => out.write_str("the archive's end is missing"),
        }
    }
}

impl Rom {
    /// A tree without files.
    pub const fn empty() -> Self {
        Self { files: BTreeMap::new() }
    }

    /// Indexes `archive`. Returns what is readable and, where the archive is damaged, what is wrong with it.
    pub fn parse(archive: &'static [u8]) -> (Self, Option<Error>) {
        let mut files = BTreeMap::new();
        let mut offset_bytes = 0;
        let problem = loop {
            match entry_at(archive, offset_bytes) {
                Ok(Some(entry)) => {
                    if let Some(name) = entry.file_name {
                        files.insert(name, entry.bytes);
                    }
                    offset_bytes = entry.next_offset_bytes;
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        (Self { files }, problem)
    }

    /// The contents of the file at `path`, with or without slashes around it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn read(&self, path: &str) -> Result<&'static [u8], Error> {
        self.files
            .get(path.trim_matches('/'))
            .copied()
            .ok_or_else(|| Error::NotFound {
                path: String::from(path),
            })
    }

    /// What lies directly in the directory `path` (empty or `/`: the root), sorted by name.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where no file lies below `path`.
    pub fn list(&self, path: &str) -> Result<Vec<Listed>, Error> {
        let directory = path.trim_matches('/');
        let mut listed = Vec::<Listed>::new();
        for (name, bytes) in &self.files {
            let below = match name.strip_prefix(directory) {
                Some(rest) if directory.is_empty() => Some(rest),
                Some(rest) => rest.strip_prefix('/'),
                None => None,
            };
            let Some(below) = below else { continue };
            let (name, size_bytes) = match below.split_once('/') {
                Some((directory, _)) => (directory, None),
                None => (below, Some(bytes.len())),
            };
            if listed.iter().all(|known| known.name != name) {
                listed.push(Listed {
                    name: String::from(name),
                    size_bytes,
                });
            }
        }
        if listed.is_empty() && !directory.is_empty() {
            return Err(Error::NotFound {
                path: String::from(path),
            });
        }
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    /// Adds the files of `other` below the directory `directory`; where both have a file, that of `other` counts.
    pub fn mount(&mut self, directory: &str, other: Self) {
        let directory = directory.trim_matches('/');
        for (path, bytes) in other.files {
            let mut name = String::with_capacity(directory.len() + 1 + path.len());
            name.push_str(directory);
            name.push('/');
            name.push_str(&path);
            self.files.insert(name, bytes);
        }
    }
}

const BLOCK_BYTES: usize = 512;

struct Entry {
    /// `None` for a directory, a link and other things that hold no contents.
    file_name: Option<String>,
    bytes: &'static [u8],
    next_offset_bytes: usize,
}

/// The entry whose header lies at `offset_bytes`; `None` at the archive's end.
fn entry_at(archive: &'static [u8], offset_bytes: usize) -> Result<Option<Entry>, Error> {
    let rest = archive.get(offset_bytes..).unwrap_or(&[]);
    if rest.is_empty() {
        return Err(Error::NoEnd);
    }
    let header = rest.get(..BLOCK_BYTES).ok_or(Error::Truncated { offset_bytes })?;
    if header.iter().all(|&byte| byte == 0) {
        return Ok(None);
    }
    let bad_header = Error::BadHeader { offset_bytes };
    if octal(&header[148..156]) != Some(checksum(header)) {
        return Err(bad_header);
    }
    let size_bytes = octal(&header[124..136]).ok_or(bad_header.clone())?;
    let size_bytes = usize::try_from(size_bytes).map_err(|_| bad_header.clone())?;
    let padded_bytes = size_bytes
        .checked_next_multiple_of(BLOCK_BYTES)
        .ok_or(bad_header.clone())?;
    let bytes = rest[BLOCK_BYTES..]
        .get(..size_bytes)
        .ok_or(Error::Truncated { offset_bytes })?;

    // Type `0` or NUL is a file; 5 a directory, 1 and 2 links, x and g extensions that we have no use for.
    let file_name = match header[156] {
        b'0' | 0 => Some(file_name(header).ok_or(bad_header)?),
        _ => None,
    };
    Ok(Some(Entry {
        file_name,
        bytes,
        next_offset_bytes: offset_bytes + BLOCK_BYTES + padded_bytes,
    }))
}

/// The path of an entry: prefix (only where the header is `ustar`) and name, without `./` and outer slashes.
fn file_name(header: &[u8]) -> Option<String> {
    let name = text(&header[..100])?;
    let prefix = if &header[257..262] == b"ustar" {
        text(&header[345..500])?
    } else {
        ""
    };
    let mut path = String::from(prefix);
    if !prefix.is_empty() {
        path.push('/');
    }
    path.push_str(name);
    let path = path.strip_prefix("./").unwrap_or(&path).trim_matches('/');
    (!path.is_empty()).then(|| String::from(path))
}

/// Text up to the first NUL.
fn text(field: &[u8]) -> Option<&str> {
    let length = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    core::str::from_utf8(&field[..length]).ok()
}

/// An octal number between spaces or NULs.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = text(field)?.trim_matches(' ');
    if digits.is_empty() {
        None
    } else {
        u64::from_str_radix(digits, 8).ok()
    }
}

/// The sum of the header's bytes, those of the checksum itself taken as spaces.
fn checksum(header: &[u8]) -> u64 {
    let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
    let own: u64 = header[148..156].iter().map(|&byte| u64::from(byte)).sum();
    sum - own + 8 * u64::from(b' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::boxed::Box;
    use std::format;
    use std::vec;

    fn header(name: &str, prefix: &str, kind: u8, size: usize) -> Vec<u8> {
        let mut header = vec![0u8; BLOCK_BYTES];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes());
        header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        header[156] = kind;
        header[257..263].copy_from_slice(b"ustar\0");
        seal(&mut header);
        header
    }

    fn seal(header: &mut [u8]) {
        let sum = checksum(header);
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }

    fn archive() -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, prefix, kind, contents) in [
            ("lib/", "", b'5', ""),
            ("./lib/text.rhai", "", b'0', "fn a() {}"),
            ("hello.rhai", "examples", b'0', &"x".repeat(600)[..]),
            ("link", "", b'2', ""),
            ("empty", "", b'0', ""),
        ] {
            bytes.extend(header(name, prefix, kind, contents.len()));
            bytes.extend(contents.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(BLOCK_BYTES), 0);
        }
        bytes.resize(bytes.len() + 2 * BLOCK_BYTES, 0);
        bytes
    }

    fn leak(bytes: Vec<u8>) -> &'static [u8] {
        Box::leak(bytes.into_boxed_slice())
    }

    #[test]
    fn reads_and_lists_files() {
        let (rom, problem) = Rom::parse(leak(archive()));
        assert_eq!(problem, None);
        assert_eq!(rom.files.len(), 3);
        assert_eq!(rom.read("/lib/text.rhai"), Ok(&b"fn a() {}"[..]));
        assert_eq!(rom.read("examples/hello.rhai").map(<[u8]>::len), Ok(600));
        assert_eq!(rom.read("empty"), Ok(&b""[..]));
        assert!(matches!(rom.read("lib"), Err(Error::NotFound { .. })));
        let names: Vec<_> = rom
            .list("/")
            .expect("the root")
            .into_iter()
            .map(|row| row.name)
            .collect();
        assert_eq!(names, ["empty", "examples", "lib"]);
        assert_eq!(
            rom.list("lib"),
            Ok(vec![Listed {
                name: "text.rhai".into(),
                size_bytes: Some(9)
            }])
        );
        assert!(rom.list("li").is_err());
    }

    #[test]
    fn mounts_a_second_tree_below_a_directory() {
        let (mut rom, _) = Rom::parse(leak(archive()));
        let (user, _) = Rom::parse(leak(archive()));
        rom.mount("/user/", user);
        assert_eq!(rom.files.len(), 6);
        assert_eq!(rom.read("/user/lib/text.rhai"), Ok(&b"fn a() {}"[..]));
        assert_eq!(rom.read("/lib/text.rhai"), Ok(&b"fn a() {}"[..]));
        assert_eq!(rom.list("user").map(|rows| rows.len()), Ok(3));
        rom.mount("user", Rom::empty());
        assert_eq!(rom.files.len(), 6);
    }

    #[test]
    fn keeps_what_lies_before_the_cut() {
        let whole = archive();
        let (complete, _) = Rom::parse(leak(whole.clone()));
        let end = whole.len() - 2 * BLOCK_BYTES;
        for length in 0..whole.len() {
            let (rom, problem) = Rom::parse(leak(whole[..length].to_vec()));
            assert_eq!(
                problem.is_some(),
                length < end + BLOCK_BYTES,
                "cut at {length}: {problem:?}"
            );
            for (name, bytes) in &rom.files {
                assert_eq!(complete.files.get(name), Some(bytes));
            }
            if length == end {
                assert_eq!((rom.files.len(), problem), (3, Some(Error::NoEnd)));
            }
        }
    }

    #[test]
    fn survives_mutations_with_and_without_a_right_checksum() {
        let whole = archive();
        let mut random = hw::fake::Random(0x2545_f491_4f6c_dd1d);
        for round in 0..4000 {
            let mut bytes = whole.clone();
            for _ in 0..1 + round % 4 {
                let at = random.below(bytes.len());
                bytes[at] = random.bits() as u8;
                if round % 2 == 0 {
                    let start = at / BLOCK_BYTES * BLOCK_BYTES;
                    seal(&mut bytes[start..start + BLOCK_BYTES]);
                }
            }
            let (rom, _) = Rom::parse(leak(bytes));
            let total: usize = rom.files.values().map(|bytes| bytes.len()).sum();
            assert!(total <= whole.len());
            let _ = rom.list("/");
        }
    }
}
