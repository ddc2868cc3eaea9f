"""Requests on a connection, whole, in pieces, and as nobody should send them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.errors import ProtocolError
from emulator.lan.http1 import Conversation, Response
from emulator.lan.request_reader import MAX_BODY, MAX_HEADER, MAX_MESSAGE, Request

POST = b"POST /upnp/control/basicevent1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nSOAPACTION: x\r\n\r\nbody"
OK = Response(200, b"fine")


def fed(*data: bytes) -> Conversation:
    conversation = Conversation()
    for each in data:
        conversation.feed(each)
    return conversation


def test_a_request_is_read_whole() -> None:
    assert fed(POST).next() == Request(
        "POST", "/upnp/control/basicevent1", {"host": "a", "content-length": "4", "soapaction": "x"}, "", "body"
    )


@pytest.mark.parametrize("at", range(len(POST)))
def test_a_request_may_be_split_anywhere(at: int) -> None:
    conversation = fed(POST[:at])
    assert conversation.next() is None
    assert conversation.started == bool(at)
    conversation.feed(POST[at:])
    found = conversation.next()
    assert found
    assert found.body == "body"


def test_requests_queue_up_and_are_answered_in_order() -> None:
    conversation = fed(POST + b"\r\n\r\n" + POST.replace(b"body", b"BODY"), POST[:10])
    first = conversation.next()
    assert first
    assert conversation.next() is None  # not before the first is answered
    assert conversation.answer(OK, 0).endswith(b"\r\n\r\nfine")
    second = conversation.next()
    assert second
    assert (first.body, second.body) == ("body", "BODY")
    conversation.answer(OK, 0)
    assert conversation.next() is None
    assert conversation.started
    assert not conversation.over


def test_an_answer_has_length_date_and_server() -> None:
    conversation = fed(POST)
    conversation.next()
    assert conversation.answer(Response(200, b"fine", (("EXT", ""),)), 0) == (
        b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 4\r\nDATE: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        b"SERVER: Unspecified, UPnP/1.0, Unspecified\r\nEXT: \r\n\r\nfine"
    )


@pytest.mark.parametrize(
    ("request_", "over"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\n\r\n", True),
        # Written by hand, and read to the end of the connection (lan-emulation.md §2.9).
        (b"GET http://a/ HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_the_connection_is_kept_when_the_client_keeps_it(request_: bytes, over: bool) -> None:
    conversation = fed(request_)
    assert conversation.next()
    conversation.answer(OK, 0)
    assert conversation.over is over
    conversation.feed(POST)
    conversation.end()
    assert (conversation.next() is None) is over


def test_close_ends_the_connection() -> None:
    conversation = fed(POST)
    conversation.next()
    assert b"CONNECTION: close\r\n" in conversation.answer(Response(200, close=True), 0)
    assert conversation.over


def test_head_gets_the_length_without_the_body() -> None:
    conversation = fed(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    conversation.next()
    answer = conversation.answer(OK, 0)
    assert b"CONTENT-LENGTH: 4\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_expect_is_answered_before_the_body() -> None:
    head, _, body = POST.partition(b"\r\n\r\n")
    conversation = fed(head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert conversation.next() is None
    assert conversation.go_on() == b"HTTP/1.1 100 \r\n\r\n"
    assert conversation.go_on() == b""
    conversation.feed(body)
    assert conversation.next()


@pytest.mark.parametrize(
    ("target", "path", "authority"),
    [
        (b"/setup.xml?x=1", "/setup.xml", ""),
        (b"/setup.xml#top", "/setup.xml", ""),
        (b"http://192.168.7.2:49151/setup.xml?x", "/setup.xml", "192.168.7.2:49151"),
        (b"http://192.168.7.2", "/", "192.168.7.2"),
        (b"//evil/setup.xml", "//evil/setup.xml", ""),
        (b"*", "*", ""),
    ],
)
def test_the_path_is_found_in_any_form_of_target(target: bytes, path: str, authority: str) -> None:
    found = fed(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n").next()
    assert found
    assert (found.path, found.authority) == (path, authority)


def test_repeated_headers_are_joined() -> None:
    found = fed(b"GET / HTTP/1.1\r\nHost: a\r\nOrigin: ours\r\nORIGIN: theirs\r\n\r\n").next()
    assert found
    assert found.headers["origin"] == "ours, theirs"


def test_a_chunked_body_is_put_together() -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"
    found = fed(chunked).next()
    assert found
    assert found.body == "body"


UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


@pytest.mark.parametrize("at", [0, 60, len(POST) + len(UPGRADE) - 4, len(POST) + len(UPGRADE) - 2])
@pytest.mark.parametrize(
    "body", [b"Content-Length: 4\r\n\r\nbody", b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"]
)
def test_an_upgrade_is_not_taken_up_and_the_request_is_served(body: bytes, at: int) -> None:
    """Clients that would rather speak HTTP/2 say so in their first request, which may have a body."""
    head = b"POST /upnp/control/basicevent1 HTTP/1.1\r\nHost: a\r\nSOAPACTION: x\r\n"
    data = head + UPGRADE + body + POST
    conversation = fed(data[:at])
    found = [conversation.next()] if at else []
    conversation.feed(data[at:])
    found += [conversation.next()]
    (first,) = filter(None, found)
    assert (first.path, first.body, first.headers["soapaction"]) == ("/upnp/control/basicevent1", "body", "x")
    conversation.answer(OK, 0)
    second = conversation.next()
    assert second
    assert second.body == "body"


def test_an_upgrade_of_nothing_and_a_tunnel_are_requests_like_others() -> None:
    conversation = fed(
        b"GET /setup.xml HTTP/1.1\r\nHost: a\r\n" + UPGRADE + b"\r\nCONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", POST
    )
    methods = []
    while found := conversation.next():
        methods.append(found.method)
        conversation.answer(OK, 0)
    assert methods == ["GET", "CONNECT", "POST"]


def test_an_expectation_waits_for_its_turn() -> None:
    conversation = fed(POST + POST.replace(b"\r\n\r\nbody", b"\r\nExpect: 100-continue\r\n\r\n"))
    assert conversation.next()
    assert conversation.go_on() == b""
    conversation.answer(OK, 0)
    assert conversation.next() is None
    assert conversation.go_on().startswith(b"HTTP/1.1 100 ")


@pytest.mark.parametrize("at", range(POST.index(b"\n"), len(POST)))
def test_lines_may_end_in_lf_alone(at: int) -> None:
    bare = POST.replace(b"\r", b"")
    conversation = fed(b"\n" + bare[:at])
    found = [conversation.next()]
    conversation.feed(bare[at:] + b"\n" + bare)
    found += [conversation.next()]
    assert list(filter(None, found)) == [fed(POST).next()]
    conversation.answer(OK, 0)


@pytest.mark.parametrize(
    "head",
    [
        b"POST /x HTTP/1.0\nContent-Length: 4\n\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nHost: a\r\n\r\n",
        b"POST /x HTTP/1.1\r\nkeep-alive\r\nHost: a\r\nContent-Length: 4\r\n\r\n",
        b"POST /x HTTP/1.1\r\n  Host: a\r\n  Content-Length: 4\r\n\r\n",
        b"POST /x HTTP/1.1\n\tHost: a\n\tContent-Length: 4\n\n",
        b"POST /x HTTP/1.1\nHost: a\r\nContent-Length: 4\r\n\r\n",
        b"\r\n\n\r\nPOST /x HTTP/1.1\nTransfer-Encoding: chunked\n\n",
        b"POST /x HTTP/1.1\nHost: a\nUpgrade: h2c\nConnection: upgrade\nContent-Length: 4\n\n",
    ],
)
def test_only_the_head_of_such_a_request_is_mended(head: bytes) -> None:
    body = b"4\r\n\n\nb\n\r\n0\r\n\r\n" if b"chunked" in head else b"\n\nb\n"
    found = fed(head + body).next()
    assert found
    assert (found.path, found.body) == ("/x", "\n\nb\n")


INDENTED = b"POST /x HTTP/1.1\r\n  Host: a\r\n  Content-Length: 4\r\n\r\nbody"


@pytest.mark.parametrize("at", range(1, len(INDENTED)))
@pytest.mark.parametrize("before", [b"", POST, b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n", INDENTED])
def test_such_a_head_may_be_split_anywhere_and_come_with_others(before: bytes, at: int) -> None:
    conversation = fed(before + INDENTED[:at])
    if before:
        assert conversation.next()
        conversation.answer(OK, 0)
    assert conversation.next() is None
    conversation.feed(INDENTED[at:])
    found = conversation.next()
    assert found
    assert (found.path, found.body) == ("/x", "body")


def test_such_a_head_is_bounded_while_it_has_no_end() -> None:
    line = b"X: " + b"x" * 96 + b"\n"
    conversation = fed(b"GET / HTTP/1.1\n" + line)
    for _ in range(MAX_HEADER // len(line) - 1):
        assert conversation.next() is None
        assert conversation.started
        conversation.feed(line)
    conversation.feed(line)
    with pytest.raises(ProtocolError) as caught:
        conversation.next()
    assert caught.value.status == 431


def test_blanks_around_a_value_are_no_part_of_it() -> None:
    found = fed(b"GET / HTTP/1.1\r\nHost: \t a \t\r\nAccept:\r\n\r\n").next()
    assert found
    assert found.headers == {"host": "a", "accept": ""}


def test_a_request_like_the_last_one_is_the_same_and_a_longer_one_is_not() -> None:
    for body in (b"body", b"BODY", b"body"):
        found = fed(POST.replace(b"body", body)).next()
        assert found
        assert found.body == body.decode()


def chunk(size: int) -> bytes:
    return b"%x\r\n%s\r\n" % (size, b"x" * size)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00\xff garbage\r\n\r\n", 400),
        (b"GET /setup.xml\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1), 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(MAX_BODY) + chunk(1),
            413,
        ),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * MAX_MESSAGE, 413),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * MAX_HEADER + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 2 * MAX_HEADER, 431),
    ],
)
def test_what_is_no_request_gets_its_status_and_ends_the_connection(data: bytes, status: int) -> None:
    conversation = fed(data)
    with pytest.raises(ProtocolError) as caught:
        conversation.next()
    assert caught.value.status == status
    assert conversation.answer(Response(status, close=True), 0).startswith(b"HTTP/1.1 %d " % status)
    assert conversation.over


def test_the_largest_body_is_taken() -> None:
    found = fed(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % MAX_BODY + b"x" * MAX_BODY).next()
    assert found
    assert len(found.body) == MAX_BODY


def test_the_end_of_half_a_request_is_an_error() -> None:
    conversation = fed(POST[:-1])
    conversation.end()
    with pytest.raises(ProtocolError):
        conversation.next()


def test_the_end_of_nothing_is_none() -> None:
    conversation = fed(b"\r\n")
    conversation.end()
    assert conversation.next() is None


def test_the_end_after_a_whole_request_is_seen_after_its_answer() -> None:
    conversation = fed(POST)
    conversation.end()
    assert conversation.next()
    conversation.answer(OK, 0)
    assert conversation.next() is None


PIECES = [POST, b"\r\n", b"GET / HTTP/1.1\r\n", b"Host: a\r\n\r\n", b"GET / HTTP/1.1\n", b"Host: a\n\n", b"\n"]


@given(st.lists(st.binary() | st.sampled_from(PIECES), max_size=8))
@example([POST, POST])
def test_any_bytes_are_requests_or_a_protocol_error(data: list[bytes]) -> None:
    conversation = Conversation()
    for each in data:
        conversation.feed(each)
        answer = OK
        try:
            while conversation.next():
                assert conversation.answer(OK, 0).startswith(b"HTTP/1.1 200")
        except ProtocolError as error:
            answer = Response(error.status, close=True)
        if answer is not OK:
            assert conversation.answer(answer, 0).startswith(b"HTTP/1.1 ")
            assert conversation.over
