//! DCP.
