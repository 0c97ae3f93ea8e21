//! The life of a module's process, from its arguments to its drain.
