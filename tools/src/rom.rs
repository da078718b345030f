//! Packing a folder as the archive behind `/rom`: POSIX ustar, the same bytes from the same files on every machine.
//!
//! The folder may be a user's own (`iso --with DIR`), so nothing in it is taken on trust: what cannot be packed is an
//! error that names it, and there are limits, because all of it lies in the machine's memory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The most files that are packed.
const FILES_LIMIT: usize = 4096;
/// The most bytes that all files may have together.
const BYTES_LIMIT: u64 = 64 << 20;
/// The most folders inside of each other.
const DEPTH_LIMIT: usize = 32;
/// Bytes of a path in a header's two fields ("ustar Interchange Format"): the last part, and what is in front of it.
const NAME_BYTES: usize = 100;
const PREFIX_BYTES: usize = 155;

/// One file of the archive: its path from `/rom`, without a slash in front, and its bytes.
pub type File = (String, Vec<u8>);

/// All files under `folder`, sorted by path. Hidden ones and the folder's own README are left out; links are followed.
///
/// # Errors
///
/// Where something cannot be read, named or held.
pub fn collect(folder: &Path) -> Result<Vec<File>, Error> {
    if !folder.is_dir() {
        // Reading says best why, where it is missing or closed.
        fs::metadata(folder).map_err(Error::file(folder))?;
        return Err(refused(folder, "is no folder"));
    }
    let mut walk = Walk::default();
    walk.enter(folder, "")?;
    walk.files.sort();
    Ok(walk.files)
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::Found(format!("{}: {reason}", path.display()))
}

#[derive(Default)]
struct Walk {
    files: Vec<File>,
    bytes: u64,
    /// The folders that lead to where we are, without links in their paths.
    above: Vec<PathBuf>,
}

impl Walk {
    fn enter(&mut self, folder: &Path, prefix: &str) -> Result<(), Error> {
        let real = folder.canonicalize().map_err(Error::file(folder))?;
        if self.above.contains(&real) {
            return Err(refused(folder, "a link to a folder that it lies in"));
        }
        if self.above.len() > DEPTH_LIMIT {
            return Err(refused(folder, "over 32 folders inside of each other"));
        }
        self.above.push(real);
        for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
            let place = entry.map_err(Error::file(folder))?.path();
            let name = place.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| {
                refused(
                    &place,
                    "the name is not UTF-8, or has control characters or a backslash",
                )
            })?;
            if name.starts_with('.') || (prefix.is_empty() && name == "README.md") {
                continue;
            }
            if name
                .chars()
                .any(|character| character.is_control() || character == '\\')
            {
                return Err(refused(
                    &place,
                    "the name is not UTF-8, or has control characters or a backslash",
                ));
            }
            let path = format!("{prefix}{name}");
            let data = fs::metadata(&place).map_err(Error::file(&place))?;
            if data.is_dir() {
                self.enter(&place, &format!("{path}/"))?;
            } else if data.is_file() {
                self.take(&place, path, data.len())?;
            } else {
                return Err(refused(&place, "neither a file nor a folder"));
            }
        }
        self.above.pop();
        Ok(())
    }

    fn take(&mut self, place: &Path, path: String, length: u64) -> Result<(), Error> {
        split(&path)
            .ok_or_else(|| refused(place, "the path is too long (names up to 100 bytes, folders up to 155)"))?;
        if self.files.len() == FILES_LIMIT {
            return Err(refused(place, "over 4096 files"));
        }
        self.bytes = self.bytes.saturating_add(length);
        if self.bytes > BYTES_LIMIT {
            return Err(refused(place, "with this file it is over 64 MiB"));
        }
        let bytes = fs::read(place).map_err(Error::file(place))?;
        self.files.push((path, bytes));
        Ok(())
    }
}

/// The archive that holds `files`, whose paths [`collect`] has made.
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

/// A path as a header holds it: what goes in front, and the name. `None` where it does not fit.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= NAME_BYTES {
        return Some(("", path));
    }
    path.match_indices('/')
        .map(|(index, _)| (&path[..index], &path[index + 1..]))
        .find(|(prefix, name)| prefix.len() <= PREFIX_BYTES && name.len() <= NAME_BYTES)
}

