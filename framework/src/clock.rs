//! Time and identifiers as arguments, so that tests decide them.
