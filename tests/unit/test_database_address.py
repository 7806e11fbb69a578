"""An address of a database that cannot be meant is told in a line of words, before anybody connects."""

import pytest
from sqlalchemy import MetaData

from pipeline.database import open_database
from pipeline.errors import Misconfigured

OF_POSTGRESQL = "host, passfile, ssl, target_session_attrs"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+asyncpg://db/mih?sslmode=s3cret", f"found the option sslmode, expected of those: {OF_POSTGRESQL}"),
        ("postgresql+asyncpg://db/mih?port=s3cret", f"found the option port, expected of those: {OF_POSTGRESQL}"),
        ("postgresql+asyncpg://db:s3cret/mih", "expected sqlite:///… or postgresql://…"),
        ("postgresql+asyncpg://db/mih?host=a&host=b", "expected sqlite:///… or postgresql://…"),
        ("sqlite+aiosqlite:////var/mih.db?timeout=s3cret", "found the option timeout, expected of those: none"),
        ("sqlite+aiosqlite://", "expected the path of a file after sqlite:///"),
        ("sqlite+aiosqlite:///:memory:", "expected the path of a file after sqlite:///"),
    ],
)
async def test_what_no_driver_takes_is_told_without_a_traceback(url: str, said: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        async with open_database(url, MetaData()):
            pass
    assert str(caught.value) == f"MIH_DATABASE_URL: {said}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_what_both_the_server_and_the_driver_know_is_taken() -> None:
    async with open_database("postgresql+asyncpg://db/mih?ssl=require", MetaData()) as database:
        assert database.dialect == "postgresql"
