//! The description of an API, completed: what `OpenAPI` demands of every response and its handler need not repeat.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response as Answer};
use axum::routing::{MethodRouter, get};
use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::Response;
use utoipa::openapi::{Content, OpenApi, RefOr};

use super::{Caller, PROBLEM_JSON, Problem};

/// Where problems are described.
const PROBLEM: &str = "#/components/schemas/Problem";

/// Bytes that are no JSON, as the description of an API names them.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Binary(());

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
        &mut item.head,
        &mut item.options,
    ]
    .into_iter()
    .flatten()
}

/// Says of every response what its status means where the handler does not, and of every problem in which form it comes.
pub(crate) fn complete(document: &mut OpenApi) {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else {
                continue;
            };
            if response.description.is_empty() {
                meaning(status).clone_into(&mut response.description);
            }
            name_form(response);
        }
    }
}

/// The description for whoever is signed in, at an address that the edge forwards.
pub(crate) fn described(document: &OpenApi) -> MethodRouter {
    let text: Arc<str> = document.to_json().unwrap_or_default().into();
    get(async move |request: Request| -> Result<Answer, Problem> {
        Caller::of(&request)?.ok_or_else(Problem::unauthenticated)?;
        let kind = [(header::CONTENT_TYPE, "application/json")];
        Ok((kind, text.to_string()).into_response())
    })
}

fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "The answer.",
        "201" => "It was made.",
        "202" => "It was taken and goes on by itself.",
        "204" => "It was done.",
        "400" => "The request cannot be understood.",
        "401" => "Nobody is signed in, or what was typed to sign in is wrong.",
        "403" => "The caller lacks a permission.",
        "404" => "There is no such thing, or not at a site of the caller.",
        "409" => "What it is about is in a state that does not allow this.",
        "422" => "Something that was sent is wrong; `errors` says which part of it.",
        "429" => "Too many requests; `Retry-After` says when to come back.",
        "502" => "What the module asked gave an answer that it cannot use.",
        "503" => "Something that the module needs does not answer.",
        "504" => "It took too long.",
        _ => "See the status.",
    }
}

/// Problems come as `application/problem+json`, not as the JSON of other answers.
fn name_form(response: &mut Response) {
    let is_problem = |content: &RefOr<Content>| match content {
        RefOr::T(content) => {
            matches!(&content.schema, Some(RefOr::Ref(named)) if named.ref_location == PROBLEM)
        }
        RefOr::Ref(_) => false,
    };
    let content = std::mem::take(&mut response.content);
    response.content = content
        .into_iter()
        .map(|(form, content)| {
            let form = if is_problem(&content) {
                PROBLEM_JSON.to_owned()
            } else {
                form
            };
            (form, content)
        })
        .collect();
}
