//! The process of the framework module.

fn main() -> std::process::ExitCode {
    dcp::run(dcp::manifest!(), async |start| {
        let framework = framework::Framework::open(&start).await?;
        framework.follow(&start);
        framework.watch_sources(&start);
        Ok(framework.react(start.routes(framework.routes())))
    })
}
