"""The JSON Schemas of the files that others read: python -m hwcodesign.flow.schemas FOLDER writes them there."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from hwcodesign.core.document import Document
from hwcodesign.dataflow import DataflowDocument
from hwcodesign.flow.report import ReportDocument
from hwcodesign.host import contract
from hwcodesign.plan.plan import PlanDocument

Schema = dict[str, Any]
DOCUMENTS: Mapping[str, type[Document]] = {
    "dataflow": DataflowDocument,
    "plan": PlanDocument,
    "report": ReportDocument,
}


def schemas() -> dict[str, Schema]:
    """By the name of the file, without its ending."""
    return {name: _document(document) for name, document in DOCUMENTS.items()} | {"contract": _contract()}


def _document(document: type[Document]) -> Schema:
    """With the document's format and version as constants."""
    found = document.model_json_schema()
    found["properties"]["format"] = {"const": document.FORMAT}
    found["properties"]["version"] = {"const": document.VERSION}
    return _whole(found)


def _contract() -> Schema:
    """Of a dataclass, since the board's computer has numpy alone; as Contract.save writes it."""
    found = TypeAdapter(contract.Contract).json_schema()
    found["properties"] |= {"format": {"const": contract.FORMAT}, "in_type": {"type": "string", "title": "In Type"}}
    found["required"].append("format")
    del found["$defs"]["IntType"]
    return _whole(found)


def _whole(schema: Schema) -> Schema:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "additionalProperties": False}


def write_schemas(folder: Path) -> list[Path]:
    """Write <name>.schema.json for every document into `folder`; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {folder / f"{name}.schema.json": schema for name, schema in schemas().items()}
    for path, schema in found.items():
        path.write_text(json.dumps(schema, indent=1) + "\n")
    return list(found)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m hwcodesign.flow.schemas FOLDER")
    for written in write_schemas(Path(sys.argv[1])):
        print(written)
