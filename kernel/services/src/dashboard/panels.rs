//! What lies beside or below the tasks. Each panel is a title and rows, the weightiest first; one without rows is not
//! shown, as on a machine that cannot tell.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::rates::Rates;
use super::{DIM, LABEL, figures};
use crate::painter::{Row, Style, cells};

/// A title, and rows of a text and a figure by the second.
pub(super) struct Panel {
    pub(super) title: &'static str,
    pub(super) rows: Vec<(String, u64)>,
}

/// All panels that have something to show, in the order in which room is given to them.
pub(super) fn all(rates: &Rates) -> Vec<Panel> {
    let mut panels = alloc::vec![interrupts(rates)];
    panels.retain(|panel| !panel.rows.is_empty());
    panels
}

fn interrupts(rates: &Rates) -> Panel {
    let has_many_cores = rates.interrupts.iter().any(|row| row.core > 0);
    let rows = rates.interrupts.iter().map(|row| {
        let text = match has_many_cores {
            true => format!("{} (core {})", row.source, row.core),
            false => row.source.clone(),
        };
        (text, row.per_s)
    });
    Panel {
        title: "interrupts/s",
        rows: rows.collect(),
    }
}

impl Panel {
    /// The panel's rows below its title, in `limit` rows at most of `width` cells: in columns where there is room for them.
    pub(super) fn rows(&self, width: usize, limit: usize) -> Vec<Row> {
        const COLUMN_CELLS: usize = 26;
        const GAP_CELLS: usize = 3;
        if limit == 0 {
            return Vec::new();
        }
        let columns = ((width + GAP_CELLS) / (COLUMN_CELLS + GAP_CELLS)).clamp(1, self.rows.len().max(1));
        let cell = (width + GAP_CELLS) / columns;
        let hidden = self.rows.len().saturating_sub(columns * limit);
        // The last place says how many are not seen.
        let shown = self.rows.len().min(columns * limit) - usize::from(hidden > 0);
        let count = (shown + usize::from(hidden > 0)).div_ceil(columns).min(limit);
        let mut rows = alloc::vec![Row::default(); count];
        for (place, (text, per_s)) in self.rows.iter().take(shown).enumerate() {
            let (column, line) = (place / count, place % count);
            let (start, end) = (
                column * cell,
                (column * cell + cell.saturating_sub(GAP_CELLS)).min(width),
            );
            let figure = figures::count(*per_s);
            let row = &mut rows[line];
            row.pad(start.min(width), Style::PLAIN);
            row.push_text(text, end.saturating_sub(figure.len() + 1), LABEL);
            row.pad(
                end.saturating_sub(cells::column_of(&figure, figure.len())),
                Style::PLAIN,
            );
            row.push_text(&figure, end, if *per_s == 0 { DIM } else { Style::PLAIN });
        }
        if hidden > 0
            && let Some(row) = rows.last_mut()
        {
            let start = (shown / count * cell).min(width);
            row.pad(start, Style::PLAIN);
            row.push_text(&format!("and {} more", hidden + 1), width, DIM);
        }
        rows
    }
}
