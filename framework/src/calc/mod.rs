//! Client of the calculation engine.
