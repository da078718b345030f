//! The words after a command's name.

use std::str::FromStr;

use crate::error::Error;

/// The words after a command's name, taken away as they are understood.
#[derive(Debug)]
pub struct Arguments {
    words: Vec<String>,
    raw: Vec<String>,
}

impl Arguments {
    /// Splits at `--`: what follows it is for another program.
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        let mut words: Vec<String> = words.into_iter().collect();
        let raw = match words.iter().position(|word| word == "--") {
            Some(split) => words.split_off(split).split_off(1),
            None => Vec::new(),
        };
        Self { words, raw }
    }

    /// Takes `name` away; true where it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() != before
    }

    /// Takes `name` and the word after it away.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where no word follows.
    pub fn value(&mut self, name: &str) -> Result<Option<String>, Error> {
        let Some(index) = self.words.iter().position(|word| word == name) else {
            return Ok(None);
        };
        if index + 1 == self.words.len() {
            return Err(Error::Usage(format!("{name} wants a value")));
        }
        self.words.remove(index);
        Ok(Some(self.words.remove(index)))
    }

    /// Takes `name` and the number after it away.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where no number follows.
    pub fn number<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Error> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| Error::Usage(format!("{name} {text}: not a number")))
    }

    /// The words after `--`.
    pub fn raw(&mut self) -> Vec<String> {
        std::mem::take(&mut self.raw)
    }

    /// All words, for another program of ours.
    pub fn all(self) -> Vec<String> {
        self.words
    }

    /// Ends the taking.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where a word is left that nobody understood.
    pub fn finish(self) -> Result<(), Error> {
        match self.words.first().or(self.raw.first()) {
            Some(word) => Err(Error::Usage(format!("`{word}` is not understood here"))),
            None => Ok(()),
        }
    }
}
