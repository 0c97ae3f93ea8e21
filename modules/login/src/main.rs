//! The process of the login module.

fn main() -> std::process::ExitCode {
    dcp::run(dcp::manifest!(), async |start| {
        let login = login::Login::open(&start).await?;
        login.expect_first_administrator().await?;
        login.expect_demo_users(&start);
        login.tidy(&start);
        Ok(start.routes(login.routes()).on(login.learn()))
    })
}
