"""The shared store: how it is opened, servers that go away, stop or are of another mind, and clocks that differ."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import attrs
import psycopg
import pytest

from ascend_doctor.collector import postgres_link, postgres_schema, postgres_sql
from ascend_doctor.collector.postgres_store import open_postgres
from ascend_doctor.collector.store import NO_NEWS, HistoryQuery, StoreError
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition
from ports import free_port
from postgres import Server
from store_entries import NOW, after, first, forever

TOLD = Transition("npu.ecc", "npu/3", Status.PASS, Status.FAIL, NOW, "3 uncorrectable errors")
PATIENCE_S = 20.0


@pytest.fixture
def url(postgres):
    """An empty database."""
    with postgres.database() as found:
        yield found


@pytest.fixture
def pair(url):
    """Two collectors that share it."""
    with contextlib.closing(open_postgres(url)) as one, contextlib.closing(open_postgres(url)) as two:
        yield one, two


def _claimed(url, node="node-1"):
    store = open_postgres(url)
    store.claim({node: NOW})
    return store


def _sequences(nodes):
    return {item.node: item.standing.sequence for item in nodes}


def test_tables_are_made_once(url):
    """Collectors that start at the same moment on an empty database all find one set of tables."""
    with ThreadPoolExecutor(8) as threads:
        stores = [made.result() for made in [threads.submit(open_postgres, url) for _ in range(8)]]
    stores[0].claim({"node-1": NOW})
    assert frozenset() == stores[0].commit([first()])
    assert [{"node-1": 1}] * 8 == [_sequences(store.load()) for store in stores]
    for store in stores:
        store.close()


def test_a_commit_that_becomes_visible_late_is_not_missed(pair, url):
    """What another collector began earlier and ended later is news, though others committed in between or tried to."""
    one, two = pair
    one.claim({"node-1": NOW})
    one.commit([first()])
    two.claim({"node-2": NOW})
    assert {"node-1": 1} == _sequences(two.news().nodes)
    with psycopg.connect(url) as slow:
        slow.execute(postgres_sql.TICK)
        slow.execute(
            "UPDATE ascend_doctor.nodes SET sequence = 7, revision = (SELECT revision FROM ascend_doctor.clock)"
        )
        committing = threading.Thread(target=two.commit, args=([first("node-2")],))
        committing.start()
        with contextlib.closing(open_postgres(url)) as three:
            assert {"node-1": 1} == _sequences(three.load())
            assert NO_NEWS == three.news()
            slow.commit()
            committing.join(PATIENCE_S)
            assert {"node-1": 7, "node-2": 1} == _sequences(three.news().nodes)
    assert {"node-1": 7} == _sequences(two.news().nodes)


def test_a_node_that_moves(pair):
    """Whom a node left has nothing more to commit, and hears what follows; a claim that comes late is none."""
    one, two = pair
    one.claim({"node-1": NOW})
    entries = [first(told=[TOLD])]
    entries.append(after(entries[-1], {"a": b"2"}, told=[TOLD]))
    entries.append(after(entries[-1], {"a": b"3"}, told=[TOLD]))
    one.commit(entries[:1])
    two.claim({"node-1": NOW + 5})
    assert {"node-1": 1} == _sequences(one.news().nodes)
    assert frozenset(["node-1"]) == one.commit(entries[1:2])
    one.claim({"node-1": NOW + 4})
    assert frozenset(["node-1"]) == one.commit([first(epoch="stale")])
    assert frozenset() == two.commit(entries[1:])
    (told,) = one.news().nodes
    assert (3, b"3") == (told.standing.sequence, told.sections["a"])
    assert NO_NEWS == two.news()
    assert [TOLD] * 3 == [item.transition for item in one.history(HistoryQuery())]


def test_what_is_forgotten_is_news(pair):
    """A node that is dropped is dropped everywhere, and what its collector still has to commit is void."""
    one, two = pair
    one.claim({"node-1": NOW})
    one.commit([first()])
    two.news()
    assert two.forget("node-1")
    assert not two.forget("node-1")
    assert frozenset(["node-1"]) == one.news().forgotten
    assert frozenset(["node-1"]) == one.commit([first()])
    one.claim({"node-1": NOW + 9})
    assert frozenset() == one.commit([first()])


@pytest.fixture
def put_back(pair, url, postgres):
    """Two collectors that know of more than is in the tables: a copy was put in their place under them."""
    one, two = pair
    one.claim({"node-1": NOW})
    entries = [first(sections={"a": b"0"})]
    one.commit(entries)
    two.news()
    copy = postgres.dump(url)
    for number in range(1, 20):
        entries.append(after(entries[-1], {"a": b"%d" % number}))
        one.commit(entries[-1:])
        two.news()
    postgres.restore(url, copy)
    # Its contents get the numbers that those of the other node had.
    with contextlib.closing(_claimed(url, "node-2")) as three:
        three.commit([first("node-2", {"a": b"else", "b": b"more"})])
    return entries


def _sections(nodes):
    return {item.node: item.sections for item in nodes}


def test_a_copy_that_is_put_in_place_is_news(pair, put_back, caplog):
    """Whoever asks for news next takes everything up again, and shows of no node what another one said."""
    two = pair[1]
    there = {"node-1": {"a": b"0"}, "node-2": {"a": b"else", "b": b"more"}}
    assert there == _sections(two.news().nodes)
    assert NO_NEWS == two.news()
    said = [item for item in caplog.messages if "an older copy was put in its place; it is taken up again" in item]
    assert 1 == len(said)


def test_a_commit_after_a_copy_is_put_in_place(pair, put_back):
    """What followed the copy is void; what is said whole is kept as it was said, and the news come afterwards."""
    one, two = pair
    assert frozenset(["node-1"]) == one.commit(put_back[-1:])
    whole = first(sections={"a": b"1", "b": b"2"}, epoch="f")
    assert frozenset() == one.commit([whole])
    there = {"node-1": {"a": b"1", "b": b"2"}, "node-2": {"a": b"else", "b": b"more"}}
    assert there == _sections(two.load())
    assert {"node-2": there["node-2"]} == _sections(one.news().nodes)


def test_contents_that_another_collector_swept_out(pair):
    """What a collector remembers of contents is looked up again when they may be gone."""
    one, two = pair
    one.claim({"node-1": NOW})
    one.commit([first(sections={"a": b"1"})])
    one.commit([first(sections={"a": b"2"}, epoch="f")])
    while two.prune(forever(), NOW):
        pass
    assert frozenset() == one.commit([first(sections={"a": b"1"}, epoch="g")])
    assert [{"a": b"1"}] == [item.sections for item in two.load()]


def test_clocks_that_differ(url, monkeypatch):
    """Collectors agree on how old a node's results are, whatever their clocks show."""
    with contextlib.closing(_claimed(url)) as exact:
        exact.commit([first(at=time.time() - 30.0, told=[TOLD])])
        late = time.time
        monkeypatch.setattr(postgres_link.time, "time", lambda: late() + 3600.0)
        with contextlib.closing(open_postgres(url)) as ahead:
            (node,) = ahead.load()
            assert 3600.0 - 30.0 == pytest.approx(node.standing.received_at - late(), abs=5.0)
            (item,) = ahead.history(HistoryQuery())
            assert 3600.0 - 30.0 == pytest.approx(item.received_at - late(), abs=5.0)
            assert 1.0 > abs(ahead._link.skew_s + 3600.0)


