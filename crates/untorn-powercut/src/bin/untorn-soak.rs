//! The shipped program killed at random moments, on a real disk: `cargo xtask soak`.

fn main() -> std::process::ExitCode {
    untorn_powercut::soak()
}
