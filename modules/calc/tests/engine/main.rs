//! The engine as its users meet it: real processes, real R, real HTTP, real bus.

mod bus;
mod calls;
mod endurance;
mod scripts;
mod support;