@pytest.fixture
def link(url):
    """A connection without a store."""
    with contextlib.closing(postgres_link.Link(url, lambda _: None)) as found:
        yield found


def _look(link, ahead_s, *, slow=False):
    """Let a link look at the server's clock, which is set ahead by so much."""
    link.ask(f"SELECT {'pg_sleep(0.2)' if slow else 1}, {postgres_sql.NOW} + {ahead_s}")
    return pytest.approx(link.skew_s, abs=0.5)


def test_a_clock_that_is_set_is_noticed_at_once(link, caplog):
    """A slow answer says little of the server's clock, unless that cannot be what it was before."""
    assert 0.0 == _look(link, 0.0)
    kept = link.skew_s
    _look(link, 0.0, slow=True)
    assert kept == link.skew_s
    assert [] == caplog.messages
    assert 3600.0 == _look(link, 3600.0, slow=True)
    assert 3600.0 == _look(link, 3600.0)
    assert -20.0 == _look(link, -20.0)
    assert 0.0 == _look(link, 0.0)
    assert -20.0 == pytest.approx(link.least_skew_s, abs=0.5)
    place = link.place
    assert [
        f"{place}: its clock or the one here was set (it is {now} s ahead, and was {was} s); keep both synchronised"
        for now, was in (("3600", "0"), ("-20", "3600"))
    ] == [item.replace("-0 s", "0 s") for item in caplog.messages]


