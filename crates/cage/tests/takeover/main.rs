//! A guest for tests.
fn main() -> std::process::ExitCode {
    cage::guest::enter::<cage::guest::Modules>()
}
