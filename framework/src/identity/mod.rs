//! Who is calling, proven by the edge's token.