@pytest.mark.parametrize("ahead_s", [1e9, -1e9])
def test_a_clock_that_is_set_drops_no_history(url, monkeypatch, ahead_s):
    """Whichever clock jumps, the server's or the one here, nothing is older than it was."""
    with contextlib.closing(_claimed(url)) as store:
        store.commit([first(at=time.time() - 30.0, told=[TOLD])])
        bounds = attrs.evolve(forever(), max_age_s=86_400.0)
        now = time.time()
        with monkeypatch.context() as jumped:
            jumped.setattr(
                postgres_sql, "CLOCK", f"SELECT revision, {postgres_sql.NOW} + {ahead_s} FROM ascend_doctor.clock"
            )
            store.news()
            assert ahead_s == pytest.approx(store._link.skew_s, abs=5.0)
            assert 0 == store.prune(bounds, now)
        store.news()
        assert 0 == store.prune(bounds, now)
        assert [TOLD] == [item.transition for item in store.history(HistoryQuery())]


@pytest.mark.parametrize("statement", ["contents = '\\x00'", "names = 12345", "times = '\\x0000000000000000'"])
def test_a_damaged_row_costs_one_node(url, statement, postgres, caplog):
    """A node whose row cannot be read is left out until it sends all; the others come back."""
    with contextlib.closing(_claimed(url)) as store:
        store.claim({"node-2": NOW})
        store.commit([first("node-1"), first("node-2")])
        postgres.execute(f"UPDATE ascend_doctor.nodes SET {statement} WHERE node = 'node-1'", url)
        assert {"node-2": 1} == _sequences(store.load())
        assert "node node-1: its row in the store is damaged" in caplog.text
        if "times" not in statement:
            assert frozenset(["node-1"]) == store.commit([after(first("node-1"), {"a": b"x"})])
        assert frozenset() == store.commit([first("node-1")])
        assert {"node-1": 1, "node-2": 1} == _sequences(store.load())


def test_what_is_remembered_is_bounded(pair, monkeypatch):
    """However many contents there are, only so many are remembered, and others are fetched again."""
    monkeypatch.setattr("ascend_doctor.collector.postgres_store.MAX_CACHED", 20)
    one, two = pair
    names = [f"node-{number}" for number in range(30)]
    one.claim(dict.fromkeys(names, NOW))
    entries = {name: first(name, {name: name.encode(), "a": b"1"}) for name in names}
    for entry in entries.values():
        one.commit([entry])
        two.news()
    assert len(two._contents) <= 30
    for entry in entries.values():
        assert frozenset() == one.commit([after(entry, {"a": b"2"})])
    told = {item.node: item.sections for item in two.news().nodes}
    assert {name: {name: name.encode(), "a": b"2"} for name in names} == told


# --- servers --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mortal(postgres):
    """A server that the tests may stop."""
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.close()


def test_a_server_that_starts_again(mortal):
    """While it is away every call fails soon and says where; afterwards all all goes on, and nothing is lost."""
    with mortal.database() as url, contextlib.closing(_claimed(url)) as store:
        one = first()
        two = after(one, {"a": b"2"})
        assert frozenset() == store.commit([one])
        for end in (signal.SIGINT, signal.SIGQUIT):
            mortal.stop(end)
            for call in (store.load, store.news, lambda: store.commit([two]), lambda: store.history(HistoryQuery())):
                with pytest.raises(
                    StoreError, match=r"^postgresql:///t\d+: .*; is it running, and reachable from here\?"
                ):
                    call()
            mortal.start()
            assert frozenset() == store.commit([two])
            assert {"node-1": 2} == _sequences(store.load())


