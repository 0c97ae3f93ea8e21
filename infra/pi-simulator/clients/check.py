"""Checks that print a line each and a count at the end, as Node's test runner does."""

import contextlib
import traceback

_counts = {"pass": 0, "fail": 0}


@contextlib.contextmanager
def that(name):
    """One check: what happens inside must not raise."""
    try:
        yield
    except Exception:  # every failure of a client is a result, not an end
        _counts["fail"] += 1
        print(f"not ok {sum(_counts.values())} - {name}")
        print("".join(f"  # {line}\n" for line in traceback.format_exc().splitlines()[-12:]), end="")
    else:
        _counts["pass"] += 1
        print(f"ok {sum(_counts.values())} - {name}")


def equal(actual, expected):
    """Both are the same."""
    if actual != expected:
        raise AssertionError(f"{str(actual)[:300]} is not {str(expected)[:300]}")


def finish():
    """Prints the counts and answers the exit code."""
    print(f"# pass {_counts['pass']}\n# fail {_counts['fail']}\n# skipped 0")
    return 1 if _counts["fail"] or not _counts["pass"] else 0
