#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains three models of the size that suits a microcontroller, on the customers of examples/churn.

    pip install -r ../../churn/requirements.txt
    python train_models.py [FOLDER]

writes churn_logistic.onnx, churn_forest.onnx and churn_mlp.onnx: float_input [None, 5] -> label, probabilities [N, 2].
The same versions give the same bytes.
"""
import pathlib
import sys
import warnings

import numpy as np
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "churn"))
from train_churn import make_customers

MODELS = {
    "churn_logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    "churn_forest": RandomForestClassifier(n_estimators=10, max_depth=5, random_state=0),
    "churn_mlp": make_pipeline(StandardScaler(), MLPClassifier((16, 8), max_iter=300, random_state=0)),
}


def main(folder):
    warnings.simplefilter("ignore")
    x, y = make_customers(np.random.default_rng(2024), 500)
    for name, model in MODELS.items():
        model.fit(x, y)
        onx = convert_sklearn(model, name, [("float_input", FloatTensorType([None, 5]))],
                              options={id(model): {"zipmap": False}}, target_opset={"": 17, "ai.onnx.ml": 3})
        opsets = sorted(onx.opset_import, key=lambda opset: opset.domain)  # the converter has no fixed order
        del onx.opset_import[:]
        onx.opset_import.extend(opsets)
        (folder / f"{name}.onnx").write_bytes(onx.SerializeToString(deterministic=True))
        print(f"{name}: {len(onx.SerializeToString())} bytes, accuracy {model.score(x, y):.3f}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
