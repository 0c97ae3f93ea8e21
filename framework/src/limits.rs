//! Every limit of the platform, named, with its reason.
