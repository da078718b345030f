//! Shows the report behind the text of a panic's QR code: the words given, or standard input where there are none.
//! Called by `cargo xtask report`.

#![forbid(unsafe_code)]

use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut text: String = std::env::args().skip(1).collect();
    if text.is_empty()
        && let Err(error) = std::io::stdin().read_to_string(&mut text)
    {
        eprintln!("report: standard input: {error}");
        return ExitCode::FAILURE;
    }
    match tests::report::decode(&text) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("report: {reason}");
            ExitCode::FAILURE
        }
    }
}
