//! The project's chores as programs. `cargo xtask` lists them.
fn main() {
    println!("cargo xtask: no chores yet");
}
