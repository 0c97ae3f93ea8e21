//! The edge and the supervisor that both nodes are made of.
