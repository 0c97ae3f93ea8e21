//! The message bus: the trait, its implementations and the delivery that stands above them.
