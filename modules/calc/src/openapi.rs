//! One version of a script as an `OpenAPI` 3.1 document, for whoever makes a client of it.

use crate::Calc;
use crate::functions::Function;
use crate::script::Script;
use axum::extract::State;
use dcp::http::{Json, Path, Problem};
use serde_json::{Map, Value, json};

/// The functions of a version as an `OpenAPI` 3.1 document.
#[utoipa::path(get, path = "/api/calc/scripts/{name}/versions/{version}/openapi.json", tag = "scripts",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value), (status = 404, body = Problem)))]
pub(crate) async fn openapi_of_version(
    State(calc): State<Calc>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let script = calc.scripts.version(&name, &version)?;
    Ok(Json(document(&script)))
}

fn document(script: &Script) -> Value {
    let folder = if script.state.is_on_its_way() {
        "draft"
    } else {
        "r"
    };
    let paths: Map<String, Value> = script
        .functions
        .iter()
        .map(|function| {
            let (name, version) = (&script.name, &script.version);
            let path = format!("/api/calc/{folder}/{name}@{version}/{}", function.name);
            (path, json!({ "post": operation(function) }))
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": script.name, "version": &*script.version, "description": script.title() },
        "paths": paths,
        "components": {
            "schemas": {
                "Reference": reference(),
                "Artifact": {
                    "type": "object",
                    "properties": { "name": { "type": "string" }, "media_type": { "type": "string" }, "key": { "type": "string" } },
                    "required": ["name", "media_type", "key"]
                },
                "Problem": problem(),
            },
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } }
        },
        "security": [{ "token": [] }],
    })
}

fn operation(function: &Function) -> Value {
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let envelope = json!({
        "type": "object",
        "properties": {
            "value": function.returns.clone().unwrap_or_else(|| json!({})),
            "warnings": texts, "messages": texts, "output": texts,
            "artifacts": { "type": "array", "items": { "$ref": "#/components/schemas/Artifact" } },
            "call": { "type": "object", "description": "How the value came to be." }
        },
        "required": ["value", "warnings", "messages", "output", "artifacts", "call"]
    });
    let refused = |why: &str| json!({ "description": why, "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    json!({
        "operationId": function.name,
        "summary": function.title,
        "description": function.description,
        "requestBody": { "required": true, "content": { "application/json": { "schema": request(function) } } },
        "responses": {
            "200": { "description": "What the function returned.", "content": { "application/json": { "schema": envelope } } },
            "202": { "description": "With Prefer: respond-async: the call goes on, Location tells where it is found." },
            "422": refused("The arguments do not fit, or R stopped with an error."),
            "429": refused("The engine is busy."),
            "504": refused("The calculation took too long.")
        }
    })
}

/// Any argument may also be an earlier result.
fn request(function: &Function) -> Value {
    let mut schema = function.schema.clone();
    if let Some(root) = schema.as_object_mut() {
        root.remove("$schema");
    }
    if let Some(properties) = schema["properties"].as_object_mut() {
        for one in properties.values_mut() {
            let described = one
                .as_object()
                .is_some_and(|one| one.contains_key("type") || one.contains_key("anyOf"));
            if described {
                let default = one.get("default").cloned();
                *one = json!({ "anyOf": [one, { "$ref": "#/components/schemas/Reference" }] });
                if let Some(default) = default {
                    one["default"] = default;
                }
            }
        }
    }
    schema
}

fn reference() -> Value {
    json!({
        "type": "object",
        "description": "An earlier result, or a part of it.",
        "properties": {
            "$result": { "type": "string", "description": "The key of the result." },
            "path": { "type": "string", "description": "A JSON pointer into it." }
        },
        "required": ["$result"],
        "additionalProperties": false
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "properties": {
            "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" }, "detail": { "type": "string" },
            "errors": { "type": "array", "items": {
                "type": "object",
                "properties": { "pointer": { "type": "string" }, "detail": { "type": "string" } },
                "required": ["pointer", "detail"]
            } }
        },
        "required": ["type", "title", "status"]
    })
}
