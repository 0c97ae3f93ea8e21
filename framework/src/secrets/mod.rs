//! Secrets by path, from a provider that is never a settings file.
