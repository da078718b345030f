//! `screen`: the screen's text, and drawing on parts of it.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use rhai::{Blob, Dynamic, EvalAltResult, NativeCallContext};
use services::host::{self, Display};
use services::screen::FontSize;
use services::screen::drawing::{Area, COLOR_NAMES, Color, Drawing, Error, image};
use services::terminal::Terminal;
use services::terminal::view::View;
use services::value::Value;
use unicode_width::UnicodeWidthChar;

use super::int;
use crate::context::TaskContext;
use crate::error::thrown;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

/// Pixels of an image that are drawn before others get their turn.
const BLEND_PIXELS: usize = 32 * 1024;

const NO_SCREEN: (&str, &str) = ("no_screen", "this machine has no screen, or was started without it");
const NO_REGION: (&str, &str) = ("no_region", "this task has not claimed a region");
const UNSUPPORTED: (&str, &str) = ("unsupported", "the screen is in text mode");
const BAD_COLOR: (&str, &str) = ("bad_color", "there is no such colour");

const COLOR: Param = Param {
    name: "color",
    kind: Kind::Any,
    meaning: "a name as \"red\", a number 0xRRGGBB, or \"#rrggbb\"",
};

const fn pixels(name: &'static str, meaning: &'static str) -> Param {
    Param {
        name,
        kind: Kind::Int,
        meaning,
    }
}

const X: Param = pixels("x", "column in the region, in pixels from its left edge");
const Y: Param = pixels("y", "row in the region, in pixels from its upper edge");
const WIDTH: Param = pixels("width", "pixels");
const HEIGHT: Param = pixels("height", "pixels");
const TEXT: Param = Param {
    name: "text",
    kind: Kind::Text,
    meaning: "what to write",
};

const INFO: Doc = Doc {
    namespace: "screen",
    name: "info",
    params: &[],
    returns: "map",
    errors: &[NO_SCREEN],
    waits: false,
    summary: "Describes the screen: size in pixels and in characters, font, format.",
    notes: "width and height in pixels, or () in text mode; columns and rows of characters; font, such as \"8x16\", or () \
            in text mode; format, such as \"rgb 32 bits\", or \"text\"; session, counted from 1.",
    example: Example::Shows("screen::info().columns", "80"),
};

const CLEAR: Doc = Doc {
    namespace: "screen",
    name: "clear",
    params: &[],
    returns: "()",
    errors: &[NO_SCREEN],
    waits: true,
    summary: "Clears the screen's text; output goes on at the upper left.",
    notes: "Called from a session that is not on the screen, it is the session shown there that is cleared.",
    example: Example::Shows("screen::clear()", ""),
};

const WRITE_AT: Doc = Doc {
    namespace: "screen",
    name: "write_at",
    params: &[
        pixels("column", "column of characters, from 0"),
        pixels("row", "row of characters, from 0"),
        TEXT,
    ],
    returns: "()",
    errors: &[NO_SCREEN, ("out_of_range", "the place is not on the screen")],
    waits: true,
    summary: "Writes text at a place on the screen; other output goes on where it was.",
    notes: "Lines after the first go below one another. What does not fit is cut. Colours are those of `screen::color`.",
    example: Example::Shows("screen::write_at(10, 2, \"12:30\")", ""),
};

const SET_COLOR: Doc = Doc {
    namespace: "screen",
    name: "color",
    params: &[
        Param {
            kind: Kind::Optional(&Kind::Any),
            meaning: "of characters: a name as \"red\", a number 0xRRGGBB, or \"#rrggbb\"; left out, the usual colours",
            ..COLOR
        },
        Param {
            name: "background",
            kind: Kind::Optional(&Kind::Any),
            meaning: "behind them",
        },
    ],
    returns: "()",
    errors: &[NO_SCREEN, BAD_COLOR],
    waits: true,
    summary: "Sets the colours of the text that the screen shows from now on.",
    notes: "Names: black red green brown blue magenta cyan grey dark_grey bright_red bright_green yellow bright_blue \
            bright_magenta bright_cyan white. screen::color() goes back to the usual colours.",
    example: Example::Shows("screen::color(\"yellow\", 0x000080); screen::color()", ""),
};

const FONT: Doc = Doc {
    namespace: "screen",
    name: "font",
    params: &[Param {
        name: "name",
        kind: Kind::Text,
        meaning: "\"8x16\" or \"12x24\", the size of a character in pixels",
    }],
    returns: "()",
    errors: &[NO_SCREEN, ("not_found", "there is no such font"), UNSUPPORTED],
    waits: true,
    summary: "Changes the font, and with it how many characters fit on the screen.",
    notes: "The text stays; lines that become too long are cut.",
    example: Example::Shows("screen::font(\"12x24\"); screen::info().columns", "53"),
};

