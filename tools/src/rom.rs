//! Packing a folder as the archive behind `/rom`: POSIX ustar, the same bytes from the same files on every machine.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder cannot be packed.
#[derive(Debug)]
pub enum Error {
    /// A file or folder could not be read.
    Read(PathBuf, io::Error),
    /// A path is over 100 bytes or not UTF-8.
    Path(PathBuf),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, source) => write!(out, "{}: {source}", path.display()),
            Self::Path(path) => write!(out, "{}: the path is over 100 bytes or not UTF-8", path.display()),
        }
    }
}

/// One file of the archive: its path from `/rom`, without a slash in front, and its bytes.
pub type File = (String, Vec<u8>);

/// All files under `folder`, sorted by path. Hidden ones and the folder's own README are left out.
///
/// # Errors
///
/// Where something cannot be read or named.
pub fn collect(folder: &Path) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    walk(folder, "", &mut files)?;
    files.sort();
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<(), Error> {
    let entries = fs::read_dir(folder).map_err(|error| Error::Read(folder.into(), error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Error::Read(folder.into(), error))?;
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| Error::Path(entry.path()))?;
        if name.starts_with('.') || (prefix.is_empty() && name == "README.md") {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{path}/"), files)?;
        } else if path.len() > 100 {
            return Err(Error::Path(entry.path()));
        } else {
            files.push((
                path,
                fs::read(entry.path()).map_err(|error| Error::Read(entry.path(), error))?,
            ));
        }
    }
    Ok(())
}

/// The archive that holds `files`.
pub fn archive(files: &[File]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (path, bytes) in files {
        archive.extend(header(path, bytes.len()));
        archive.extend(bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// A header block ("pax Interchange Format", ustar): a regular file that everybody may read, from 1970.
fn header(path: &str, length: usize) -> [u8; 512] {
    let mut header = [0; 512];
    let mut put = |offset: usize, text: &[u8]| header[offset..offset + text.len()].copy_from_slice(text);
    put(0, path.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{length:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tar_reads_what_we_wrote() {
        let archive = archive(&[("lib/a.rhai".into(), b"40 + 2".to_vec()), ("b".into(), vec![7; 513])]);
        let file = std::env::temp_dir().join(format!("xtask-rom-{}.tar", std::process::id()));
        fs::write(&file, &archive).expect("the temporary folder is writable");
        let listing = std::process::Command::new("tar")
            .arg("-tvf")
            .arg(&file)
            .output()
            .expect("tar runs");
        let content = std::process::Command::new("tar")
            .arg("-xOf")
            .arg(&file)
            .arg("lib/a.rhai")
            .output();
        fs::remove_file(&file).expect("the file was there");
        let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
        assert!(
            listing.contains("6 1970-01-01") && listing.contains("lib/a.rhai"),
            "{listing}"
        );
        assert!(listing.contains("513 1970-01-01"), "{listing}");
        assert_eq!(content.expect("tar runs").stdout, b"40 + 2");
    }
}
