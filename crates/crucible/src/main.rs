//! The command line of Crucible: arguments in, one library call, output and exit code out.
fn main() {}
