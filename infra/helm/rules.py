"""Holds what the chart renders against the platform's own rules: hardened, probed, bounded, and reachable only as a policy says."""

import sys

import yaml


def pods(document):
    template = document.get("spec", {}).get("template")
    return template["spec"] if document["kind"] in ("Deployment", "Job") else None


def wrong_in(container, is_service):
    security = container.get("securityContext", {})
    if not (
        security.get("readOnlyRootFilesystem")
        and security.get("allowPrivilegeEscalation") is False
        and security.get("privileged") is False
        and security.get("capabilities") == {"drop": ["ALL"]}
    ):
        yield "is not hardened"
    resources = container.get("resources", {})
    if "memory" not in resources.get("limits", {}) or not {"cpu", "memory"} <= set(resources.get("requests", {})):
        yield "has no requests or no limit of memory"
    if is_service and not {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container):
        yield "lacks a probe"
    if container["image"].endswith(":latest") or ":" not in container["image"]:
        yield "has an image without a version"
    for variable in container.get("env", []):
        name, value = variable["name"], variable.get("value", "")
        if "PASSWORD" in name and value and not value.startswith("secret://"):
            yield f"has a secret in {name}"


def wrong(documents):
    policies = [one for one in documents if one["kind"] == "NetworkPolicy"]
    selected = [one["spec"]["podSelector"].get("matchLabels", {}) for one in policies]
    for document in documents:
        spec = pods(document)
        if spec is None:
            continue
        place = f"{document['kind']} {document['metadata']['name']}"
        security = spec.get("securityContext", {})
        if not security.get("runAsNonRoot") or security.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{place}: may be root, or has no seccomp profile"
        for container in spec["containers"]:
            for what in wrong_in(container, document["kind"] == "Deployment"):
                yield f"{place}: {container['name']} {what}"
        labels = document["spec"]["template"]["metadata"]["labels"]
        narrow = [one for one in selected if len(one) > 1 and one.items() <= labels.items()]
        if not narrow:
            yield f"{place}: no policy of the network is about it alone"
    denying = [one for one in policies if not one["spec"].get("ingress") and not one["spec"].get("egress")]
    if not any(one["spec"]["policyTypes"] == ["Ingress", "Egress"] for one in denying):
        yield "nothing refuses what no policy allows"


found = [one for one in yaml.safe_load_all(open(sys.argv[1], encoding="utf-8")) if one]
assert any(one["kind"] == "Deployment" for one in found), "nothing was rendered"
problems = list(wrong(found))
print("\n".join(problems), end="\n" if problems else "")
sys.exit(1 if problems else 0)
