//! A module's database, reached through procedures only.