const REGION: Doc = Doc {
    namespace: "screen",
    name: "region",
    params: &[
        Param {
            kind: Kind::Optional(&Kind::Int),
            ..pixels(
                "x",
                "first column on the screen, in pixels; without any, the whole screen",
            )
        },
        pixels("y", "first row on the screen, in pixels"),
        WIDTH,
        HEIGHT,
    ],
    returns: "map",
    errors: &[
        NO_SCREEN,
        ("busy", "another task owns a part of it"),
        ("out_of_range", "it is empty, or not wholly on the screen"),
        (
            "out_of_memory",
            "its pixels would take more than half of the free memory",
        ),
        UNSUPPORTED,
    ],
    waits: false,
    summary: "Claims a part of the screen for this task to draw on, black at first.",
    notes: "Text is not shown there until `screen::release()` or the task's end; at the prompt, the session is the task, \
            and Ctrl-C gives its region back. \
            A task has one region: a new one takes the old one's place. Returns x, y, width and height.",
    example: Example::Shows("screen::region(320, 0, 320, 200).width", "320"),
};

const RELEASE: Doc = Doc {
    namespace: "screen",
    name: "release",
    params: &[],
    returns: "bool",
    errors: &[NO_SCREEN],
    waits: false,
    summary: "Gives this task's region back; tells whether there was one.",
    notes: "The text below it appears again.",
    example: Example::Shows("screen::region(); screen::release()", "true"),
};

const PIXEL: Doc = Doc {
    namespace: "screen",
    name: "pixel",
    params: &[X, Y, COLOR],
    returns: "()",
    errors: &[NO_SCREEN, NO_REGION, BAD_COLOR, UNSUPPORTED],
    waits: false,
    summary: "Draws one pixel in this task's region.",
    notes: "",
    example: Example::Shows("screen::region(); screen::pixel(10, 10, \"red\")", ""),
};

const LINE: Doc = Doc {
    namespace: "screen",
    name: "line",
    params: &[
        pixels("x1", "column of one end, in pixels"),
        pixels("y1", "row of one end"),
        pixels("x2", "column of the other end"),
        pixels("y2", "row of the other end"),
        COLOR,
    ],
    returns: "()",
    errors: &[NO_SCREEN, NO_REGION, BAD_COLOR, UNSUPPORTED],
    waits: false,
    summary: "Draws a straight line in this task's region.",
    notes: "Both ends are drawn; what lies outside the region is left out.",
    example: Example::Shows("screen::region(); screen::line(0, 0, 319, 199, \"bright_blue\")", ""),
};

const RECT: Doc = Doc {
    namespace: "screen",
    name: "rect",
    params: &[X, Y, WIDTH, HEIGHT, COLOR],
    returns: "()",
    errors: &[NO_SCREEN, NO_REGION, BAD_COLOR, UNSUPPORTED],
    waits: false,
    summary: "Draws the outline of a rectangle in this task's region.",
    notes: "",
    example: Example::Shows("screen::region(); screen::rect(5, 5, 100, 50, 0xFF8000)", ""),
};

const FILL: Doc = Doc {
    namespace: "screen",
    name: "fill",
    params: &[X, Y, WIDTH, HEIGHT, COLOR],
    returns: "()",
    errors: &[NO_SCREEN, NO_REGION, BAD_COLOR, UNSUPPORTED],
    waits: false,
    summary: "Fills a rectangle in this task's region.",
    notes: "",
    example: Example::Shows("screen::region(); screen::fill(5, 5, 100, 50, \"#ff8000\")", ""),
};

const DRAW_TEXT: Doc = Doc {
    namespace: "screen",
    name: "text",
    params: &[X, Y, TEXT, COLOR],
    returns: "()",
    errors: &[NO_SCREEN, NO_REGION, BAD_COLOR, UNSUPPORTED],
    waits: false,
    summary: "Writes text in this task's region, without a background.",
    notes: "x and y are the upper left corner of the first character, in pixels. The font is the screen's.",
    example: Example::Shows("screen::region(); screen::text(20, 20, \"21.5 °C\", \"white\")", ""),
};

const IMAGE: Doc = Doc {
    namespace: "screen",
    name: "image",
    params: &[
        X,
        Y,
        Param {
            name: "file",
            kind: Kind::Blob,
            meaning: "a PNG or BMP file's bytes",
        },
    ],
    returns: "map",
    errors: &[
        NO_SCREEN,
        NO_REGION,
        (
            "bad_image",
            "the bytes are no image, are damaged, or hold more than 4 million pixels",
        ),
        UNSUPPORTED,
    ],
    waits: false,
    summary: "Draws a PNG or BMP image in this task's region; returns its width and height.",
    notes: "Transparent parts let shine through what was drawn before.",
    example: Example::Shows(
        "screen::region(); try { screen::image(0, 0, blob(9)) } catch (error) { print(error.code) }",
        "bad_image",
    ),
};

