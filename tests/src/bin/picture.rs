//! Takes the README's picture: boots the shipped image, types a few lines on its screen and writes a PNG.
//! `[--out FILE]`. Called by `cargo xtask picture` after the image is made.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use tests::error::Error;
use tests::images::Images;
use tests::machine::{Config, Machine};
use tests::screendump::{self, Picture};
use xtask::arguments::Arguments;
use xtask::command;

/// What is typed, and what the screen then shows somewhere.
const SESSION: [(&str, &str); 6] = [
    ("fn square(x) { x * x }  [1, 2, 3].map(|x| square(x))", "[1, 4, 9]"),
    ("sys::boot()", "services"),
    (
        "let c = channel::open(8); let t = task::start(|| c.send(6 * 7)); c.receive()",
        "42",
    ),
    ("task::list()", "prompt"),
    ("screen::region(760, 40, 480, 260);", ""),
    (
        "for x in 0..480 { let y = 130 - ((x / 40.0).sin() * 110.0).to_int(); screen::line(x, 130, x, y, 0x2060c0 + x / 8 * 2048); }",
        "",
    ),
];
const LIMIT: Duration = Duration::from_secs(30);
/// Time for the last result to be complete.
const SETTLE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("picture: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let mut arguments = Arguments::new(std::env::args().skip(1));
    let file = arguments.value("--out")?;
    let file = file.map_or_else(|| command::root().join("docs/screen.png"), PathBuf::from);
    arguments.finish()?;
    let folder = command::target().join("picture");
    let iso = Images::new(&folder)?.with_command_line("")?;
    let mut machine = Machine::start(&Config::default(), &iso, folder.join("machine"))?;
    machine.boot()?;
    let is_idle = |lines: &[String]| {
        lines
            .iter()
            .rev()
            .find(|line| !line.is_empty())
            .is_some_and(|last| last == "rhai>")
    };
    screendump::expect(&mut machine, LIMIT, is_idle)?;
    for (line, shown) in SESSION {
        screendump::type_text(&mut machine, line)?;
        screendump::press(&mut machine, &["ret"])?;
        screendump::expect(&mut machine, LIMIT, |lines| {
            is_idle(lines)
                && lines
                    .iter()
                    .any(|seen| seen.contains(shown) && (shown.is_empty() || !seen.starts_with("rhai>")))
        })?;
    }
    std::thread::sleep(SETTLE);
    let picture = screendump::picture(&mut machine)?;
    write(&picture, &file)?;
    let length = std::fs::metadata(&file)?.len();
    println!("xtask: wrote {} ({:.1} KB)", file.display(), length as f64 / 1e3);
    Ok(())
}

/// Writes `picture` as a PNG with a palette, which suits a screen of text.
fn write(picture: &Picture, file: &Path) -> Result<(), Error> {
    let mut palette: Vec<u32> = picture.pixels.clone();
    palette.sort_unstable();
    palette.dedup();
    let pixels: Option<Vec<u8>> = picture
        .pixels
        .iter()
        .map(|pixel| {
            palette
                .binary_search(pixel)
                .ok()
                .and_then(|index| u8::try_from(index).ok())
        })
        .collect();
    let pixels = pixels.ok_or_else(|| Error::Wrong("the screen has over 256 colours".into()))?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let side = |pixels: usize| u32::try_from(pixels).map_err(|_| Error::Wrong("the screen is too big".into()));
    let output = std::io::BufWriter::new(std::fs::File::create(file)?);
    let mut encoder = png::Encoder::new(output, side(picture.width_pixels)?, side(picture.height_pixels)?);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.set_palette(
        palette
            .iter()
            .flat_map(|color| color.to_be_bytes()[1..].to_vec())
            .collect::<Vec<u8>>(),
    );
    let system = |error: png::EncodingError| Error::System(error.to_string());
    let mut writer = encoder.write_header().map_err(system)?;
    writer.write_image_data(&pixels).map_err(system)?;
    writer.finish().map_err(system)
}
