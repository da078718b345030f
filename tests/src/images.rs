//! The boot images that the tests start: the shipped one, and variants of its menu and modules.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use xtask::image::{Parts, Profile};
use xtask::iso::{self, Variant};

use crate::error::Error;

/// Makes images and remembers them.
pub struct Images {
    parts: Parts,
    folder: PathBuf,
    made: Mutex<HashMap<String, PathBuf>>,
}

impl Images {
    /// Images made of the release build that `cargo xtask iso` has left, in `folder`.
    ///
    /// # Errors
    ///
    /// Where `folder` cannot be made.
    pub fn new(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder)?;
        Ok(Self {
            parts: Parts::of(Profile::Release),
            folder: folder.into(),
            made: Mutex::default(),
        })
    }

    /// The files that the images are made of.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The shipped image itself.
    pub fn shipped(&self) -> PathBuf {
        iso::default_path()
    }

    /// The shipped image with other kernel words, and a menu that does not wait.
    ///
    /// # Errors
    ///
    /// Where the image cannot be written.
    pub fn with_command_line(&self, words: &str) -> Result<PathBuf, Error> {
        self.variant(Variant {
            timeout_seconds: Some(0),
            command_line: words.into(),
            ..Variant::default()
        })
    }

    /// The shipped image with other kernel words, and a screen of this size.
    ///
    /// # Errors
    ///
    /// Where the image cannot be written.
    pub fn with_screen(&self, words: &str, width_pixels: u32, height_pixels: u32) -> Result<PathBuf, Error> {
        self.variant(Variant {
            timeout_seconds: Some(0),
            command_line: words.into(),
            mode: Some(format!("{width_pixels}x{height_pixels}")),
            ..Variant::default()
        })
    }

    /// The image for `variant`.
    ///
    /// # Errors
    ///
    /// Where the image cannot be written.
    pub fn variant(&self, variant: Variant) -> Result<PathBuf, Error> {
        let key = format!("{variant:?}");
        // Held while the image is made, so that no two tests make the same one.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = made.get(&key) {
            return Ok(path.clone());
        }
        let path = self.folder.join(format!("variant-{}.iso", made.len()));
        iso::write(&self.parts, &variant, &path)?;
        made.insert(key, path.clone());
        Ok(path)
    }
}
