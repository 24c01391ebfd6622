import json
import threading

import pytest
from websockets.sync.server import serve

from pbcanalytics.faces import parameters
from pbcanalytics.words.errors import SelectionError, ServeError


@pytest.fixture(autouse=True)
def outside_voila(monkeypatch):
    for name in ("SERVER_SOFTWARE", "QUERY_STRING", "VOILA_PREHEAT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def address(monkeypatch):
    def ask(query):
        monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
        monkeypatch.setenv("QUERY_STRING", query)

    return ask


def test_without_voila_the_literals_stand():
    ask = parameters.resolve(practice_code="A81001", year=2018)
    assert (ask.mode, ask.practice_code, ask.year, ask.refused) == ("lab", "A81001", 2018, [])


def test_what_papermill_injected_stands_and_no_address_is_read(address):
    address("practice_code=A81002")
    ask = parameters.resolve(mode="batch", practice_code="A81001")
    assert (ask.mode, ask.practice_code) == ("batch", "A81001")


@pytest.mark.parametrize(
    ("literal", "text", "value"),
    [
        ("A81001", "A81002", "A81002"),
        (2018, "2017", 2017),
        (1.5, "2.25", 2.25),
        (True, "no", False),
        (None, "A81002", "A81002"),
    ],
)
def test_the_address_overrides_a_literal_in_the_literals_own_type(address, literal, text, value):
    address(f"it={text}")
    ask = parameters.resolve(it=literal)
    assert ask.it == value
    assert type(ask.it) is type(value)
    assert ask.mode == "voila"


@pytest.mark.parametrize(
    ("literal", "text"),
    [(2018, "abc"), (1.5, "nan"), (1.5, "inf"), (True, "maybe"), ("A81001", "A" * 65), ([1], "1")],
)
def test_a_value_of_another_kind_is_refused_by_name_alone(address, literal, text):
    address(f"it={text}")
    ask = parameters.resolve(it=literal)
    assert ask.it == literal
    assert ask.refused == ["it"]
    assert text not in repr(ask.refused) + " ".join(ask.refusals({"it": "this"}))


def test_an_unknown_name_in_the_address_is_dropped(address):
    address("colour=red&mode=batch&practice=A81002")
    ask = parameters.resolve(practice="A81001")
    assert dict(ask.values) == {"practice": "A81002"}
    assert ask.mode == "voila"


def test_too_many_fields_are_as_none(address):
    address("&".join(f"practice=A{i}" for i in range(60)))
    assert parameters.resolve(practice="A81001").practice == "A81001"


def test_the_visitors_url_of_voila_is_never_read(monkeypatch, address):
    address("")
    monkeypatch.setenv("VOILA_REQUEST_URL", "http://127.0.0.1/pages/x?practice=A81009")
    assert parameters.resolve(practice="A81001").practice == "A81001"


def test_choosing_outside_the_list_falls_back_and_says_so(address):
    address("practice_code=%3Cscript%3E")
    ask = parameters.resolve(practice_code="A81001")
    assert ask.choose("practice_code", ["A81005", "A81006"]) == "A81005"
    assert ask.choose("practice_code", ["A81005", "A81006"], "A81006") == "A81006"
    assert ask.refused == ["practice_code"]
    assert ask.refusals({"practice_code": "A81006"}) == [
        "The address asked for a practice that is not in this file; showing A81006."
    ]


def test_choosing_within_the_list_refuses_nothing():
    ask = parameters.resolve(practice="A81006")
    assert ask.choose("practice", ["A81005", "A81006"]) == "A81006"
    assert ask.refused == []


def test_a_batch_run_does_not_write_about_another_practice():
    ask = parameters.resolve(mode="batch", practice="A81099")
    with pytest.raises(SelectionError, match="A81099"):
        ask.choose("practice", ["A81001"])


def test_choosing_from_nothing_is_an_error():
    with pytest.raises(SelectionError, match="no practice"):
        parameters.resolve(practice="A81001").choose("practice", [])


def test_an_unknown_mode_is_an_error():
    with pytest.raises(SelectionError, match="slides"):
        parameters.resolve(mode="slides")


def test_an_unknown_parameter_is_an_attribute_error():
    with pytest.raises(AttributeError, match="colour"):
        _ = parameters.resolve(practice="A81001").colour


def test_a_preheated_kernel_waits_for_its_own_visitor(monkeypatch, address):
    address("practice=A81008")  # the last visitor's: must not be taken

    def answer(socket):
        assert socket.request.path == "/base/voila/query/k-1"
        socket.send(json.dumps({"QUERY_STRING": "practice=A81007", "HTTP_TOKEN": "secret"}))

    with serve(answer, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("VOILA_PREHEAT", "True")
        monkeypatch.setenv("VOILA_APP_PORT", str(server.socket.getsockname()[1]))
        monkeypatch.setenv("VOILA_SERVER_URL", "/base/")
        monkeypatch.setenv("VOILA_KERNEL_ID", "k-1")
        ask = parameters.resolve(practice="A81001")
        server.shutdown()
    assert (ask.mode, ask.practice) == ("voila", "A81007")


def test_a_preheated_kernel_nobody_answers_says_so_instead_of_guessing(monkeypatch):
    monkeypatch.setenv("VOILA_APP_PORT", "1")
    with pytest.raises(ServeError, match="no address reached this page"):
        parameters._wait_for_query(waits=(0, 0))
