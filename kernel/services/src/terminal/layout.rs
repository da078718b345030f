//! Where each character of the input goes on a terminal of some width.
//!
//! Rows are counted from the first one of the input. Places met on the way are remembered, so that a key at the end of
//! a long input costs no more than at the end of a short one.

use alloc::vec::Vec;

use super::cells::{self, Cell, Style};
use super::lexer::{self, Lexer};

/// Bytes between two places that are remembered.
const MARK_DISTANCE_BYTES: usize = 512;

/// A place on the terminal. A column equal to the width is behind the last character of a full row, where terminals
/// leave the cursor until the next character comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) row: usize,
    pub(super) column: usize,
}

/// One row of the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    /// The text goes on in the next row only because this one is full.
    pub(super) is_wrapped: bool,
}

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content<'a> {
    /// Before the first line.
    pub(super) prompt: &'a str,
    /// Before each other line.
    pub(super) continuation: &'a str,
    pub(super) text: &'a str,
    /// Byte index into the text.
    pub(super) cursor: usize,
    /// The bracket here, if there is one, is shown with its partner.
    pub(super) bracket: Option<usize>,
    /// Shown behind the text.
    pub(super) suggestion: &'a str,
    pub(super) has_colors: bool,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    index: usize,
    place: Place,
    lexer: Lexer,
}

/// The remembered places of one input.
#[derive(Debug, Default)]
pub(super) struct Layout {
    columns: usize,
    marks: Vec<Mark>,
}

/// A bracket that is drawn.
struct Bracket {
    index: usize,
    place: Place,
    character: char,
}

impl Layout {
    /// Forgets everything; the terminal has so many columns, at least one.
    pub(super) fn reset(&mut self, columns: usize) {
        self.columns = columns.max(1);
        self.marks.clear();
    }

    /// The text has changed from byte `index` on.
    pub(super) fn invalidate(&mut self, index: usize) {
        let known = self
            .marks
            .partition_point(|mark| mark.index + lexer::LOOK_AHEAD_BYTES < index);
        self.marks.truncate(known);
    }

    /// Where the cursor is.
    pub(super) fn cursor(&mut self, content: &Content<'_>) -> Place {
        let known = self.marks.partition_point(|mark| mark.index <= content.cursor);
        let mut walk = self.walk_from(known.checked_sub(1), content);
        let mut cursor = None;
        self.advance(&mut walk, content, &mut |index, place, _, _| {
            if index >= content.cursor && cursor.is_none() {
                cursor = Some(place);
            }
            cursor.is_none()
        });
        if let Some(cursor) = cursor {
            return cursor;
        }
        match content.suggestion.chars().next() {
            Some(next) if next != '\n' => self.wrapped(walk.pen, cells::shown(next, self.columns).1),
            _ => walk.pen,
        }
    }

    /// The rows from `first` up to, not including, `limit`, as far as there are any.
    pub(super) fn rows(&mut self, content: &Content<'_>, first: usize, limit: usize) -> Vec<Row> {
        let known = self.marks.partition_point(|mark| mark.place.row < first);
        let mut canvas = Canvas {
            first,
            limit,
            rows: Vec::new(),
            brackets: Vec::new(),
        };
        let start = known.checked_sub(1);
        let mut walk = self.walk_from(start, content);
        if start.is_none() {
            let mut pen = Place::default();
            self.write(&mut pen, content.prompt, Style::Plain, &mut canvas);
        } else {
            canvas.touch(walk.pen);
        }
        let columns = self.columns;
        let is_inside = self.advance(&mut walk, content, &mut |index, place, character, look| {
            if character == '\n' {
                let mut pen = Place {
                    row: place.row + 1,
                    column: 0,
                };
                canvas.touch(pen);
                for character in content.continuation.chars() {
                    let (shown, width) = cells::shown(character, columns);
                    pen = wrapped(pen, width, columns);
                    canvas.put(pen, shown, width, Style::Plain);
                    pen.column += width;
                }
            } else {
                let (shown, width) = cells::shown(character, columns);
                canvas.put(place, shown, width, look.style);
                if look.is_bracket {
                    canvas.note_bracket(index, place, character);
                }
            }
            canvas.contains(place)
        });
        if is_inside {
            let mut pen = walk.pen;
            for (number, line) in content.suggestion.split('\n').enumerate() {
                if number > 0 {
                    pen = Place {
                        row: pen.row + 1,
                        column: 0,
                    };
                    canvas.touch(pen);
                    self.write(&mut pen, content.continuation, Style::Plain, &mut canvas);
                }
                self.write(&mut pen, line, Style::Suggestion, &mut canvas);
            }
        }
        if let Some(place) = content.bracket {
            canvas.show_match(place);
        }
        canvas.rows
    }

    fn write(&self, pen: &mut Place, text: &str, style: Style, canvas: &mut Canvas) {
        for character in text.chars() {
            let (shown, width) = cells::shown(character, self.columns);
            *pen = self.wrapped(*pen, width);
            canvas.put(*pen, shown, width, style);
            pen.column += width;
            if !canvas.contains(*pen) {
                return;
            }
        }
    }

    fn wrapped(&self, pen: Place, width: usize) -> Place {
        wrapped(pen, width, self.columns)
    }

    /// A walk from the mark with that number, or from the start of the text behind the prompt.
    fn walk_from(&self, mark: Option<usize>, content: &Content<'_>) -> Walk {
        match mark.and_then(|number| self.marks.get(number)) {
            Some(mark) => Walk {
                index: mark.index,
                pen: mark.place,
                lexer: mark.lexer,
            },
            None => Walk {
                index: 0,
                pen: self.behind(Place::default(), content.prompt),
                lexer: Lexer::default(),
            },
        }
    }

