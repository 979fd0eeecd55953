"""The JSON Schemas of the files that a run folder holds: python -m hwcodesign.flow.schemas FOLDER writes them there."""

import json
import sys
from pathlib import Path

from hwcodesign.core.document import Document
from hwcodesign.dataflow import DataflowDocument
from hwcodesign.flow.report import ReportDocument
from hwcodesign.plan.plan import PlanDocument

DOCUMENTS: tuple[tuple[str, type[Document]], ...] = (
    ("dataflow", DataflowDocument),
    ("plan", PlanDocument),
    ("report", ReportDocument),
)


def schema(document: type[Document]) -> dict[str, object]:
    """The JSON Schema of a document, with its format and version as constants."""
    found = document.model_json_schema()
    found["properties"]["format"] = {"const": document.FORMAT}
    found["properties"]["version"] = {"const": document.VERSION}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def write_schemas(folder: Path) -> list[Path]:
    """Write <name>.schema.json for every document into `folder`; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.schema.json" for name, _ in DOCUMENTS]
    for path, (_, document) in zip(paths, DOCUMENTS, strict=True):
        path.write_text(json.dumps(schema(document), indent=1) + "\n")
    return paths


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m hwcodesign.flow.schemas FOLDER")
    for written in write_schemas(Path(sys.argv[1])):
        print(written)
