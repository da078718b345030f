//! Drawing on the screen, its text's colours, the visual bell, and how fast text is shown.

use std::time::{Duration, Instant};

use services::screen::FontSize;
use services::screen::matcher::{Matcher, SeenCell};

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine};
use crate::runner::{Company, Context, Test};
use crate::screendump::{self, Picture};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "drawing_appears_pixel_by_pixel_and_gives_the_text_back",
        company: Company::Shared,
        run: chart,
    },
    Test {
        name: "drawing_shows_images",
        company: Company::Shared,
        run: images,
    },
    Test {
        name: "drawing_places_and_colours_text",
        company: Company::Shared,
        run: text,
    },
    Test {
        name: "drawing_shows_the_bell",
        company: Company::Shared,
        run: bell,
    },
    Test {
        name: "drawing_print_speed",
        company: Company::Alone,
        run: print_speed,
    },
];

const LIMIT: Duration = Duration::from_secs(20);
/// The region of the chart's task: over the banner, but for six columns, on no cell's edge.
const REGION: (usize, usize, usize, usize) = (49, 16, 301, 75);
/// Lines a second that `print` must reach: a tenth of the goal, so that a busy host fails no run.
const LINES_PER_SECOND: u32 = 200;

/// Waits for a picture for which `is_right` holds.
fn expect(machine: &mut Machine, what: &str, is_right: impl Fn(&Picture) -> bool) -> Result<Picture, Error> {
    let started = Instant::now();
    loop {
        let picture = screendump::picture(machine)?;
        if is_right(&picture) {
            return Ok(picture);
        }
        if started.elapsed() > LIMIT {
            let lines = Matcher::new(FontSize::Small).lines(&picture.pixels, picture.width_pixels);
            return Err(Error::Wrong(format!(
                "no {what}; the screen shows\n{}",
                lines.join("\n")
            )));
        }
    }
}

fn cells(picture: &Picture, size: FontSize) -> Vec<Vec<SeenCell>> {
    Matcher::new(size).cells(&picture.pixels, picture.width_pixels)
}

fn with_prompts(context: &Context, drive: impl FnOnce(&mut Machine) -> Result<(), Error>) -> Result<(), Error> {
    let iso = context.images.with_screen("", 800, 600)?;
    context.with_machine(&Config::default(), &iso, |machine| {
        screendump::boot(machine)?;
        drive(machine)
    })
}

/// What the chart's pixels must be, by rules of its own.
fn chart_color(x: usize, y: usize) -> u32 {
    let (_, _, width, height) = REGION;
    if x == 0 || y == 0 || x == width - 1 || y == height - 1 {
        return 0xFF_FF_FF;
    }
    if x >= 40 && y >= 20 && x - 40 == y - 20 && y < 70 {
        return 0xFF_FF_55;
    }
    let bar = x / 20;
    let is_in_bar = (5..15).contains(&bar) && x % 20 < 12 && y >= height - 1 - 5 * (bar - 4) && y < height - 1;
    if is_in_bar { 0x30_A0_F0 } else { 0x10_20_40 }
}

