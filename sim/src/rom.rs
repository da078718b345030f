//! `/rom` as the image has it: a tar archive, packed from `stdlib-scripts`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use services::rom::Rom;

/// Where the scripts lie that every image carries.
pub fn standard_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../stdlib-scripts")
}

/// All text files below `folder`, with their paths there.
///
/// # Errors
///
/// What the host says of a file that cannot be read.
pub fn files_below(folder: &Path) -> io::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(folder)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    files.sort();
    Ok(files)
}

/// A tar archive (IEEE Std 1003.1 "pax", section "ustar Interchange Format") of files whose names have at most 100 bytes.
pub fn archive<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, text) in files {
        let mut header = [0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", text.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(text.as_bytes());
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// The tree of `files`, for ever.
pub fn tree<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> &'static Rom {
    let (rom, problem) = Rom::parse(Box::leak(archive(files).into_boxed_slice()));
    assert_eq!(problem, None, "the archive is ours");
    Box::leak(Box::new(rom))
}
