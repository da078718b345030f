//! Numbers as charts of text: curves of braille dots, and bars of blocks.
//!
//! Pure: numbers in, lines of text out. Memory is bounded by the chart's size, time by the count of numbers.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use crate::show::cell::{self, Align};

/// Dots of one braille character.
const DOTS: (usize, usize) = (2, 4);
/// Columns of text before a bar.
const LABEL_COLUMNS: usize = 30;
/// Columns of the longest bar.
const BAR_COLUMNS_MAX: usize = 60;

/// The size of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns of characters in all.
    pub columns: usize,
    /// Rows of the curve, without the axis below.
    pub rows: usize,
}

/// Draws a curve through `numbers`; those that are not finite are left out. `None` where none is left.
pub fn curve(numbers: &[f64], size: Size) -> Option<String> {
    let finite = || numbers.iter().copied().filter(|number| number.is_finite());
    let (low, high) = (finite().reduce(f64::min)?, finite().reduce(f64::max)?);
    let (low_label, high_label) = (label(low), label(high));
    let label_columns = cell::width(&low_label).max(cell::width(&high_label));
    let columns = size.columns.saturating_sub(label_columns + 2).max(4);
    let rows = size.rows.max(1);
    let mut dots = Dots::new(columns, rows);
    // Halved, so that the distance of two numbers is a number too.
    let span = high / 2.0 - low / 2.0;
    let height = |number: f64| {
        let part = if span > 0.0 {
            (number / 2.0 - low / 2.0) / span
        } else {
            0.5
        };
        nearest(part, dots.height() - 1)
    };
    let points = points(numbers, dots.width(), height);
    for point in &points {
        dots.line((point.x, point.rows.start), (point.x, point.rows.end));
    }
    for pair in points.windows(2) {
        if let [left, right] = pair
            && right.follows
        {
            dots.line((left.x, left.last), (right.x, right.first));
        }
    }
    let mut out = String::new();
    for row in 0..rows {
        let label = match row {
            0 => high_label.as_str(),
            _ if row + 1 == rows => low_label.as_str(),
            _ => "",
        };
        cell::push_aligned(label, label_columns, Align::Right, &mut out);
        out.push_str(if label.is_empty() { " │" } else { " ┤" });
        out.push_str(dots.row(row).trim_end_matches('\u{2800}'));
        out.push('\n');
    }
    cell::push_aligned("", label_columns + 1, Align::Left, &mut out);
    out.push('└');
    out.extend(core::iter::repeat_n('─', columns));
    out.push('\n');
    let last = (numbers.len() - 1).to_string();
    cell::push_aligned("", label_columns + 2, Align::Left, &mut out);
    out.push('0');
    if numbers.len() > 1 {
        cell::push_aligned(&last, columns - 1, Align::Right, &mut out);
    }
    Some(out)
}

/// The numbers of one column of dots.
struct Point {
    x: usize,
    /// Dots from the bottom, the lowest and the highest number.
    rows: Range<usize>,
    first: usize,
    last: usize,
    /// Nothing was left out between the point before and this one.
    follows: bool,
}

fn points(numbers: &[f64], width: usize, height: impl Fn(f64) -> usize) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    let mut is_gap = true;
    let last_index = numbers.len().saturating_sub(1).max(1);
    for (index, &number) in numbers.iter().enumerate() {
        if !number.is_finite() {
            is_gap = true;
            continue;
        }
        let x = nearest(index as f64 / last_index as f64, width - 1);
        let y = height(number);
        match points.last_mut().filter(|point| point.x == x) {
            Some(point) => {
                point.rows = point.rows.start.min(y)..point.rows.end.max(y);
                point.last = y;
            }
            None => points.push(Point {
                x,
                rows: y..y,
                first: y,
                last: y,
                follows: !is_gap,
            }),
        }
        is_gap = false;
    }
    points
}

/// `part`, from 0 to 1, of `whole`.
fn nearest(part: f64, whole: usize) -> usize {
    ((part * whole as f64 + 0.5) as usize).min(whole)
}

/// A picture of braille dots, from the bottom left.
struct Dots {
    columns: usize,
    rows: usize,
    /// Bits of each character, row by row from the top.
    cells: Vec<u8>,
}

impl Dots {
    fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            rows,
            cells: vec![0; columns * rows],
        }
    }

    fn width(&self) -> usize {
        self.columns * DOTS.0
    }

    fn height(&self) -> usize {
        self.rows * DOTS.1
    }

    fn set(&mut self, x: usize, y: usize) {
        // Unicode's braille patterns number the dots down the left column and then the right, the last row apart.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let from_top = self.height().saturating_sub(y + 1);
        let index = from_top / DOTS.1 * self.columns + x / DOTS.0;
        if let Some(cell) = self.cells.get_mut(index) {
            *cell |= BITS[from_top % DOTS.1][x % DOTS.0];
        }
    }

    fn line(&mut self, from: (usize, usize), to: (usize, usize)) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        let between = |a: usize, b: usize, step: usize| {
            let part = nearest(step as f64 / steps.max(1) as f64, a.abs_diff(b));
            if b >= a { a + part } else { a - part }
        };
        for step in 0..=steps {
            self.set(between(from.0, to.0, step), between(from.1, to.1, step));
        }
    }

    fn row(&self, row: usize) -> String {
        let cells = self.cells.iter().skip(row * self.columns).take(self.columns);
        cells
            .filter_map(|&bits| char::from_u32(0x2800 + u32::from(bits)))
            .collect()
    }
}