fn chart(context: &Context) -> Result<(), Error> {
    with_prompts(context, |machine| {
        let (left, top, width, height) = REGION;
        let is_chart = |picture: &Picture| {
            (0..height).all(|y| (0..width).all(|x| picture.at(left + x, top + y) == chart_color(x, y)))
        };
        let lines = |picture: &Picture| Matcher::new(FontSize::Small).lines(&picture.pixels, picture.width_pixels);
        let banner = lines(&screendump::picture(machine)?);
        let draw = format!(
            "let id = task::start(|| {{ screen::region({left}, {top}, {width}, {height}); \
             screen::fill(0, 0, 9999, 9999, 0x102040); screen::line(40, 20, 89, 69, \"yellow\"); \
             for i in 1..11 {{ screen::fill(80 + i * 20, {height} - 1 - 5 * i, 12, 5 * i, \"#30a0f0\") }} \
             screen::rect(0, 0, {width}, {height}, \"white\"); time::sleep_ms(600000) }});"
        );
        machine.check(&draw, "")?;
        expect(machine, "chart", is_chart)?;
        let busy = "try { screen::region(100, 0, 20, 20) } catch (error) { print(error.code) }";
        machine.check(busy, "busy")?;
        machine.check(
            "try { screen::pixel(1, 1, 0) } catch (error) { print(error.code) }",
            "no_region",
        )?;
        // Text that is printed stays out of it, also where the screen scrolls.
        machine.check("screen::write_at(0, 2, \"over and over and over\");", "")?;
        screendump::press(machine, &["1", "2", "ret"])?;
        expect(machine, "answer beside the chart", |picture| {
            is_chart(picture) && lines(picture).iter().any(|line| line.starts_with("12"))
        })?;
        machine.check("task::kill(id)", "true")?;
        expect(machine, "text back", |picture| {
            let seen = lines(picture);
            seen[1] == banner[1]
                && seen[2].starts_with("over and over and over")
                && seen.iter().any(|line| line == "rhai> 12")
        })?;
        // One that fails gives it back too, and a region of the session itself can be released.
        machine.eval(
            "try { task::wait(task::start(|| { screen::region(); screen::fill(0, 0, 99, 99, 1); 1 / 0 })) } catch {}",
        )?;
        machine.check(
            "screen::region().width == screen::info().width && screen::release()",
            "true",
        )?;
        expect(machine, "banner back", |picture| lines(picture)[1] == banner[1]).map(|_| ())
    })
}

/// A 3 by 2 picture with alpha, as `zlib` has compressed it.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x03, 0x00, 0x00, 0x00, 0x02, 0x08, 0x06, 0x00, 0x00, 0x00, 0x9D, 0x74, 0x66, 0x1A, 0x00, 0x00, 0x00, 0x1D, 0x49,
    0x44, 0x41, 0x54, 0x78, 0xDA, 0x63, 0xF8, 0xCF, 0xC0, 0xF0, 0x1F, 0x04, 0x19, 0x99, 0x98, 0x81, 0xAC, 0xFF, 0xFF,
    0x1B, 0x38, 0x39, 0x39, 0x81, 0x7C, 0x86, 0x06, 0x00, 0x7F, 0xBB, 0x09, 0x1A, 0x34, 0x3E, 0x58, 0x6F, 0x00, 0x00,
    0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
];

fn images(context: &Context) -> Result<(), Error> {
    with_prompts(context, |machine| {
        let number = |bytes: &[u8]| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        machine.check(
            &format!("let file = blob(); for x in [{}] {{ file.push(x) }}", number(PNG)),
            "",
        )?;
        machine.eval("screen::region(100, 200, 64, 64); screen::fill(0, 0, 64, 64, 0x0000ff);")?;
        machine.check("screen::image(10, 20, file) == #{width: 3, height: 2}", "true")?;
        machine.check("screen::image(-2, -1, file).width", "3")?;
        let broken = "file[60] = 7; try { screen::image(0, 0, file) } catch (error) { print(error.code) }";
        machine.check(broken, "bad_image")?;
        let expected = [
            [0xFF_00_00, 0x00_FF_00, 0x00_00_FF],
            [0x80_80_FF, 0x00_00_FF, 0x80_00_7F],
        ];
        expect(machine, "image", |picture| {
            let is_image = (0..2).all(|y| (0..3).all(|x| picture.at(110 + x, 220 + y) == expected[y][x]));
            // Of the second one, only the last pixel of the last row is inside.
            let is_clipped = picture.at(100, 200) == 0x80_00_7F && picture.at(101, 200) == 0x00_00_FF;
            is_image && is_clipped && picture.at(99, 200) != 0x00_00_FF && picture.at(163, 263) == 0x00_00_FF
        })
        .map(|_| ())
    })
}

