import pytest

from pipeline.errors import Misconfigured
from pipeline.registry.references import is_reference, resolve, resolve_secret


@pytest.mark.parametrize("text", ["env:A", "env:ERP_TOKEN", "env:_a1", "file:/run/secrets/erp", "file:/a b"])
def test_a_reference(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize("text", ["", "env:", "env:1A", "env:A-B", "Env:A", "file:a", "file:", "x env:A", "env:A\n"])
def test_no_reference(text: str) -> None:
    assert not is_reference(text)
    assert resolve(text, {}) == text


def test_a_variable_is_read_when_asked() -> None:
    assert resolve("env:ERP_TOKEN", {"ERP_TOKEN": "s3cret"}) == "s3cret"


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, "env:ERP_TOKEN: the environment variable ERP_TOKEN is not set"),
        ({"ERP_TOKEN": "\udce4"}, "env:ERP_TOKEN is not UTF-8 text"),
        ({"ERP_TOKEN": ""}, "env:ERP_TOKEN is empty"),
    ],
)
def test_a_variable_that_leads_to_nothing(environ: dict[str, str], told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        resolve("env:ERP_TOKEN", environ)
    assert str(caught.value) == told


def test_a_resolved_secret_does_not_print() -> None:
    secret = resolve_secret("env:T", {"T": "s3cret"})
    assert "s3cret" not in f"{secret} {secret!r}"
    assert secret.get_secret_value() == "s3cret"
