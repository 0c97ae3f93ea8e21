"""The client of the PI Developers Club (PyPI: osisoft-pidevclub-piwebapi): every reading call it offers, and values."""

import inspect
import re

from osisoft.pidevclub.piwebapi.models import PIAttribute, PIElement, PIPoint, PIRequest, PISearchByAttribute
from osisoft.pidevclub.piwebapi.pi_web_api_client import PIWebApiClient
from osisoft.pidevclub.piwebapi.rest import ApiException

import check

UNIT = r"\\PIAF\Visp\Visp\Polymerization\Autoclave 1"
FRAME = r"\\PIAF\Visp\EventFrames[NY1-020]"
DRYER = r"\\PIAF\Basel\Basel\Drying\Dryer 1"
TAG = r"\\PIMAM\TIC71035.PV"

READING = re.compile(r"(get|find|list|search|execute|landing|cache_instances|status|user_info|versions|instances)")
# What the simulator tells of itself that it does not serve.
NOT_SERVED_CONTROLLERS = {
    "analysis",
    "analysisCategory",
    "analysisRule",
    "analysisRulePlugIn",
    "analysisTemplate",
    "attributeTrait",
    "channel",
    "securityIdentity",
    "securityMapping",
    "tableCategory",
    "timeRule",
    "timeRulePlugIn",
}
NOT_SERVED_CALLS = re.compile(
    r"security|find_analyses|get_analyses|analysis_templates|analysis_rule_plug_ins|time_rule_plug_ins"
)


def objects(client):
    """An object of each controller: its path, found by it."""
    paths = {
        "assetServer": r"\\PIAF",
        "assetDatabase": r"\\PIAF\Visp",
        "attribute": UNIT + "|Tag02",
        "attributeCategory": r"\\PIAF\Visp\AttributeCategories[Measured]",
        "attributeTemplate": r"\\PIAF\Visp\ElementTemplates[Autoclave]|Tag02",
        "dataServer": r"\\PIServers[PIMAM]",
        "element": UNIT,
        "elementCategory": r"\\PIAF\Visp\ElementCategories[Units]",
        "elementTemplate": r"\\PIAF\Visp\ElementTemplates[Autoclave]",
        "enumerationSet": r"\\PIAF\Visp\EnumerationSets[BatchResults]",
        "enumerationValue": r"\\PIAF\Visp\EnumerationSets[BatchResults]\Rejected",
        "eventFrame": FRAME,
        "point": TAG,
        "table": r"\\PIAF\Visp\Tables[Recipe]",
        "unit": r"\\PIAF\UOMDatabase[degree Celsius]",
        "unitClass": r"\\PIAF\UOMClasses[Temperature]",
    }
    return paths, {name: getattr(client, name).get_by_path(path).web_id for name, path in paths.items()}


def arguments(controller, call, method, paths, ids):
    """What a call needs: all its required parameters, and those that the server requires."""
    several = call.endswith("_ad_hoc")
    own = {"stream": ids["point"], "streamSet": ids["element"]}
    known = {
        "web_id": [ids["point"], ids["attribute"]] if several else own.get(controller, ids.get(controller, "F1XsNone")),
        "path": paths.get(controller, r"\\PIAF\Visp\None"),
        "name": {"assetServer": "PIAF", "dataServer": "PIMAM", "point": "descriptor"}.get(controller, "None"),
        "id": "1",
        "key": "WebIDType",
        "module": "pibasess.BasicPointCount",
        "field": ["Name"],
        "category": ["None"],
        "user_identity": ["None"],
        "security_item": ["None"],
        "time": ["*-1h", "*-2h"] if call.endswith("times") or call.endswith("times_ad_hoc") else "*-1h",
        "search_id": "e30",
        "expression": "'SINUSOID' * 2",
        "dataserver_web_id": ids["dataServer"],
        "query": "name:SIN*",
        "paths": ["pi:" + r"\\PIMAM\SINUSOID", "pi:" + r"\\PIMAM\SINUSOIDU"],
    }
    needed = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        required = parameter.default is inspect.Parameter.empty
        by_server = {"calculation": ("expression", "time")}.get(controller, ())
        if call == "get_interpolated_at_times" or call == "get_recorded_at_times":
            by_server = ("time",)
        if call == "get_multiple":
            by_server = ("web_id",)
        if controller == "data" and name == "path":
            needed[name] = "pi:" + r"\\PIMAM\SINUSOID"
        elif controller == "data" and name == "intervals":
            needed[name] = 10
        elif required or name in by_server or (several and name == "web_id"):
            needed[name] = known[name]
    if controller == "calculation":
        needed.pop("web_id", None)
    if call == "get_multiple":
        needed["web_id"] = [ids[controller]]
    return needed


