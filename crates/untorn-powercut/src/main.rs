//! Recorded power cuts of the shipped program on real file systems: `cargo xtask powercut`.

fn main() -> std::process::ExitCode {
    untorn_powercut::powercut()
}