/// Adds `screen::*`.
pub fn register(api: &mut Api) {
    api.service(&INFO, info);
    api.service(&CLEAR, clear);
    api.service(&WRITE_AT, write_at);
    api.service(&SET_COLOR, set_color);
    api.service(&FONT, font);
    api.service(&REGION, region);
    api.service(&RELEASE, release);
    api.service(&PIXEL, pixel);
    api.service(&LINE, line);
    api.service(&RECT, rect);
    api.service(&FILL, fill);
    api.service(&DRAW_TEXT, text);
    api.script(&IMAGE, draw_image);
}

fn display(context: &TaskContext) -> Result<&'static dyn Display, ScriptError> {
    context
        .host
        .display
        .ok_or_else(|| ScriptError::new(NO_SCREEN.0, NO_SCREEN.1))
}

/// The number of the screen's session that the task prints on, if it does.
fn session(context: &TaskContext) -> Option<usize> {
    context.terminal.and_then(Terminal::screen_session)
}

/// Shows `text` after what was printed before.
fn show(context: &TaskContext, text: &str) -> Result<(), ScriptError> {
    let display = display(context)?;
    flush(context)?;
    display.write(session(context), text);
    Ok(())
}

fn flush(context: &TaskContext) -> Result<(), ScriptError> {
    if let Some(terminal) = context.terminal
        && session(context).is_some()
    {
        host::block_on(context.host.tasks, terminal.flush())?;
    }
    Ok(())
}

pub(super) fn info(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let info = display(context)?.info(session(context));
    let side = |choose: fn((usize, usize)) -> usize| info.size_pixels.map_or(Value::Unit, |size| int(choose(size)));
    Ok(Value::map([
        ("width", side(|size| size.0)),
        ("height", side(|size| size.1)),
        ("columns", int(info.columns)),
        ("rows", int(info.rows)),
        ("font", info.font.map_or(Value::Unit, |font| font.name().into())),
        ("format", info.format.into()),
        ("session", int(info.session + 1)),
    ]))
}

fn clear(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    show(context, "\x1b[H\x1b[2J")?;
    Ok(Value::Unit)
}

fn write_at(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let info = display(context)?.info(session(context));
    let (column, row) = (arguments.count(0, "column")?, arguments.count(1, "row")?);
    if column >= info.columns as u64 || row >= info.rows as u64 {
        return Err(ScriptError::new(
            "out_of_range",
            format_args!(
                "the screen has {} columns and {} rows, counted from 0",
                info.columns, info.rows
            ),
        ));
    }
    let (column, row) = (column as usize, row as usize);
    let text = arguments.text(2);
    // The cursor and the colours are saved and come back.
    let mut output = String::from("\x1b7");
    for (index, line) in text.split('\n').take(info.rows - row).enumerate() {
        output.push_str(&format!("\x1b[{};{}H", row + index + 1, column + 1));
        push_cells(&mut output, line, info.columns - column);
    }
    output.push_str("\x1b8");
    show(context, &output)?;
    Ok(Value::Unit)
}

/// Adds what fits into `cells` cells, without control characters.
fn push_cells(output: &mut String, line: &str, cells: usize) {
    let mut left = cells;
    for character in line.chars() {
        let Some(width) = character.width() else { continue };
        if width > left {
            return;
        }
        left -= width;
        output.push(character);
    }
}

fn set_color(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let mut output = String::new();
    if arguments.is_empty() {
        output.push_str("\x1b[m");
    } else {
        output.push_str(&color(arguments, 0)?.foreground_sequence());
    }
    if arguments.len() > 1 {
        output.push_str(&color(arguments, 1)?.background_sequence());
    }
    show(context, &output)?;
    Ok(Value::Unit)
}

fn font(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let display = display(context)?;
    let name = arguments.text(0);
    let size = FontSize::named(&name).ok_or_else(|| {
        ScriptError::new(
            "not_found",
            format_args!("there is no font \"{name}\", but \"8x16\" and \"12x24\""),
        )
    })?;
    flush(context)?;
    display.set_font(session(context), size).map_err(drawing_error)?;
    if let Some(terminal) = context.terminal
        && let Some(session) = session(context)
    {
        let info = display.info(Some(session));
        terminal.set_view(View {
            columns: info.columns,
            rows: info.rows,
            shows_escapes: true,
        });
    }
    Ok(Value::Unit)
}

