//! The process of the administration module.

fn main() -> std::process::ExitCode {
    dcp::run(dcp::manifest!(), async |start| {
        let administration = administration::Administration::open(&start).await?;
        administration.prepare().await?;
        Ok(start.routes(administration.routes()))
    })
}