def every_call(client, paths, ids):
    """Each reading call is answered, or refused with 501 where the simulator does not serve it."""
    controllers = [name for name, kind in inspect.getmembers(type(client), lambda kind: isinstance(kind, property))]
    count = 0
    for controller in controllers:
        api = getattr(client, controller)
        if not type(api).__name__.endswith("Api"):
            continue
        for call, method in inspect.getmembers(api, inspect.ismethod):
            if call.endswith("_with_http_info") or not READING.match(call) or controller == "batch":
                continue
            count += 1
            expected = None
            if controller in NOT_SERVED_CONTROLLERS or NOT_SERVED_CALLS.search(call):
                expected = 501
            if call.startswith("get_channel"):
                expected = 400  # a plain GET is not a WebSocket
            with check.that(f"{controller}.{call}" + (f" is refused with {expected}" if expected else "")):
                given = arguments(controller, call, method, paths, ids)
                try:
                    answer = method(**given)
                except ApiException as refusal:
                    check.equal(refusal.status, expected)
                else:
                    check.equal(expected, None)
                    if answer is None:
                        raise AssertionError("the client read nothing")
    with check.that("the client offers more than 200 reading calls"):
        check.equal(count > 200, True)


def values(client, dryer, nylon):
    """What the client reads is what was recorded."""
    for number in (1, 9, 71):
        with check.that(f"the temperature of batch {number} is that of the recording"):
            frame = client.eventFrame.get_by_path(rf"\\PIAF\Basel\EventFrames[DR1-2026-{number:03}]")
            end = "*" if frame.end_time.startswith("9999") else frame.end_time
            frames = client.data.get_recorded_values("pi:" + TAG, start_time=frame.start_time, end_time=end, max_count=1000)
            expected = [float(row["DryerTemp"]) for row in dryer[number]]
            check.equal(list(frames["Value"])[: len(expected)], expected)
            check.equal(all(frames["Good"]), True)
    with check.that("71 batches are found by the unit, and their attributes say which"):
        unit = client.element.get_by_path(DRYER)
        found = client.element.get_event_frames(unit.web_id, start_time="*-400d")
        check.equal(len(found.items), 71)
        value = client.streamSet.get_values(found.items[16].web_id)
        check.equal(value.items[0].value.value, "17")
    with check.that("a batch has its phases below it, and its tag is read in its own time without times"):
        frame = client.eventFrame.get_by_path(FRAME)
        parts = client.eventFrame.get_event_frames(frame.web_id, start_time="*-400d", search_full_hierarchy=True)
        names = sorted(part.name for part in parts.items)
        check.equal(names, ["Finish", "Polymerize", "Reaction"] + [f"Stage {stage}" for stage in range(1, 6)])
        series = client.streamSet.get_recorded(frame.web_id, max_count=1000)
        check.equal([value.value for value in series.items[0].items], [float(row["Tag02"]) for row in nylon[20]])
        notes = client.eventFrame.get_annotations(frame.web_id)
        check.equal(len(notes.items), 1)
    with check.that("bad, doubtful and substituted values keep their marks"):
        frame = client.eventFrame.get_by_path(FRAME)
        path = "af:" + UNIT + "|Flawed"
        table = client.data.get_recorded_values(path, start_time=frame.start_time, end_time=frame.end_time)
        bad = table[~table["Good"]]
        check.equal([value["Name"] for value in bad["Value"]], ["I/O Timeout"] * 5 + ["Bad Input"])
        check.equal((int(table["Questionable"].sum()), int(table["Substituted"].sum())), (1, 1))
    with check.that("interpolated values of several tags come in one table"):
        paths = ["pi:" + r"\\PIMAM\SINUSOID", "pi:" + r"\\PIMAM\SINUSOIDU"]
        table = client.data.get_multiple_interpolated_values(paths, start_time="*-1d", interval="1h")
        check.equal(len(table), 25)
    with check.that("a calculation is what its parts are"):
        at = ["2026-06-29T00:00:00Z", "2026-06-29T03:00:00Z"]
        twice = client.calculation.get_at_times(expression="'SINUSOID' * 2 + 1", time=at)
        point = client.point.get_by_path(r"\\PIMAM\SINUSOID")
        once = client.stream.get_interpolated_at_times(point.web_id, time=at)
        check.equal([value.value for value in twice.items], [2 * value.value + 1 for value in once.items])


