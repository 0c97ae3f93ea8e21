"""Prints what is wrong with OpenAPI 3.1 documents, a line each; ends with 1 when anything is."""

import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator


def findings(path):
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except ValueError as error:
        yield f"is no JSON: {error}"
        return
    if document.get("openapi", "").split(".")[:2] != ["3", "1"]:
        yield "is no OpenAPI 3.1 document"
    try:
        for error in OpenAPIV31SpecValidator(document).iter_errors():
            place = "/".join(str(part) for part in getattr(error, "absolute_path", []))
            yield f"{place or '/'}: {str(error).splitlines()[0][:300]}"
    # A reference to what is not there ends the validator.
    except Exception as error:
        yield str(error).splitlines()[0][:120]


wrong = [f"{path}: {finding}" for path in sys.argv[1:] for finding in findings(path)]
print("\n".join(wrong) if wrong else f"{len(sys.argv) - 1} documents are valid")
sys.exit(1 if wrong else 0)
