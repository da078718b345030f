//! Characters and the cells they take on a screen.

use unicode_width::UnicodeWidthChar;

/// Cells between tab stops.
pub const TAB_CELLS: usize = 4;

/// A character with the marks that belong to it: the cursor never stops inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Where it starts, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// The cell it starts in.
    pub column: usize,
    /// Cells that it takes, at least one.
    pub width: usize,
    /// The character itself.
    pub character: char,
}

impl Cluster {
    /// It cannot be shown as it is: a control character, or a mark without a character.
    pub fn is_unprintable(&self) -> bool {
        self.character != '\t' && (self.character.is_control() || self.character.width() == Some(0))
    }
}

/// The clusters of a line, from the left.
pub fn clusters(line: &str) -> impl Iterator<Item = Cluster> {
    let mut rest = line.char_indices().peekable();
    let mut column = 0;
    core::iter::from_fn(move || {
        let (start, character) = rest.next()?;
        let mut end = start + character.len_utf8();
        if character != '\t' && !character.is_control() {
            while let Some((index, mark)) = rest.next_if(|(_, next)| next.width() == Some(0)) {
                end = index + mark.len_utf8();
            }
        }
        let width = match character {
            '\t' => TAB_CELLS - column % TAB_CELLS,
            _ => character.width().unwrap_or(1).max(1),
        };
        let cluster = Cluster {
            start,
            end,
            column,
            width,
            character,
        };
        column += width;
        Some(cluster)
    })
}

/// The cell that the character at `byte` starts in.
pub fn column_of(line: &str, byte: usize) -> usize {
    clusters(line.get(..byte).unwrap_or(line))
        .last()
        .map_or(0, |cluster| cluster.column + cluster.width)
}

/// The byte where the character starts that covers `column`; the line's end where none does.
pub fn byte_at(line: &str, column: usize) -> usize {
    clusters(line)
        .find(|cluster| cluster.column + cluster.width > column)
        .map_or(line.len(), |cluster| cluster.start)
}

/// The start of the cluster before `byte`.
pub fn before(line: &str, byte: usize) -> usize {
    let left = line.get(..byte).unwrap_or(line);
    let visible = |&(_, character): &(usize, char)| character.width() != Some(0);
    left.char_indices().rev().find(visible).map_or(0, |(index, _)| index)
}

/// The end of the cluster that starts at `byte`.
pub fn after(line: &str, byte: usize) -> usize {
    let right = line.get(byte..).unwrap_or_default();
    clusters(right).next().map_or(line.len(), |cluster| byte + cluster.end)
}
