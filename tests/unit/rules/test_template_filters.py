import hashlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from template_strategies import DATA, NAMES, scope

from pipeline import exact_json
from pipeline.errors import Unrenderable
from pipeline.rules.fault import InvalidRule
from pipeline.rules.templates.filters import FILTERS
from pipeline.rules.templates.json_body import compile_json

T = 1795211290


def filtered(filters: str, value: Any) -> Any:
    return exact_json.loads(compile_json(f"{{{{x | {filters}}}}}")(scope({"x": value})))


@pytest.mark.parametrize(
    ("filters", "value", "expected"),
    [
        ("truncate('5')", "abcdefgh", "abcde"),
        ("truncate('5')", "abcde", "abcde"),
        ("truncate('5')", "ñandú…", "ñandú"),
        ("truncate('5', '…')", "abcdefgh", "abcd…"),
        ("truncate('5', '…')", "abcde", "abcde"),
        ("truncate('3', '...')", "abcde", "..."),
        ("truncate('2')", 12345, "12"),
        ("date('%Y-%m-%d')", T, "2026-11-20"),
        ("date('%Y-%m-%d')", str(T), "2026-11-20"),
        ("date('%H:%M:%S.%f')", T + 0.5, "21:48:10.500000"),
        ("date('%H:%M:%S.%f')", Decimal("1795211290.25"), "21:48:10.250000"),
        ("date('%d/%m/%Y %H:%M %Z%z', 'Europe/Madrid')", T, "20/11/2026 22:48 CET+0100"),
        ("date('%H:%M', 'Europe/Madrid')", "2026-07-01T12:00:00Z", "14:00"),
        ("date('%H:%M')", "2026-07-01t12:00:00.123456789+02:00", "10:00"),
        ("date('100%% %A %b %j')", T, "100% Friday Nov 324"),
        ("date('')", T, ""),
        ("date('\0 é {{x}} %y')", T, "\0 é {{x}} 26"),
        ("date('%Y')", -62135596800, "0001"),
        ("date('%Y')", 253402300799, "9999"),
        ("date('%S')", 0, "00"),
        ("join(', ')", ["a", 1, True, 2.5, Decimal("1E-400")], "a, 1, true, 2.5, 1E-400"),
        ("join('')", [], ""),
        ("join('-')", ["a", None, "b"], "a--b"),
        ("map('5', 'student', '3', 'teacher')", "5", "student"),
        ("map('5', 'student', '3', 'teacher')", 3, "teacher"),
        ("map('5', 'student')", 5.0, "student"),
        ("map('87.50', 'pass')", 87.5, "pass"),
        ("map('18446744073709551616', 'big')", Decimal(2**64), "big"),
        ("map('5', 'student', 'other')", 9, "other"),
        ("map('5', 'student', 'other')", "5.0", "other"),
        ("map('5', 'student', 'other')", {}, "other"),
        ("map('1', 'one', 'other')", True, "other"),
        ("map('true', 'yes', 'false', 'no')", True, "yes"),
        ("map('5', 'student', '3', 'teacher')", ["5", 3, None], ["student", "teacher", None]),
        ("map('5', 'first', '5.0', 'second')", 5, "first"),
        ("map('', 'none', 'a', 'b')", "", "none"),
        ("hash", "ana", hashlib.sha256(b"ana").hexdigest()),
        ("hash('sha1')", "ana", hashlib.sha1(b"ana").hexdigest()),
        ("hash('md5')", 5, hashlib.md5(b"5").hexdigest()),
        ("hash('sha512')", "é", hashlib.sha512("é".encode()).hexdigest()),
        ("hash", {"a": 1}, hashlib.sha256(b'{"a":1}').hexdigest()),
        ("urlencode", "a b&c/é+~", "a%20b%26c%2F%C3%A9%2B~"),
        ("urlencode", {"a": 1}, "%7B%22a%22%3A1%7D"),
        ("number", "87.50000", 87.5),
        ("number", "0.12345678901234567", Decimal("0.12345678901234567")),
        ("number", "123456789012345678901", Decimal(123456789012345678901)),
        ("number", "1e-400", Decimal("1E-400")),
        ("number", Decimal("9007199254740993.5"), Decimal("9007199254740993.5")),
        ("number", True, 1),
        ("int", "87.99", 87),
        ("int", -87.99, -87),
        ("int", "123456789012345678901.9", Decimal(123456789012345678901)),
        ("int", 1e23, Decimal(10**23)),
        ("int", Decimal("1E-999999999"), 0),
        ("int", "1e2", 100),
        ("lower | hash | truncate('8') | upper", "ANA", "24D4B96F"),
        ("string", Decimal("1E-400"), "1E-400"),
    ],
)
def test_a_filter_gives(filters: str, value: Any, expected: Any) -> None:
    found = filtered(filters, value)

    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("filters", "value"),
    [
        ("truncate('5')", {"secret": 1}),
        ("date('%Y')", "secret"),
        ("date('%Y')", "2026-11-20"),
        ("date('%Y')", "2026-02-30T00:00:00Z"),
        ("date('%Y')", "2026-11-20T00:00:00"),
        ("date('%Y')", T * 1000),
        ("date('%Y')", 10**18),
        ("date('%Y')", "1e300"),
        ("date('%Y')", -62135596801),
        ("date('%Y', 'Asia/Tokyo')", 253402300799),
        ("date('%Y', 'America/Lima')", -62135596800),
        ("date('%Y')", "0001-01-01T00:00:00+23:00"),
        ("date('%Y')", True),
        ("date('%Y')", [T]),
        ("join(',')", "secret"),
        ("join(',')", {"secret": 1}),
        ("join(',')", [["secret"]]),
        ("map('5', 'student')", "secret"),
        ("map('5', 'student')", ["5", "secret"]),
        ("map('5', 'student')", {"secret": 5}),
        ("hash", "\ud800secret"),
        ("urlencode", "\ud800secret"),
        ("number", "1e400"),
        ("number", "9" * 5000),
        ("number", "0x10"),
        ("number", " 5"),
        ("int", "1e999999999999"),
        ("int", Decimal("1E+999999999")),
        ("int", float("inf")),
        ("int", float("nan")),
        ("int", {"secret": 1}),
    ],
)
def test_a_value_that_a_filter_cannot_take_is_refused_with_its_path_and_without_its_content(
    filters: str, value: Any
) -> None:
    with pytest.raises(Unrenderable, match=r"^\{\{x\}\}: ") as refused:
        filtered(filters, value)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("filters", "column", "message", "hint"),
    [
        ("truncate('x')", 17, "filter truncate: expected a number of characters, such as '20'", None),
        ("truncate('0')", 17, "expected a number of characters", None),
        ("truncate('-1')", 17, "expected a number of characters", None),
        ("truncate('9999999999')", 17, "expected a number of characters", None),
        ("truncate('2', 'abc')", 22, "expected an ending of at most 2 characters", None),
        ("date('%Q')", 13, "filter date: unknown directive %Q, expected one of %% %A", None),
        ("date('%')", 13, "unknown directive % (did", None),
        ("date('%-d')", 13, "unknown directive %-, expected", None),
        (
            "date('%Y', 'Europe/Madird')",
            19,
            "unknown time zone Europe/Madird (did you mean Europe/Madrid?)",
            "Europe/Madrid",
        ),
        ("date('%Y', 'Europe')", 19, "unknown time zone Europe", None),
        ("date('%Y', '')", 19, "unknown time zone", None),
        ("date('%Y', '../../etc/passwd')", 19, "unknown time zone", None),
        ("date('%Y', '/etc/localtime')", 19, "unknown time zone", None),
        ("date('%Y', '\0')", 19, "unknown time zone", None),
        ("date('%Y', '\ud800')", 19, "unknown time zone", None),
        ("hash('sha265')", 13, "unknown algorithm sha265 (did you mean sha256?)", "sha256"),
        ("hash('shake_128')", 13, "unknown algorithm shake_128", None),
        ("map('a', '1', 'b', '2', 'a', '3')", 32, "a value is listed twice", None),
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused_with_line_and_column(
    filters: str, column: int, message: str, hint: str | None
) -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_json(f"[1,\n {{{{x | {filters}}}}}]")

    [fault] = refused.value.faults
    assert message in fault.message
    assert (fault.line, fault.column) == (2, column)
    assert hint in (None, fault.hint)


@pytest.mark.parametrize("value", [{}, {"x": None}])
@pytest.mark.parametrize("name", sorted(FILTERS.keys() - {"default", "omit"}))
def test_what_is_missing_or_null_passes_a_filter_as_it_is(name: str, value: Any) -> None:
    arguments = {"date": "('%Y')", "join": "(',')", "map": "('a', 'b')", "truncate": "('5')"}
    template = f"{{{{x | {name}{arguments.get(name, '')}}}}}"

    assert compile_json(template)(scope(value)) == "null"


@given(NAMES, DATA, st.integers(1, 30))
def test_a_truncated_text_is_a_beginning_of_at_most_so_many_characters(name: str, data: Any, most: int) -> None:
    whole, cut, ended = (
        exact_json.loads(compile_json(f'"{{{{{name} | string | {filters}}}}}"')(scope(data)))
        for filters in ("string", f"truncate('{most}')", f"truncate('{most}', '.')")
    )

    assert cut == whole[:most]
    assert ended == (whole if len(whole) <= most else whole[: most - 1] + ".")


@given(st.integers(-62135596800, 253402300799))
def test_seconds_survive_being_written_as_a_date(seconds: int) -> None:
    written = filtered("date('%Y-%m-%dT%H:%M:%SZ')", seconds)

    assert filtered("date('%Y-%m-%dT%H:%M:%SZ')", written) == written
