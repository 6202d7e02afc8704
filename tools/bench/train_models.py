#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the models of bench_peers.sh into a folder: what their users would deploy, of the usual sizes.

    train_models.py FOLDER

forest_maps.onnx    50 trees of depth 8, 5 features, probabilities as maps (the converter's default)
forest.onnx         the same with the probabilities as a tensor
xgboost.onnx        40 rounds of depth 6, 10 features; xgboost.so is the same compiled by tl2cgen
lightgbm.onnx       40 rounds of 31 leaves, 10 features
logistic.onnx       scaled logistic regression, 10 features
"""
import pathlib
import sys

import lightgbm
import numpy as np
import tl2cgen
import treelite
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloat
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROWS = 4000


def data(features):
    """x[ROWS, features] in [0, 1), the range the benchmarks feed, so that runs visit the same leaves as training did."""
    rng = np.random.default_rng(7)
    x = rng.random((ROWS, features)).astype(np.float32)
    score = x @ rng.normal(size=features) + 2.0 * x[:, 0] * x[:, 1] + rng.normal(scale=0.3, size=ROWS)
    return x, (score > np.median(score)).astype(np.int64)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    x5, y5 = data(5)
    x10, y10 = data(10)

    forest = RandomForestClassifier(n_estimators=50, max_depth=8, random_state=0).fit(x5, y5)
    logistic = make_pipeline(StandardScaler(), LogisticRegression()).fit(x10, y10)
    xgb = xgboost.XGBClassifier(n_estimators=40, max_depth=6, n_jobs=1, random_state=0).fit(x10, y10)
    lgb = lightgbm.LGBMClassifier(n_estimators=40, num_leaves=31, n_jobs=1, random_state=0, verbose=-1).fit(x10, y10)

    plain = {"zipmap": False}
    for name, model, features, options in (("forest_maps", forest, 5, None), ("forest", forest, 5, plain),
                                           ("logistic", logistic, 10, plain)):
        onx = convert_sklearn(model, name, [("float_input", FloatTensorType([None, features]))],
                              options={id(model): options} if options else None)
        (folder / f"{name}.onnx").write_bytes(onx.SerializeToString())
    inputs = [("float_input", ToolsFloat([None, 10]))]
    (folder / "xgboost.onnx").write_bytes(convert_xgboost(xgb, "xgboost", inputs).SerializeToString())
    (folder / "lightgbm.onnx").write_bytes(convert_lightgbm(lgb, "lightgbm", inputs, zipmap=False).SerializeToString())

    trees = treelite.frontend.from_xgboost(xgb.get_booster())
    tl2cgen.export_lib(trees, toolchain="gcc", libpath=folder / "xgboost.so", params={"parallel_comp": 0})


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
