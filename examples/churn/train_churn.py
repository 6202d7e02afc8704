#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the churn model of the examples the way most tabular models are made, and records what it predicts.

    pip install -r requirements.txt
    python train_churn.py [FOLDER]

writes into FOLDER (default: beside this script)
    churn.onnx           the model: float_input [None, 5] -> label, {label: probability}
    customers.csv        customers to predict, 240 the model has not seen
    churn_expected.csv   scikit-learn's own label and churn probability for each of them

The same versions (requirements.txt) give the same bytes.
"""
import csv
import pathlib
import sys

import numpy as np
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier

FEATURES = ["tenure_months", "monthly_charge", "support_tickets", "logins_per_week", "contract_months"]


def make_customers(rng, n):
    """n customers x[n, 5], and whether each left."""
    tenure = rng.integers(1, 73, n)
    charge = np.round(rng.gamma(9.0, 8.0, n) + 10.0, 2)
    tickets = rng.poisson(1.4, n)
    logins = np.round(rng.gamma(2.0, 3.0, n), 1)
    contract = rng.choice([1, 12, 24], n, p=[0.5, 0.3, 0.2])
    risk = 0.6 - 0.045 * tenure + 0.018 * (charge - 80.0) + 0.7 * tickets - 0.22 * logins - 0.07 * contract
    left = rng.random(n) < 1.0 / (1.0 + np.exp(-risk))
    x = np.column_stack([tenure, charge, tickets, logins, contract]).astype(np.float32)
    return x, left.astype(np.int64)


def main(folder):
    rng = np.random.default_rng(2024)
    x_train, y_train = make_customers(rng, 500)
    x, y = make_customers(rng, 240)

    model = RandomForestClassifier(n_estimators=50, max_depth=8, min_samples_leaf=2, random_state=0)
    model.fit(x_train, y_train)
    onx = convert_sklearn(model, "churn_model", [("float_input", FloatTensorType([None, 5]))])
    opsets = sorted(onx.opset_import, key=lambda opset: opset.domain)  # the converter has no fixed order
    del onx.opset_import[:]
    onx.opset_import.extend(opsets)
    entry = onx.metadata_props.add()  # so that a table's columns can be found by name, in any order
    entry.key, entry.value = "feature_names", ",".join(FEATURES)
    (folder / "churn.onnx").write_bytes(onx.SerializeToString(deterministic=True))

    labels, probabilities = model.predict(x), model.predict_proba(x)[:, 1]
    with open(folder / "customers.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["customer_id"] + FEATURES)
        for i, row in enumerate(x):
            table.writerow([f"C{i + 1:04}"] + [f"{value:g}" for value in row])
    with open(folder / "churn_expected.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["customer_id", "label", "churn_probability"])
        for i in range(len(x)):
            table.writerow([f"C{i + 1:04}", labels[i], f"{probabilities[i]:.9f}"])
    print(f"{len(onx.SerializeToString())} bytes, accuracy on unseen customers {np.mean(labels == y):.3f}, "
          f"{np.mean(y):.0%} of them left")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
