//! The text being edited: lines, and one operation that changes them.
//!
//! Opening a file keeps its text in one piece and notes where the lines are; only lines that are changed become strings
//! of their own. So a megabyte opens in the time that finding its line ends takes.
//!
//! Inside, lines are separated by LF and a line end at the end of the text makes an empty last line. A file whose line
//! ends are all CR LF is shown and edited without the CRs, and gets them back; one with mixed line ends keeps its CRs as
//! characters. Either way what was not edited comes out as it came in.

use alloc::string::String;
use alloc::vec::Vec;

/// A place between two characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From 0.
    pub line: usize,
    /// Bytes from the line's start, at a character's start.
    pub byte: usize,
}

impl Place {
    /// The place `byte` bytes into `line`.
    pub const fn new(line: usize, byte: usize) -> Self {
        Self { line, byte }
    }

    /// The place behind `text` that is inserted here.
    pub fn after(self, text: &str) -> Self {
        match text.rfind('\n') {
            None => Self::new(self.line, self.byte + text.len()),
            Some(last) => {
                let breaks = text.bytes().filter(|&byte| byte == b'\n').count();
                Self::new(self.line + breaks, text.len() - last - 1)
            }
        }
    }
}

/// How the file's lines end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// LF, or a mixture.
    Lf,
    /// CR LF throughout.
    CrLf,
}

#[derive(Clone, Debug)]
enum Line {
    /// A part of the text that was loaded: start and end.
    Loaded(u32, u32),
    Changed(String),
}

/// The text.
#[derive(Debug)]
pub struct Text {
    loaded: String,
    /// Never empty.
    lines: Vec<Line>,
    ending: Ending,
    /// Bytes with one for each line end.
    size_bytes: usize,
}

impl Text {
    /// The text of a file, of less than 4 GiB.
    pub fn new(loaded: String) -> Self {
        let bytes = loaded.as_bytes();
        let breaks = bytes.iter().filter(|&&byte| byte == b'\n').count();
        let mut lines = Vec::with_capacity(breaks + 1);
        let mut is_crlf = breaks > 0;
        let mut start = 0;
        for (index, _) in loaded.match_indices('\n') {
            is_crlf &= index > start && bytes[index - 1] == b'\r';
            lines.push(Line::Loaded(start as u32, index as u32));
            start = index + 1;
        }
        lines.push(Line::Loaded(start as u32, loaded.len() as u32));
        let mut size_bytes = loaded.len();
        let ending = if is_crlf { Ending::CrLf } else { Ending::Lf };
        if is_crlf {
            size_bytes -= breaks;
            for line in &mut lines[..breaks] {
                if let Line::Loaded(_, end) = line {
                    *end -= 1;
                }
            }
        }
        Self {
            loaded,
            lines,
            ending,
            size_bytes,
        }
    }

    /// How the file's lines end.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// At least one.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The line at `index` without its end; empty where there is none.
    pub fn line(&self, index: usize) -> &str {
        match self.lines.get(index) {
            Some(Line::Loaded(start, end)) => self.loaded.get(*start as usize..*end as usize).unwrap_or_default(),
            Some(Line::Changed(text)) => text,
            None => "",
        }
    }

    /// The place behind the last character.
    pub fn end(&self) -> Place {
        let last = self.lines.len() - 1;
        Place::new(last, self.line(last).len())
    }

    /// Bytes of the text, with one for each line end.
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// The nearest place that is in the text and between two characters.
    pub fn clamp(&self, place: Place) -> Place {
        if place.line >= self.lines.len() {
            return self.end();
        }
        let line = self.line(place.line);
        let mut byte = place.byte.min(line.len());
        while !line.is_char_boundary(byte) {
            byte -= 1;
        }
        Place::new(place.line, byte)
    }

    /// The text between two places.
    pub fn slice(&self, start: Place, end: Place) -> String {
        let part = |line: usize, from: usize, to: usize| self.line(line).get(from..to).unwrap_or_default();
        if start.line == end.line {
            return String::from(part(start.line, start.byte, end.byte));
        }
        let mut text = String::from(part(start.line, start.byte, self.line(start.line).len()));
        for line in start.line + 1..end.line {
            text.push('\n');
            text.push_str(self.line(line));
        }
        text.push('\n');
        text.push_str(part(end.line, 0, end.byte));
        text
    }

    /// The whole text as the file has it; `None` where there is no memory for it.
    pub fn to_file(&self) -> Option<String> {
        let ending = match self.ending {
            Ending::Lf => "\n",
            Ending::CrLf => "\r\n",
        };
        let mut text = String::new();
        text.try_reserve_exact(self.size_bytes + (ending.len() - 1) * self.lines.len())
            .ok()?;
        for index in 0..self.lines.len() {
            if index > 0 {
                text.push_str(ending);
            }
            text.push_str(self.line(index));
        }
        Some(text)
    }

    /// Replaces what lies between two places, which [`Text::clamp`] would not change; returns it, and the place behind
    /// what was inserted.
    pub fn replace(&mut self, start: Place, end: Place, inserted: &str) -> (String, Place) {
        let removed = self.slice(start, end);
        self.size_bytes = self.size_bytes + inserted.len() - removed.len();
        let after = start.after(inserted);
        if start.line == end.line && after.line == start.line {
            self.changeable(start.line)
                .replace_range(start.byte..end.byte, inserted);
            return (removed, after);
        }
        let tail = String::from(self.line(end.line).get(end.byte..).unwrap_or_default());
        let mut pieces = inserted.split('\n');
        let first = pieces.next().unwrap_or_default();
        let head = self.changeable(start.line);
        head.truncate(start.byte);
        head.push_str(first);
        let mut lines: Vec<Line> = pieces.map(|piece| Line::Changed(String::from(piece))).collect();
        match lines.last_mut() {
            Some(Line::Changed(last)) => last.push_str(&tail),
            _ => self.changeable(start.line).push_str(&tail),
        }
        self.lines.splice(start.line + 1..end.line + 1, lines);
        (removed, after)
    }

    fn changeable(&mut self, index: usize) -> &mut String {
        let text = match &self.lines[index] {
            Line::Loaded(..) => Some(String::from(self.line(index))),
            Line::Changed(_) => None,
        };
        let line = &mut self.lines[index];
        if let Some(text) = text {
            *line = Line::Changed(text);
        }
        match line {
            Line::Changed(text) => text,
            Line::Loaded(..) => unreachable!("it was just made a string"),
        }
    }
}
