//! The free node: the edge and the supervisor of `dcp::node` in the zone `nongxp`; which modules it hosts stands in `node.toml`.

fn main() -> std::process::ExitCode {
    dcp::node::run(dcp::model::Zone::NonGxp)
}
