"""The typed client comes whole from the API document, or not at all, and anew only when it has to."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.document import document, operations
from tools import client


@pytest.fixture
def generated(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Generates a client from a document, into a folder of the test's own."""

    def generate(described: dict[str, Any]) -> Path:
        file, folder = tmp_path / "openapi.json", tmp_path / "build" / "client"
        file.write_text(json.dumps(described), encoding="utf-8")
        client.write(file, folder)
        return folder

    return generate


def changed(**operation: Any) -> dict[str, Any]:
    """Return the document with something else said of one operation."""
    copy: dict[str, Any] = json.loads(json.dumps(document()))
    copy["paths"]["/quotes"]["post"].update(operation)
    return copy


def test_every_operation_has_a_module_by_its_id_and_a_change_of_the_document_a_new_client(
    generated: Callable[[dict[str, Any]], Path],
) -> None:
    folder = generated(document())
    modules = {file.stem for file in folder.glob("memberday_client/api/*/*.py")} - {"__init__"}
    assert modules == {each.described["operationId"] for each in operations()}
    made = (folder / "README.md").stat().st_ino
    assert (generated(document()) / "README.md").stat().st_ino == made
    renamed = generated(changed(operationId="price_cart"))
    assert (renamed / "memberday_client/api/orders/price_cart.py").exists()
    assert not (renamed / "memberday_client/api/orders/quote_cart.py").exists()


def test_what_cannot_be_generated_whole_is_said_and_leaves_the_client_that_is_there(
    generated: Callable[[dict[str, Any]], Path],
) -> None:
    folder = generated(document())
    nowhere = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Nowhere"}}}}
    with pytest.raises(client.ClientError, match="POST /quotes"):
        generated(changed(requestBody=nowhere))
    assert (folder / "memberday_client/api/orders/quote_cart.py").exists()
    assert sorted(each.name for each in folder.parent.iterdir()) == ["client", "client.lock"]
