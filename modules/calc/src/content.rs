//! What is sent to be published: R source as text, or a folder as tar, both also within JSON.

use crate::engine::{Code, Failure};
use crate::folder::{CODE_BYTES, FOLDER_BYTES, FileInfo, Folder, Wrong};
use crate::keys::content_key;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dcp::http::Problem;
use serde::Deserialize;
use std::str::Utf8Error;
use std::sync::Arc;

/// Longest body of a publication: a folder as text within JSON, and room for the heads of its files.
pub(crate) const BODY_BYTES: usize = FOLDER_BYTES / 3 * 4 + (1 << 20);
/// Media type of folders.
pub(crate) const TAR: &str = "application/x-tar";

/// What becomes a version.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) code: Arc<Code>,
    /// The hash of it.
    pub(crate) version: Arc<str>,
    /// Absent where it is one text.
    pub(crate) folder: Option<Folder>,
    pub(crate) description: Option<String>,
}

/// What browsers send: a change with a session must be JSON.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Sent {
    /// R source.
    Source(String),
    /// A folder as tar, in Base64.
    Tar(String),
}

impl Content {
    /// One text of R code.
    pub(crate) fn of_text(text: &str) -> Self {
        Self {
            version: content_key(text.as_bytes()).into(),
            code: Arc::new(Code::of_text(text)),
            folder: None,
            description: None,
        }
    }

    /// A folder.
    pub(crate) fn of_folder(folder: Folder) -> Result<Self, Wrong> {
        folder.tests()?;
        Ok(Self {
            version: folder.version().into(),
            code: Arc::new(folder.code()?),
            description: folder.manifest()?.description,
            folder: Some(folder),
        })
    }

    /// The body of a request.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        let is = |what: &str| kind.is_some_and(|kind| kind.starts_with(what.as_bytes()));
        if is(TAR) {
            return unpacked(body);
        }
        if !is("application/json") {
            return whole(std::str::from_utf8(body).map_err(|error| no_text(body, error))?);
        }
        let must = "The body must be {\"source\": \"...\"} or {\"tar\": \"...\"}.";
        match serde_json::from_slice(body).map_err(|error| unreadable(must, &error))? {
            Sent::Source(source) => whole(&source),
            Sent::Tar(tar) => {
                let tar = STANDARD
                    .decode(tar)
                    .map_err(|error| unreadable("The tar must be Base64.", &error))?;
                unpacked(&tar)
            }
        }
    }

    /// The files of a folder.
    pub(crate) fn files(&self) -> Option<Vec<FileInfo>> {
        self.folder.as_ref().map(Folder::list)
    }
}

fn unreadable(said: &str, error: &dyn std::error::Error) -> Problem {
    Problem::unprocessable(said).part("", error.to_string())
}

/// The line in which a source is no text, as editors save it that know no UTF-8.
fn no_text(body: &[u8], error: Utf8Error) -> Problem {
    let before = body.get(..error.valid_up_to()).unwrap_or(body);
    let line = before.split(|byte| *byte == b'\n').count();
    let detail = format!(
        "Line {line} holds a byte that is no UTF-8. Save the file as UTF-8 and publish it again."
    );
    Problem::unprocessable("The source must be UTF-8 text.")
        .detail(detail)
        .with("line", line)
}

fn whole(text: &str) -> Result<Content, Problem> {
    if text.len() > CODE_BYTES {
        let title = "The request is too large";
        let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", title);
        let limit = CODE_BYTES >> 10;
        return Err(problem.detail(format!("R source has at most {limit} KiB.")));
    }
    Ok(Content::of_text(text))
}

fn unpacked(tar: &[u8]) -> Result<Content, Problem> {
    let content = Folder::unpack(tar).and_then(Content::of_folder);
    content.map_err(|wrong| Failure::InvalidFolder(wrong).into())
}
