//! Runs the images of the leader and of those who are to be audited, and reports on it.
