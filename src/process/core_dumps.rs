//! No core dumps: a dump of the memory would hold the secrets of the run.

/// Turns them off for this process and those it starts. Where that is not possible, nothing is said: the system's own
/// setting holds.
pub fn turn_off() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Linux looks at the limit of a dump that goes to a program only for the value 1, and refuses the dump then; a
        // file of one byte holds nothing.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(1), maximum: Some(1) });
    }
}