def test_a_server_that_hangs(mortal, monkeypatch):
    """A server that is stopped in the middle of things is given up by the deadline, and taken up again."""
    with mortal.database() as url, contextlib.closing(_claimed(url)) as store:
        monkeypatch.setattr(postgres_link, "DEADLINE_S", 0.3)
        family = mortal.processes()
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(StoreError):
                store.commit([first()])
            assert time.monotonic() - began < PATIENCE_S
        finally:
            for pid in family:
                os.kill(pid, signal.SIGCONT)
        monkeypatch.setattr(postgres_link, "DEADLINE_S", PATIENCE_S)
        assert frozenset() == store.commit([first()])


def test_a_collector_that_hangs_in_a_transaction(pair, monkeypatch):
    """It is cut off by the server, and the others go on after it."""
    one, two = pair
    monkeypatch.setattr(
        postgres_link,
        "_SET_LIMITS",
        "SELECT set_config('idle_in_transaction_session_timeout', '500ms', true)",
    )
    two.claim({"node-1": NOW})
    with pytest.raises(StoreError, match=r"idle-in-transaction timeout|connection"), one._link.transaction() as stuck:
        stuck.execute(postgres_sql.TICK)
        assert frozenset() == two.commit([first()])
        stuck.execute("SELECT 1").fetchall()
    assert {"node-1": 1} == _sequences(one.load())


# --- opening --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me:secret@127.0.0.1:1/d?password=secret", r"^postgresql://127.0.0.1:1/d: .*is it running"),
        ("postgresql://me:secret@[::1/d", r"^postgresql://\[::1/d: is no URL that PostgreSQL understands"),
        ("postgresql://me:secret@h/d?nonsense=secret", "^postgresql://h/d: is no URL that PostgreSQL understands"),
        ("postgresql://me:se/cret@h/d", r"^postgresql://\.\.\.: "),
        ("postgres://me:secret?@h/d?sslmode=secret", "^postgres://h/d: "),
    ],
)
def test_a_password_is_never_told(url, said, caplog):
    """Whatever is wrong with a URL, its user, password and options are in no message."""
    with pytest.raises(StoreError, match=said) as error:
        open_store(url, NOW)
    assert "cret" not in str(error.value) + caplog.text
    assert "me:" not in str(error.value)


def test_postgres_is_an_extra(monkeypatch):
    """Without its client the error names what to install."""
    monkeypatch.setitem(sys.modules, "ascend_doctor.collector.postgres_store", None)
    with pytest.raises(StoreError, match=r"pip install 'ascend-doctor\[postgres\]'"):
        open_store("postgresql:///d", NOW)


def test_other_stores(tmp_path):
    """There are files, and there is PostgreSQL."""
    with pytest.raises(
        StoreError, match=r"^mysql://: no such store; there are postgresql://\.\.\. and the path of a file"
    ):
        open_store("mysql://me:secret@h/d", NOW)
    with contextlib.closing(open_store(str(tmp_path / "x.sqlite"), NOW)) as store:
        assert (False, NO_NEWS, None) == (store.shared, store.news(), store.claim({"node-1": NOW}))


def test_a_database_of_another_format(url, postgres):
    """Tables of another release, or without their format, are refused and left alone."""
    open_postgres(url).close()
    postgres.execute("UPDATE ascend_doctor.clock SET format = 9", url)
    with pytest.raises(StoreError, match=r"has format 9, this ascend-doctor needs 1; run one release on it"):
        open_postgres(url)
    postgres.execute("DELETE FROM ascend_doctor.clock", url)
    with pytest.raises(StoreError, match="has no format, this ascend-doctor needs 1"):
        open_postgres(url)


def test_tables_that_lose_their_row(url, postgres):
    """What cannot go on says so instead of guessing."""
    with contextlib.closing(_claimed(url)) as store:
        postgres.execute("DELETE FROM ascend_doctor.clock", url)
        with pytest.raises(StoreError, match="the tables of the store are damaged"):
            store.news()
        with pytest.raises(StoreError, match="has no format"):
            store.commit([first()])


