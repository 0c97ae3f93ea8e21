//! The node with real processes: what dies is started again, what stops drains, who calls is proven, what is inside stays inside.

mod edge;
mod platform;
mod supervisor;