/// A number at an axis: short, with as many digits as tell it from others.
fn label(number: f64) -> String {
    let size = number.abs();
    if size >= 1e7 || (size < 1e-3 && size > 0.0) {
        return format!("{number:.2e}");
    }
    let text = if size >= 1000.0 {
        format!("{number:.1}")
    } else {
        format!("{number:.3}")
    };
    String::from(text.trim_end_matches('0').trim_end_matches('.'))
}

/// Draws a bar for each entry, the largest number as long as there is room; `shown` is the number as text.
pub fn bars(entries: &[(String, f64, String)], columns: usize) -> String {
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let label_columns = widest(&mut entries.iter().map(|(label, ..)| cell::width(label).min(LABEL_COLUMNS)));
    let number_columns = widest(&mut entries.iter().map(|(_, _, shown)| cell::width(shown)));
    let room = columns
        .saturating_sub(label_columns + number_columns + 2)
        .clamp(4, BAR_COLUMNS_MAX);
    let largest = entries
        .iter()
        .map(|(_, number, _)| *number)
        .filter(|number| number.is_finite())
        .fold(0.0, f64::max);
    let mut out = String::new();
    for (index, (label, number, shown)) in entries.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let mut label = label.clone();
        cell::cut(&mut label, label_columns);
        cell::push_aligned(&label, label_columns, Align::Left, &mut out);
        out.push(' ');
        let part = if largest > 0.0 && number.is_finite() {
            (number / largest).max(0.0)
        } else {
            0.0
        };
        push_bar(nearest(part, room * 8), &mut out);
        out.push_str(shown);
    }
    out
}

/// Adds a bar of so many eighths of a column, and a blank behind it.
fn push_bar(eighths: usize, out: &mut String) {
    const PARTS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    out.extend(core::iter::repeat_n('█', eighths / 8));
    if let Some(part) = (eighths % 8).checked_sub(1) {
        out.push(PARTS[part]);
    }
    if eighths > 0 {
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size { columns: 14, rows: 3 };

    #[test]
    fn draws_curves_with_labels() {
        let chart = curve(&[0.0, 1.0, 2.0, 3.0, 10.0], SMALL).expect("a chart");
        let lines: Vec<&str> = chart.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(
            lines[0].starts_with("10 ┤") && lines[1].starts_with("   │") && lines[2].starts_with(" 0 ┤⣀"),
            "{chart}"
        );
        assert_eq!(lines[3], "   └──────────");
        assert_eq!(lines[4], "    0        4");
        let lines = |text: &str| text.lines().map(cell::width).max();
        assert_eq!(lines(&chart), Some(14));
        let many: Vec<f64> = (0..100_000).map(|index| f64::from(index % 100)).collect();
        let full = curve(&many, SMALL).expect("a chart");
        assert!(full.starts_with("99 ┤⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿\n"), "{full}");
    }

    #[test]
    fn leaves_out_what_is_no_number_and_survives_extremes() {
        assert_eq!(curve(&[], SMALL), None);
        assert_eq!(curve(&[f64::NAN, f64::INFINITY], SMALL), None);
        for numbers in [
            vec![f64::MAX, f64::MIN, f64::NAN, 0.0],
            vec![1.0],
            vec![2.0; 5],
            vec![f64::MIN_POSITIVE, 0.0],
            vec![1.0, f64::NAN, 3.0],
        ] {
            for (columns, rows) in [(0, 0), (1, 1), (80, 12), (500, 3)] {
                let chart = curve(&numbers, Size { columns, rows }).expect("a chart");
                assert_eq!(chart.lines().count(), rows.max(1) + 2);
            }
        }
        // A gap is no line.
        let gap = curve(&[0.0, f64::NAN, 0.0], Size { columns: 12, rows: 1 }).expect("a chart");
        assert!(gap.contains('\u{2800}'), "{gap}");
    }

    #[test]
    fn draws_bars() {
        let entry = |label: &str, number: f64| (String::from(label), number, format!("{number}"));
        let shown = bars(&[entry("a", 4.0), entry("日本", 1.0), entry("c", -1.0)], 14);
        assert_eq!(shown, "a    ██████ 4\n日本 █▌ 1\nc    -1");
        assert_eq!(bars(&[], 10), "");
        assert_eq!(
            bars(&[entry("x", f64::NAN), entry("y", f64::INFINITY)], 0)
                .lines()
                .count(),
            2
        );
    }
}