/// A header block ("pax Interchange Format", ustar): a regular file that everybody may read, from 1970.
fn header(path: &str, length: usize) -> [u8; 512] {
    let (prefix, name) = split(path).unwrap_or_default();
    let mut header = [0; 512];
    let mut put = |offset: usize, text: &[u8]| header[offset..offset + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{length:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(345, prefix.as_bytes());
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    #[test]
    fn tar_reads_what_we_wrote() {
        let long = format!("{}/{}/c", "folder".repeat(20), "d".repeat(90));
        let files = [
            ("lib/a.rhai".into(), b"40 + 2".to_vec()),
            ("b".into(), vec![7; 513]),
            (long.clone(), b"deep".to_vec()),
        ];
        let archive = archive(&files);
        let file = std::env::temp_dir().join(format!("xtask-rom-{}.tar", std::process::id()));
        fs::write(&file, &archive).expect("the temporary folder is writable");
        let tar = |words: &[&str]| {
            let mut tar = std::process::Command::new("tar");
            tar.arg(words[0])
                .arg(&file)
                .args(&words[1..])
                .output()
                .expect("tar runs")
                .stdout
        };
        let listing = String::from_utf8_lossy(&tar(&["-tvf"])).into_owned();
        assert!(
            listing.contains("6 1970-01-01") && listing.contains("lib/a.rhai"),
            "{listing}"
        );
        assert!(listing.contains("513 1970-01-01"), "{listing}");
        assert_eq!(tar(&["-xOf", "lib/a.rhai"]), b"40 + 2");
        assert_eq!(tar(&["-xOf", &long]), b"deep");
        fs::remove_file(&file).expect("the file was there");
    }

    /// A folder that is gone when the value is.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("xtask-with-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(folder.join("lib")).expect("the temporary folder is writable");
            fs::write(folder.join("lib/a.rhai"), "1").expect("it is writable");
            Self(folder)
        }

        fn problem(&self) -> String {
            collect(&self.0).map_or_else(|error| error.to_string(), |files| format!("{} files", files.len()))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn follows_links_and_leaves_hidden_files_out() {
        let folder = Folder::new("links");
        symlink("lib", folder.0.join("again")).expect("links can be made");
        symlink("lib/a.rhai", folder.0.join("b.rhai")).expect("links can be made");
        fs::create_dir(folder.0.join(".git")).expect("it is writable");
        fs::write(folder.0.join(".git/config"), "").expect("it is writable");
        let files = collect(&folder.0).expect("it can be packed");
        let paths: Vec<_> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["again/a.rhai", "b.rhai", "lib/a.rhai"]);
    }

    #[test]
    fn names_what_cannot_be_packed() {
        let missing = collect(Path::new("/nonexistent/folder"))
            .expect_err("there is none")
            .to_string();
        assert!(
            missing.contains("/nonexistent/folder") && missing.contains("No such file"),
            "{missing}"
        );
        let folder = Folder::new("file");
        let file = collect(&folder.0.join("lib/a.rhai"))
            .expect_err("it is a file")
            .to_string();
        assert!(file.ends_with("is no folder"), "{file}");

        type Case = (&'static str, &'static str, fn(&Path));
        let cases: [Case; 7] = [
            ("loop", "a link to a folder that it lies in", |folder| {
                symlink("..", folder.join("lib/up")).expect("links can be made");
            }),
            ("nowhere", "No such file", |folder| {
                symlink("gone", folder.join("lib/x")).expect("links can be made");
            }),
            ("bytes", "not UTF-8", |folder| {
                fs::write(folder.join(OsStr::from_bytes(b"\xff.rhai")), "").expect("it is writable");
            }),
            ("control", "control characters", |folder| {
                fs::write(folder.join("a\nb"), "").expect("it is writable");
            }),
            ("socket", "neither a file nor a folder", |folder| {
                drop(UnixListener::bind(folder.join("s")).expect("sockets can be made"));
            }),
            ("long", "too long", |folder| {
                fs::write(folder.join("n".repeat(101)), "").expect("it is writable");
            }),
            ("deep", "inside of each other", |folder| {
                fs::create_dir_all(folder.join("d/".repeat(DEPTH_LIMIT + 1))).expect("it is writable");
            }),
        ];
        for (name, expected, spoil) in cases {
            let folder = Folder::new(name);
            spoil(&folder.0);
            let problem = folder.problem();
            assert!(problem.contains(expected), "{name}: {problem}");
        }
    }

    #[test]
    fn holds_to_its_limits() {
        let folder = Folder::new("many");
        for index in 0..FILES_LIMIT - 1 {
            fs::write(folder.0.join(index.to_string()), "").expect("it is writable");
        }
        assert_eq!(folder.problem(), format!("{FILES_LIMIT} files"));
        fs::write(folder.0.join("more"), "").expect("it is writable");
        assert!(folder.problem().contains("over 4096 files"), "{}", folder.problem());

        let folder = Folder::new("big");
        // A hole, which takes no room on the disk.
        let file = fs::File::create(folder.0.join("hole")).expect("it is writable");
        file.set_len(BYTES_LIMIT).expect("holes can be made");
        assert!(folder.problem().contains("over 64 MiB"), "{}", folder.problem());
    }
}
