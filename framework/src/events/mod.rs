//! Every event and task of the platform as a type.