    fn behind(&self, start: Place, text: &str) -> Place {
        text.chars().fold(start, |pen, character| {
            let width = cells::shown(character, self.columns).1;
            let pen = self.wrapped(pen, width);
            Place {
                column: pen.column + width,
                ..pen
            }
        })
    }

    /// Calls `visit` with index, place, and look of each character until it returns false or the text ends. True where
    /// the text ended.
    fn advance(
        &mut self,
        walk: &mut Walk,
        content: &Content<'_>,
        visit: &mut dyn FnMut(usize, Place, char, lexer::Piece) -> bool,
    ) -> bool {
        while walk.index < content.text.len() {
            self.remember(walk);
            let piece = if content.has_colors {
                walk.lexer.next(content.text, walk.index)
            } else {
                lexer::plain_piece(content.text, walk.index)
            };
            for character in content.text[walk.index..piece.end].chars() {
                let is_break = character == '\n';
                let width = cells::shown(character, self.columns).1;
                let place = if is_break {
                    walk.pen
                } else {
                    self.wrapped(walk.pen, width)
                };
                if !visit(walk.index, place, character, piece) {
                    return false;
                }
                walk.index += character.len_utf8();
                walk.pen = if is_break {
                    let start = Place {
                        row: place.row + 1,
                        column: 0,
                    };
                    self.behind(start, content.continuation)
                } else {
                    Place {
                        column: place.column + width,
                        ..place
                    }
                };
            }
        }
        true
    }

    fn remember(&mut self, walk: &Walk) {
        let last = self.marks.last().map_or(0, |mark| mark.index);
        if walk.index >= last + MARK_DISTANCE_BYTES {
            self.marks.push(Mark {
                index: walk.index,
                place: walk.pen,
                lexer: walk.lexer,
            });
        }
    }
}

struct Walk {
    index: usize,
    pen: Place,
    lexer: Lexer,
}

/// Where a character of so many cells goes that is written at `pen`.
fn wrapped(pen: Place, width: usize, columns: usize) -> Place {
    if pen.column + width > columns {
        Place {
            row: pen.row + 1,
            column: 0,
        }
    } else {
        pen
    }
}

/// Rows being filled.
struct Canvas {
    first: usize,
    limit: usize,
    rows: Vec<Row>,
    brackets: Vec<Bracket>,
}

impl Canvas {
    fn contains(&self, place: Place) -> bool {
        place.row < self.limit
    }

    /// The row is there, even where nothing is written to it.
    fn touch(&mut self, place: Place) {
        if self.contains(place) && place.row >= self.first && self.rows.len() <= place.row - self.first {
            self.rows.resize_with(place.row - self.first + 1, Row::default);
        }
    }

    fn put(&mut self, place: Place, character: char, width: usize, style: Style) {
        if !self.contains(place) || place.row < self.first {
            return;
        }
        let number = place.row - self.first;
        if self.rows.len() <= number {
            // Whoever breaks a line touches the new row; this one comes from a full one.
            self.touch(place);
            if let Some(row) = number.checked_sub(1).and_then(|above| self.rows.get_mut(above)) {
                row.is_wrapped = true;
            }
        }
        let cells = &mut self.rows[number].cells;
        if width == 0 {
            let base = cells.iter_mut().rev().find(|cell| !cell.is_covered());
            base.into_iter().for_each(|cell| cell.add_mark(character));
            return;
        }
        cells.push(Cell::new(character, style));
        cells.extend(core::iter::repeat_n(Cell::COVERED, width - 1));
    }

    fn note_bracket(&mut self, index: usize, place: Place, character: char) {
        if matches!(character, '(' | ')' | '[' | ']' | '{' | '}') && place.row >= self.first && self.contains(place) {
            self.brackets.push(Bracket {
                index,
                place,
                character,
            });
        }
    }

    /// Marks the bracket left of `cursor`, or the one under it, and its partner, where both are drawn.
    fn show_match(&mut self, cursor: usize) {
        let at = |index: Option<usize>| self.brackets.iter().position(|bracket| Some(bracket.index) == index);
        let (left, under) = (at(cursor.checked_sub(1)), at(Some(cursor)));
        let Some(one) = left.filter(|&number| !self.brackets[number].opens()).or(under).or(left) else {
            return;
        };
        let other = if self.brackets[one].opens() {
            let offset = partner(self.brackets[one + 1..].iter(), true);
            offset.map(|offset| one + 1 + offset)
        } else {
            let offset = partner(self.brackets[..one].iter().rev(), false);
            offset.map(|offset| one - 1 - offset)
        };
        if let Some(other) =
            other.filter(|&other| is_pair(self.brackets[one].character, self.brackets[other].character))
        {
            for number in [one, other] {
                let place = self.brackets[number].place;
                self.rows[place.row - self.first].cells[place.column].style = Style::Match;
            }
        }
    }
}

impl Bracket {
    fn opens(&self) -> bool {
        matches!(self.character, '(' | '[' | '{')
    }
}

/// How many brackets lie before the one that ends what was opened; `opens` are those that begin something on this way.
fn partner<'a>(way: impl Iterator<Item = &'a Bracket>, opens: bool) -> Option<usize> {
    let mut depth = 0usize;
    for (offset, bracket) in way.enumerate() {
        if bracket.opens() == opens {
            depth += 1;
        } else if depth == 0 {
            return Some(offset);
        } else {
            depth -= 1;
        }
    }
    None
}

fn is_pair(one: char, other: char) -> bool {
    [('(', ')'), ('[', ']'), ('{', '}')]
        .iter()
        .any(|&(open, close)| (one, other) == (open, close) || (one, other) == (close, open))
}
