//! Layered settings: defaults, a file, then `DCP__` variables.
