//! Looking at values: page by page, and as the text of a table.

use alloc::string::String;

use rhai::{Array, Dynamic};

use super::{PLAIN, param};
use crate::compute::{Call, Error, Result};
use crate::context::TaskContext;
use crate::pager;
use crate::registry::{Api, Doc, Example, Kind, Param, ScriptError};
use crate::show::table::Table;
use crate::show::{self, Limits};

/// Columns that a table may be asked for.
const COLUMNS_MAX: i64 = 10_000;
/// Steps that a row of a table costs, about.
const ROW_STEPS: usize = 256;

const PAGE: Doc = Doc {
    name: "page",
    params: &[param(
        "value",
        Kind::Any,
        "text is shown as it is, all else as a result",
    )],
    returns: "()",
    waits: true,
    summary: "Shows a value page by page where it is longer than the screen.",
    notes: "Space turns the page, Enter goes on by a line, b goes back, / searches, q leaves, h lists all keys. \
            On a terminal that shows no escape sequences, the value is printed.",
    example: Example::Shows("page(\"one\\ntwo\")", "one\ntwo"),
    ..PLAIN
};
const ROWS: Param = param("rows", Kind::Rows, "an array of maps");
const TO_TABLE: Doc = Doc {
    name: "to_table",
    params: &[
        ROWS,
        param(
            "columns",
            Kind::Optional(&Kind::Int),
            "its width, 1 to 10000; without it, that of the terminal",
        ),
    ],
    returns: "string",
    errors: &[
        ("wrong_type", "it is no array of maps"),
        ("out_of_range", "columns is not from 1 to 10000"),
    ],
    summary: "Returns the text of a table with all rows.",
    notes: "As the prompt shows it: too long texts are cut, and columns that do not fit are named in the last line.",
    example: Example::Shows("print([#{a: 1, b: \"x\"}].to_table())", "a  b\n1  x"),
    ..PLAIN
};

/// Adds `page` and `to_table`.
pub fn register(api: &mut Api) {
    api.reader(&PAGE, |call| {
        let position = call.native.call_position();
        let stopped = |_| Error::Script(ScriptError::Interrupted.to_script(call.context, position));
        pager::show_page(call.context, call.value(0)).map_err(stopped)?;
        Ok(Dynamic::UNIT)
    });
    api.reader(&TO_TABLE, to_table);
}

/// Columns of the terminal.
pub(super) fn columns(context: &TaskContext) -> usize {
    pager::view(context).columns
}

fn to_table(call: &Call<'_>) -> Result<Dynamic> {
    let rows = call.array(0)?;
    let columns = match call.arguments.len() {
        2.. => match call.int(1)? {
            columns @ 1..=COLUMNS_MAX => columns as usize,
            other => {
                let message = format_args!("columns must be from 1 to {COLUMNS_MAX}, but is {other}");
                return Err(Error::new("out_of_range", message));
            }
        },
        _ => columns(call.context),
    };
    if !rows.is_empty() && !show::is_rows(&rows, Limits::ordinary(columns)) {
        return Err(Error::new("wrong_type", "an array of maps is needed"));
    }
    let (table, mut pace) = (layout(call, &rows, columns)?, call.pace());
    let mut out = String::new();
    table.write_header(&mut out);
    for row in rows.iter() {
        pace.spend(ROW_STEPS)?;
        out.push('\n');
        table.write_row(row, &mut out);
    }
    table.write_footer(&mut out);
    Ok(out.into())
}

/// The layout for all rows, at a pace that others can bear.
fn layout(call: &Call<'_>, rows: &Array, columns: usize) -> Result<Table> {
    let stop = core::cell::Cell::new(None);
    let pace = core::cell::RefCell::new(call.pace());
    let table = {
        let paced = rows.iter().map_while(|row| match pace.borrow_mut().spend(ROW_STEPS) {
            Ok(()) => Some(row),
            Err(error) => {
                stop.set(Some(error));
                None
            }
        });
        Table::layout(paced, columns)
    };
    stop.take().map_or(Ok(table), Err)
}
