//! Power cuts and kills for any updater: `cargo xtask torture -- --help`.

fn main() -> std::process::ExitCode {
    untorn_powercut::torture()
}
