"""Runs the checks of both clients against a simulator: drive.py URL DATA."""

import csv
import itertools
import os
import sys

import check
import pidevclub_client
import tagreader_client


def batches(path):
    """The rows of each batch of a recording by the names of its columns."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {int(number): list(group) for number, group in itertools.groupby(rows, key=lambda row: row["batch_id"])}


def main():
    url, data = sys.argv[1:]
    user = (os.environ["PI_SIMULATOR_USER"], os.environ["PI_SIMULATOR_PASSWORD"])
    dryer = batches(os.path.join(data, "dryer.csv"))
    nylon = batches(os.path.join(data, "nylon.csv"))
    pidevclub_client.run(url, user, dryer, nylon)
    tagreader_client.run(url, user, dryer)
    return check.finish()


if __name__ == "__main__":
    sys.exit(main())
