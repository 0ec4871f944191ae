"""Prints every array of a study folder as JSON, read with numpy, safetensors and zarr alone: python read_study.py DIR."""
import base64
import json
import os
import sys

import numpy as np
import zarr
from safetensors.numpy import load_file


def described(array):
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "data": base64.b64encode(little.tobytes()).decode(),
    }


def main(folder):
    scores = load_file(os.path.join(folder, "scores.safetensors"))
    store = zarr.open_group(os.path.join(folder, "effects.zarr"), mode="r")
    effects = {}
    for direction in store.group_keys():
        for name, array in store[direction].arrays():
            effects[f"{direction}/{name}"] = {
                **described(array[:]),
                "dimensions": list(array.metadata.dimension_names),
                "attributes": dict(array.attrs),
                "chunks": list(array.chunks),
            }
    with open(os.path.join(folder, "study.json"), encoding="utf-8") as file:
        study = json.load(file)
    print(json.dumps({
        "complete": bool(store.attrs["complete"]) and study["complete"],
        "scores": {name: described(array) for name, array in scores.items()},
        "effects": effects,
        "D": study["metric"]["D"],
    }))


main(sys.argv[1])
