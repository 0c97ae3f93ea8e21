//! What the edge answers itself: the portal's shell, micro-frontends, its own state. No body is read, nothing is changed.

use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Method, Request, Response, StatusCode};

use super::operate::json_answer;
use super::problem::Problem;
use super::{Edge, Note, guard};
use crate::node::body::Body;
use crate::node::status::State;

impl Edge {
    /// Everything but APIs.
    pub(super) fn page(
        &self,
        path: &str,
        inside: bool,
        note: &mut Note,
        request: &Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        if !matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        ) {
            return Err(Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "This cannot be changed",
                format!("{path} can only be read"),
            ));
        }
        match path {
            "/health/live" => Ok(text("live\n")),
            "/health/ready" => self.ready(),
            "/metrics" if inside => Ok(text(self.measure.text(self.supervisor.modules.values()))),
            "/metrics" => Err(Problem::not_found(
                "the node itself is not reachable from outside",
            )),
            "/importmap.json" => Ok(json_answer(&self.import_map(!inside))),
            "/portal.json" => Ok(json_answer(&self.portal(!inside))),
            _ => match path
                .strip_prefix("/ui/")
                .and_then(|rest| rest.split_once('/'))
            {
                Some((module, file)) => {
                    "ui".clone_into(&mut note.part);
                    self.micro_frontend(module, file, inside, request)
                }
                None => self.shell(path, request),
            },
        }
    }

    fn ready(&self) -> Result<Response<Body>, Problem> {
        let down: Vec<&str> = self
            .supervisor
            .modules
            .values()
            .filter(|module| module.state() != State::Ready)
            .map(|module| module.name.as_str())
            .collect();
        if down.is_empty() {
            Ok(text("ready\n"))
        } else {
            Err(Problem::unavailable(
                "node",
                format!("not ready: {}", down.join(", ")),
            ))
        }
    }

    fn micro_frontend(
        &self,
        module: &str,
        file: &str,
        inside: bool,
        request: &Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        let missing = || {
            Problem::not_found(format!(
                "the micro-frontend of `{module}` has no file {file}"
            ))
        };
        let hosted = self
            .supervisor
            .modules
            .get(module)
            .filter(|_| inside || self.is_exposed(module))
            .ok_or_else(missing)?;
        let answer = self.assets.answer(
            &hosted.folder().join("ui"),
            file,
            request.uri().query(),
            request.headers(),
        );
        let mut answer = answer.ok_or_else(missing)?;
        guard::allow_portal(request.headers(), answer.headers_mut(), &self.config.edge);
        Ok(answer)
    }

    /// The portal's own files; every address without a file is a page of the portal.
    fn shell(&self, path: &str, request: &Request<Incoming>) -> Result<Response<Body>, Problem> {
        if !self.config.is_portal() {
            return Ok(redirect(&self.config.edge.portal_url));
        }
        let root = self.config.deploy().join("shell");
        let file = path.trim_start_matches('/');
        let found = if file.is_empty() || file == "index.html" {
            None
        } else {
            self.assets
                .answer(&root, file, request.uri().query(), request.headers())
        };
        if let Some(answer) = found {
            return Ok(answer);
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.contains('.') && name != "index.html" {
            return Err(Problem::not_found(format!("the portal has no file {path}")));
        }
        let index = self
            .assets
            .answer(&root, "index.html", None, request.headers());
        let mut index = index.ok_or_else(|| {
            Problem::unavailable(
                "node",
                "the portal's shell is not deployed; infra/up builds and deploys it",
            )
        })?;
        guard::secure_page(index.headers_mut(), &self.config.edge);
        Ok(index)
    }
}

fn text(body: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(body.into()));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn redirect(to: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}