def others(client, url, ids):
    """Batches, updates, searches by value, and WebIDs that the client makes itself."""
    with check.that("a WebID that the client makes from a path is accepted"):
        helper = client.webIdHelper
        of_point = helper.generate_web_id_by_path(TAG, type(PIPoint()), None)
        check.equal(client.point.get(of_point).name, "TIC71035.PV")
        of_element = helper.generate_web_id_by_path(UNIT, type(PIElement()), None)
        check.equal(client.element.get(of_element).name, "Autoclave 1")
        of_attribute = helper.generate_web_id_by_path(UNIT + "|Tag02", type(PIAttribute()), type(PIElement()))
        check.equal(client.attribute.get(of_attribute).name, "Tag02")
    for form in ("Full", "IDOnly", "PathOnly", "LocalIDOnly", "DefaultIDOnly"):
        with check.that(f"WebIDs of the form {form} lead back to their objects"):
            for controller in ("point", "element", "attribute", "eventFrame", "elementTemplate", "dataServer"):
                api = getattr(client, controller)
                shown = api.get(ids[controller], web_id_type=form)
                check.equal(api.get(shown.web_id).id, shown.id)
    with check.that("the client reads the parts of a WebID as they are"):
        info = client.webIdHelper.get_web_id_info(ids["point"])
        check.equal(info.point_id, client.point.get(ids["point"]).id)
    with check.that("a batch of requests feeds one into the next"):
        first = PIRequest(method="GET", resource=f"{url}/points?path={TAG}")
        second = PIRequest(
            method="GET", resource=url + "/streams/{0}/value", parameters=["$.1.Content.WebId"], parent_ids=["1"]
        )
        answers = client.batch.execute({"1": first, "2": second})
        check.equal((answers["1"].status, answers["2"].status), (200, 200))
        check.equal("Value" in answers["2"].content, True)
    with check.that("a search by the value of an attribute is created"):
        query = PISearchByAttribute(search_root=r"\\PIAF\Visp", element_template="Autoclave")
        found = client.element.create_search_by_attribute(query)
        names = [item.name for item in found.items] if hasattr(found, "items") else [UNIT.rsplit("\\", 1)[-1]]
        check.equal(names, ["Autoclave 1"])
    with check.that("nothing can be written"):
        try:
            client.element.delete(ids["element"])
        except ApiException as refusal:
            check.equal(refusal.status, 501)
        else:
            raise AssertionError("the element was deleted")
    with check.that("a wrong password is refused"):
        stranger = PIWebApiClient(url, False, "reader", "wrong", False)
        try:
            stranger.home.get()
        except ApiException as refusal:
            check.equal(refusal.status, 401)
        else:
            raise AssertionError("anybody gets in")


def run(url, user, dryer, nylon):
    """Everything."""
    client = PIWebApiClient(url, False, user[0], user[1], False)
    paths, ids = objects(client)
    every_call(client, paths, ids)
    values(client, dryer, nylon)
    others(client, url, ids)