def test_a_server_that_is_too_old(url, monkeypatch):
    """A server without what is needed is refused by its version."""
    monkeypatch.setattr(postgres_schema, "_OLDEST_SERVER", 999_999)
    with pytest.raises(StoreError, match=r"the server speaks as PostgreSQL 1\d\.\d+; it has to be 10 or newer"):
        open_postgres(url)


def test_a_database_without_unicode(postgres):
    """A database that cannot keep what nodes say is refused."""
    postgres.execute("CREATE DATABASE plain TEMPLATE template0 ENCODING 'SQL_ASCII'")
    with pytest.raises(StoreError, match="the database plain is not in UTF8"):
        open_postgres(postgres.url("plain"))
    postgres.execute("DROP DATABASE plain")


def test_a_role_that_may_not_make_tables(url, postgres):
    """The error names the statement that helps, and it does."""
    postgres.execute("CREATE ROLE guest LOGIN")
    guest = url.replace("doctor@", "guest@")
    with pytest.raises(StoreError, match='CREATE SCHEMA ascend_doctor AUTHORIZATION "guest"'):
        open_postgres(guest)
    postgres.execute('CREATE SCHEMA ascend_doctor AUTHORIZATION "guest"', url)
    open_postgres(guest).close()
    postgres.execute("DROP OWNED BY guest", url)
    postgres.execute("DROP ROLE guest")


def test_what_a_url_says_is_not_changed():
    """Options of libpq pass through; only what is left open has our defaults."""
    link = postgres_link.Link("postgresql://h1,h2/d?sslmode=verify-full&connect_timeout=9&passfile=/x", lambda _: None)
    words = psycopg.conninfo.conninfo_to_dict(link._conninfo)
    assert ("verify-full", "9", "/x", "read-write") == tuple(
        str(words[name]) for name in ("sslmode", "connect_timeout", "passfile", "target_session_attrs")
    )


@pytest.mark.parametrize("password", ["se@cret", "se/cret", "12/cret@"])
def test_a_password_that_is_not_encoded(password):
    """What libpq would read as the name of a host is refused before anybody looks for that host."""
    with pytest.raises(StoreError, match=r"^postgresql://\.\.\.: write %40 for an @ in a password, and %2F for a / "):
        open_postgres(f"postgresql://me:{password}@127.0.0.1:1/d")


@pytest.fixture
def guarded(postgres):  # without the first there is no server, and the test is skipped
    """The port of a server that asks for a password. That of the wheel is built without TLS."""
    with contextlib.closing(Server(listen_addresses="127.0.0.1", port=str(free_port()))) as server:
        server.start()
        server.execute("ALTER ROLE doctor PASSWORD 'se/c@ret'")
        rules = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (server.folder / "data" / "pg_hba.conf").write_text(rules)
        server.execute("SELECT pg_reload_conf()")
        yield server.port


def test_where_a_password_may_be(guarded, tmp_path, monkeypatch):
    """In the URL, in a file, beside a service; a wrong one is never told, and TLS that is asked for is insisted on."""
    (tmp_path / "pass").write_text(f"127.0.0.1:{guarded}:*:doctor:se/c@ret\n")
    (tmp_path / "pass").chmod(0o600)
    (tmp_path / "services").write_text(f"[doctor]\nhost=127.0.0.1\nport={guarded}\nuser=doctor\ndbname=postgres\n")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    here = f"127.0.0.1:{guarded}/postgres"
    for url in (
        f"postgresql://doctor:se%2Fc%40ret@{here}",
        f"postgresql://doctor@{here}?passfile={tmp_path}/pass",
        f"postgresql:///?service=doctor&passfile={tmp_path}/pass",
    ):
        with contextlib.closing(open_postgres(url)) as store:
            assert [] == store.load()
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pass"))
    open_postgres("postgresql:///?service=doctor").close()
    for words, expected in (
        (f"doctor:wrong%40word@{here}", "password authentication failed"),
        (f"doctor:wrong%40word@{here}?sslmode=verify-full&sslrootcert={tmp_path}/pass", "(?i)ssl|certificate"),
    ):
        with pytest.raises(StoreError, match=expected) as caught:
            open_postgres(f"postgresql://{words}")
        assert "word@" not in str(caught.value)
        assert "wrong" not in str(caught.value)