fn region(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let side = |index, name| -> Result<usize, ScriptError> {
        let number = arguments.count(index, name)?;
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    };
    let area = if arguments.is_empty() {
        None
    } else {
        Some(Area {
            x: side(0, "x")?,
            y: side(1, "y")?,
            width: side(2, "width")?,
            height: side(3, "height")?,
        })
    };
    let owner = context.host.tasks.current();
    let area = display(context)?
        .claim(session(context), owner, area)
        .map_err(drawing_error)?;
    Ok(Value::map([
        ("x", int(area.x)),
        ("y", int(area.y)),
        ("width", int(area.width)),
        ("height", int(area.height)),
    ]))
}

fn release(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(display(context)?.release(context.host.tasks.current()).into())
}

fn pixel(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let at = point(arguments, 0);
    let color = color(arguments, 2)?.rgb();
    draw(context, Drawing::Pixel { at, color })
}

fn line(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let (from, to) = (point(arguments, 0), point(arguments, 2));
    let color = color(arguments, 4)?.rgb();
    draw(context, Drawing::Line { from, to, color })
}

fn rect(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let (at, size) = (point(arguments, 0), point(arguments, 2));
    let color = color(arguments, 4)?.rgb();
    draw(context, Drawing::Outline { at, size, color })
}

fn fill(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let (at, size) = (point(arguments, 0), point(arguments, 2));
    let color = color(arguments, 4)?.rgb();
    draw(context, Drawing::Fill { at, size, color })
}

fn text(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let at = point(arguments, 0);
    let text = arguments.text(2);
    let color = color(arguments, 3)?.rgb();
    draw(context, Drawing::Text { at, text: &text, color })
}

/// Works in the task's own memory, so that an image that is too large for it ends the task and nothing else.
fn draw_image(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let number = |index: usize| arguments.get(index).and_then(|value| value.as_int().ok()).unwrap_or(0);
    let (x, y) = (number(0), number(1));
    let position = call.call_position();
    let tasks = context.host.tasks;
    let display = context.host.display;
    let display = display.ok_or_else(|| thrown(NO_SCREEN.0, NO_SCREEN.1, position))?;
    let draw_rows = |y: i64, width: usize, pixels: &[u32]| {
        let drawing = Drawing::Rows {
            at: (x, y),
            width,
            pixels,
        };
        let result = context.on_kernel_heap(|| display.draw(tasks.current(), &drawing));
        result.map_err(|error| thrown(error.code(), error, position))
    };
    // Without a region there is nothing to decode for.
    draw_rows(y, 1, &[])?;
    let mut stopped = Ok(());
    let mut keep_going = || {
        stopped = context.checkpoint(call);
        stopped.is_ok()
    };
    let decoded = {
        let file = arguments.get(2).and_then(|value| value.read_lock::<Blob>());
        file.map_or(Err(image::Error::UnknownFormat), |file| {
            image::decode(&file, &mut keep_going)
        })
    };
    stopped?;
    let image = decoded.map_err(|error| thrown("bad_image", error, position))?;
    let width = image.width_pixels;
    let rows = (BLEND_PIXELS / width).max(1);
    for (index, band) in image.pixels.chunks(rows * width).enumerate() {
        draw_rows(y.saturating_add((index * rows) as i64), width, band)?;
        context.checkpoint(call)?;
    }
    let mut size = rhai::Map::new();
    size.insert("width".into(), Dynamic::from_int(width as i64));
    size.insert("height".into(), Dynamic::from_int((image.pixels.len() / width) as i64));
    Ok(Dynamic::from_map(size))
}

fn draw(context: &TaskContext, drawing: Drawing<'_>) -> Result<Value, ScriptError> {
    let owner = context.host.tasks.current();
    display(context)?.draw(owner, &drawing).map_err(drawing_error)?;
    Ok(Value::Unit)
}

fn point(arguments: &Args<'_>, index: usize) -> (i64, i64) {
    (arguments.int(index), arguments.int(index + 1))
}

fn color(arguments: &Args<'_>, index: usize) -> Result<Color, ScriptError> {
    let value = arguments.any(index)?;
    let color = match &value {
        Value::Int(number) => Color::from_number(*number),
        Value::Text(name) => Color::named(name),
        _ => None,
    };
    color.ok_or_else(|| {
        ScriptError::new(
            BAD_COLOR.0,
            format_args!(
                "a colour is a number from 0 to 0xFFFFFF, \"#rrggbb\", or one of: {}",
                COLOR_NAMES.join(" ")
            ),
        )
    })
}

fn drawing_error(error: Error) -> ScriptError {
    ScriptError::new(error.code(), error)
}
