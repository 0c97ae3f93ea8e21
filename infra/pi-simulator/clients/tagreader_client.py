"""The client of Equinor (PyPI: tagreader): everything it reads from PI Web API."""

from datetime import datetime, timedelta, timezone

import tagreader.web_handlers
from tagreader import IMSClient, list_sources
from tagreader.utils import IMSType, ReaderType

import check

TAG = "TIC71035.PV"
READS = [
    ReaderType.INT,
    ReaderType.MIN,
    ReaderType.MAX,
    ReaderType.RNG,
    ReaderType.AVG,
    ReaderType.STD,
    ReaderType.VAR,
]


def run(url, user, dryer):
    """Everything."""
    # The package looks its data servers up at the address of its makers, whatever address it is given.
    tagreader.web_handlers.get_url_pi = lambda: url
    client = IMSClient("PIMAM", imstype=IMSType.PIWEBAPI, url=url, auth=user, verify_ssl=False, tz="UTC", cache=None)
    with check.that("tagreader: the source is there"):
        check.equal("PIMAM" in list_sources(IMSType.PIWEBAPI, url=url, auth=user, verify_ssl=False), True)
        client.connect()
        check.equal(client.handler.verify_connection("PIMAM"), True)
        check.equal(client.handler.verify_connection("OTHER"), False)
    with check.that("tagreader: tags are found by name and by description"):
        check.equal(sorted(client.search("SINUSOID*", return_desc=False)), ["SINUSOID", "SINUSOIDU"])
        check.equal(client.search("AI401*"), [("AI401.PV", "Conductivity after the column")])
        check.equal(client.search(desc="Jacket*", return_desc=False), ["TIC71050.PV", "TIC72050.PV"])
    with check.that("tagreader: units and descriptions"):
        check.equal(client.get_units(TAG), {TAG: "°C"})
        check.equal(client.get_descriptions([TAG]), {TAG: "Product temperature in the dryer"})
    end = datetime(2026, 6, 30, 12, tzinfo=timezone.utc)
    expected = [float(row["DryerTemp"]) for row in dryer[71]]
    start = end - timedelta(minutes=len(expected) - 1)
    with check.that("tagreader: raw values are those of the recording"):
        table = client.read(TAG, start, end, read_type=ReaderType.RAW)
        check.equal(list(table[TAG]), expected)
        check.equal(table.index[0].to_pydatetime(), start)
    with check.that("tagreader: one value a minute is the recording again"):
        table = client.read(TAG, start, end, timedelta(minutes=1), ReaderType.INT)
        check.equal(list(table[TAG]), expected)
    for read in READS:
        with check.that(f"tagreader: {read.name} of two tags"):
            table = client.read([TAG, "SINUSOID"], start, end, timedelta(minutes=10), read)
            check.equal((len(table) >= len(expected) // 10, list(table.columns)), (True, [TAG, "SINUSOID"]))
    with check.that("tagreader: least and largest values are those of the recording"):
        for read, of in [(ReaderType.MIN, min), (ReaderType.MAX, max)]:
            table = client.read(TAG, start, end, timedelta(minutes=len(expected) - 1), read)
            check.equal(float(of(table[TAG].dropna())), of(expected))
    with check.that("tagreader: a status tells bad and doubtful values"):
        table = client.read("DEMO.FAILING", end, end + timedelta(hours=6), read_type=ReaderType.RAW, get_status=True)
        check.equal({0, 1, 2} <= set(table["DEMO.FAILING::status"]), True)
    with check.that("tagreader: a snapshot, a state and a tag that is not there"):
        now = client.read("SINUSOID", read_type=ReaderType.SNAPSHOT)
        check.equal(0 <= now["SINUSOID"].iloc[0] <= 100, True)
        state = client.read("CDM158", end, end + timedelta(hours=1), timedelta(minutes=10), ReaderType.INT)
        check.equal(set(state["CDM158"]) <= {0, 1, 2, 3}, True)
        check.equal(client.read("NO.SUCH.TAG", start, end, read_type=ReaderType.RAW).empty, True)
