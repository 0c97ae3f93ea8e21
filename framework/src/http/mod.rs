//! The HTTP host of a module.