fn text(context: &Context) -> Result<(), Error> {
    with_prompts(context, |machine| {
        machine.check(
            "screen::color(\"red\", 0x000080); screen::write_at(70, 20, \"Grüße\\nunten\");",
            "",
        )?;
        machine.check("screen::color(); screen::write_at(97, 21, \"abcdef\");", "")?;
        let word = |cells: &[SeenCell]| cells.iter().filter_map(|cell| cell.character).collect::<String>();
        let has_colors = |cell: &SeenCell| cell.foreground == 0xAA_00_00 && cell.background == 0x00_00_80;
        expect(machine, "coloured words", |picture| {
            let cells = cells(picture, FontSize::Small);
            let (first, second) = (&cells[20][70..75], &cells[21][70..75]);
            word(first) == "Grüße"
                && word(second) == "unten"
                && first.iter().chain(second).all(has_colors)
                && word(&cells[21][97..]) == "abc"
                && cells[22].iter().all(|cell| cell.character == Some(' '))
        })?;
        machine.check("screen::info().font", "\"8x16\"")?;
        machine.check("screen::font(\"12x24\"); screen::info().columns", "66")?;
        expect(machine, "large text", |picture| {
            word(&cells(picture, FontSize::Large)[0]).starts_with("Rhaios ")
        })?;
        machine.check(
            "screen::font(\"8x16\"); screen::clear(); screen::write_at(0, 1, \"only this\");",
            "",
        )?;
        expect(machine, "cleared screen", |picture| {
            let lines = Matcher::new(FontSize::Small).lines(&picture.pixels, picture.width_pixels);
            lines[1] == "only this" && lines[2..].iter().all(String::is_empty)
        })
        .map(|_| ())
    })
}

fn bell(context: &Context) -> Result<(), Error> {
    with_prompts(context, |machine| {
        // The last row is blank: grey while it flashes, black else.
        let last_row = |picture: &Picture, color: u32| {
            let start = picture.height_pixels / 16 * 16 - 16;
            (start..start + 16).all(|y| (0..picture.width_pixels / 8 * 8).all(|x| picture.at(x, y) == color))
        };
        expect(machine, "quiet screen", |picture| last_row(picture, 0))?;
        let ring = "loop { print(\"\\x07\\x1b[A\"); time::sleep_ms(50) }";
        type_line(machine, ring)?;
        expect(machine, "flash", |picture| last_row(picture, 0xAA_AA_AA))?;
        screendump::press(machine, &["ctrl-c"])?;
        expect(machine, "end of the flash", |picture| last_row(picture, 0)).map(|_| ())
    })
}

fn print_speed(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_screen("", 1280, 800)?;
    context.with_machine(&Config::default(), &iso, |machine| {
        machine.boot()?;
        let size = machine.eval("screen::info().width + \" \" + screen::info().height")?;
        ensure!(size.contains("1280 800"), "the screen is {size}");
        type_line(
            machine,
            "let t = time::uptime_ms(); for i in 0..5000 { print(\"line \" + i) } \"took \" + (time::uptime_ms() - t)",
        )?;
        let took = |lines: &[String]| {
            let number = lines
                .iter()
                .find_map(|line| line.strip_prefix("\"took ")?.strip_suffix('"'));
            number.and_then(|number| number.parse::<u32>().ok())
        };
        let lines = screendump::expect(machine, LIMIT, |lines| took(lines).is_some())?;
        let milliseconds = took(&lines).unwrap_or(u32::MAX).max(1);
        let speed = 5000 * 1000 / milliseconds;
        println!("      print at 1280x800: {speed} lines a second");
        ensure!(speed >= LINES_PER_SECOND, "{speed} lines a second");
        Ok(())
    })
}

/// Types a line on the machine's keyboard.
fn type_line(machine: &mut Machine, line: &str) -> Result<(), Error> {
    let keys: Vec<String> = line.chars().map(key).collect();
    for key in keys.iter().map(String::as_str).chain(["ret"]) {
        screendump::press(machine, &[key])?;
    }
    Ok(())
}

/// The emulator's name of the key that types `character` on a US keyboard.
fn key(character: char) -> String {
    const SYMBOLS: &[(char, &str)] = &[
        (' ', "spc"),
        ('"', "shift-apostrophe"),
        ('\\', "backslash"),
        ('(', "shift-9"),
        (')', "shift-0"),
        ('{', "shift-bracket_left"),
        ('}', "shift-bracket_right"),
        ('[', "bracket_left"),
        (';', "semicolon"),
        (':', "shift-semicolon"),
        ('_', "shift-minus"),
        ('-', "minus"),
        ('+', "shift-equal"),
        ('=', "equal"),
        ('.', "dot"),
        (',', "comma"),
    ];
    match SYMBOLS.iter().find(|(symbol, _)| *symbol == character) {
        Some((_, name)) => String::from(*name),
        None if character.is_ascii_uppercase() => format!("shift-{}", character.to_ascii_lowercase()),
        None => character.to_string(),
    }
}
