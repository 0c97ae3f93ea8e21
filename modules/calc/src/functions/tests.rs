use super::*;

fn described(doc: &str) -> Described {
    serde_json::from_value(json!({ "name": "f", "doc": doc, "args": [
        { "name": "x", "required": true, "default": null, "type": "any" },
        { "name": "type", "required": false, "default": "c(\"a\", \"b\")", "type": "character", "value": ["a", "b"], "choices": ["a", "b"] },
        { "name": "k", "required": false, "default": "3", "type": "double", "value": 3 },
        { "name": "limit", "required": false, "default": "NULL", "type": "any" },
        { "name": "...", "required": false, "default": null, "type": "any" }] }))
    .unwrap()
}

#[test]
fn a_schema_tells_what_defaults_and_author_tell() {
    let doc = "Title.\n@param x [numeric(1..3), >=0, unit mg/L] Values.\n@param k How many.\n@return [list(mean = numeric(1), all = numeric)] Both.";
    let function = publish(vec![described(doc)]).unwrap().remove(0);
    let properties = &function.schema["properties"];
    assert_eq!(properties["x"]["minItems"], 1);
    assert_eq!(properties["x"]["x-unit"], "mg/L");
    assert_eq!(properties["x"]["description"], "Values.");
    assert_eq!(
        properties["type"],
        json!({ "type": "string", "enum": ["a", "b"], "default": "a" })
    );
    assert_eq!(properties["k"]["default"], 3);
    assert_eq!(properties["limit"], json!({}));
    assert_eq!(
        (
            &function.schema["required"],
            &function.schema["additionalProperties"]
        ),
        (&json!(["x"]), &json!(true))
    );
    assert_eq!(
        function.returns.as_ref().unwrap()["required"],
        json!(["mean", "all"])
    );
    assert!(jsonschema::meta::is_valid(&function.schema));
    assert_eq!(
        function.signature(),
        "f(x, type = c(\"a\", \"b\"), k = 3, limit = NULL, ...)"
    );
    let kept = from_text(&to_text(std::slice::from_ref(&function)).unwrap()).unwrap();
    assert_eq!(kept, [function]);
}

#[test]
fn exported_functions_are_public_where_any_is_and_internal_ones_never() {
    let names = |docs: [&str; 2]| {
        let both = docs.map(described).into_iter().enumerate();
        let both = both.map(|(place, one)| Described {
            name: place.to_string(),
            ..one
        });
        let public = publish(both.collect()).unwrap();
        public.into_iter().map(|one| one.name).collect::<Vec<_>>()
    };
    assert_eq!(names(["", ""]), ["0", "1"]);
    assert_eq!(names(["@export", ""]), ["0"]);
    assert_eq!(names(["@keywords internal", ""]), ["1"]);
}

#[test]
fn a_declaration_that_is_not_understood_is_refused() {
    let refused = publish(vec![described("@param x [numeric, positive] Values.")]);
    assert!(refused.unwrap_err().detail().contains("positive"));
}

#[test]
fn what_was_published_before_schemas_stays_callable() {
    let old = r#"[{"name":"f","args":[{"name":"x","required":true,"default":null,"type":"any"}],"doc":"Adds.\n@cache pure"}]"#;
    let function = from_text(old).unwrap().remove(0);
    assert_eq!(
        (function.cache, function.title.as_str()),
        (Cache::Pure, "Adds.")
    );
    assert_eq!(function.schema["required"], json!(["x"]));
    assert_eq!(function.shapes, [Shape::default()]);
}
