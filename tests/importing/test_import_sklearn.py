"""Networks from scikit-learn: predictions are the same, on data that it carries."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from nibblestream import quantize
from nibblestream.importing import from_sklearn
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, TANH

pytestmark = pytest.mark.numeric


def fitted(estimator, x, y):
    with warnings.catch_warnings():  # a few epochs do
        warnings.simplefilter("ignore")
        return estimator.fit(x, y)


def classifier(**options):
    return MLPClassifier((12,), max_iter=15, random_state=0, **options)


def regressor(*hidden, **options):
    return MLPRegressor(hidden_layer_sizes=hidden, max_iter=15, random_state=0, **options)


SCALERS = {
    "standard": StandardScaler(),
    "min and max": MinMaxScaler((-1, 1)),
    "max": MaxAbsScaler(),
    "robust": RobustScaler(),
    "principal components": PCA(5, whiten=True),
    "chosen features": VarianceThreshold(0.5),
}


@pytest.mark.parametrize("scaler", SCALERS)
def test_pipelines_are_folded(scaler):
    x, y = load_wine(return_X_y=True)
    pipeline = fitted(make_pipeline(SCALERS[scaler], "passthrough", classifier()), x, y)
    model = from_sklearn(pipeline, example=x)
    assert model.inputs == 13
    assert model.front.reach == (x.max(),)
    np.testing.assert_array_equal(model(x).argmax(axis=1), pipeline.predict(x))
    quantize(model)


def test_many_classes():
    x, y = load_digits(return_X_y=True)
    network = fitted(classifier(), x, y)
    model = from_sklearn(network, example=x, name="digits")
    assert (model.name, model.training) == (
        "digits",
        {"imported": "scikit-learn MLPClassifier"},
    )
    assert model.activations == (RELU, LINEAR)
    np.testing.assert_array_equal(model(x).argmax(axis=1), network.predict(x))


def test_two_classes_are_one_probability():
    x, y = load_breast_cancer(return_X_y=True)
    pipeline = fitted(make_pipeline(StandardScaler(), classifier(activation="tanh")), x, y)
    model = from_sklearn(pipeline, example=x)
    assert model.activations == (TANH, SIGMOID)
    np.testing.assert_allclose(model(x)[:, 0], pipeline.predict_proba(x)[:, 1], atol=1e-5)


def test_several_labels():
    x, y = load_diabetes(return_X_y=True)
    network = fitted(classifier(activation="logistic"), x, np.stack([y > 100, y > 200], 1))
    model = from_sklearn(network)
    assert model.activations == (SIGMOID, SIGMOID)
    np.testing.assert_allclose(model(x), network.predict_proba(x), atol=1e-6)


@pytest.mark.parametrize("hidden", [(), (8,), (8, 4)])
def test_regressors(hidden):
    x, y = load_diabetes(return_X_y=True)
    network = fitted(regressor(*hidden, activation="tanh"), x, y)
    model = from_sklearn(network)
    assert model.activations == (*[TANH] * len(hidden), LINEAR)
    np.testing.assert_allclose(model(x)[:, 0], network.predict(x), rtol=1e-5)


def test_a_regressor_of_two_outputs_without_hidden_activations():
    x, y = load_diabetes(return_X_y=True)
    network = fitted(regressor(8, activation="identity"), x, np.stack([y, -y], 1))
    model = from_sklearn(network)
    assert [w.shape for w in model.weights] == [(2, 10)]
    np.testing.assert_allclose(model(x), network.predict(x), rtol=1e-4, atol=1e-4)


def broken(x):
    raise KeyError("no such column")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Normalizer(), "Normalizer is not affine, .* StandardScaler, MinMaxScaler or PCA"),
        (PolynomialFeatures(), "PolynomialFeatures is not affine"),
        (MinMaxScaler(clip=True), "MinMaxScaler is not affine"),
        (FunctionTransformer(np.tanh), "FunctionTransformer is not affine"),
    ],
)
def test_other_steps_are_refused(step, message):
    x, y = load_wine(return_X_y=True)
    with pytest.raises(ValueError, match=message):
        from_sklearn(fitted(make_pipeline(step, classifier()), x, y))


def test_steps_that_fail_are_named():
    x, y = load_wine(return_X_y=True)
    pipeline = fitted(make_pipeline(FunctionTransformer(), classifier()), x, y)
    pipeline[0].func = broken
    with pytest.raises(ValueError, match="FunctionTransformer fails on rows of numbers: 'no such"):
        from_sklearn(pipeline)


@pytest.mark.parametrize(
    ("estimator", "kind", "message"),
    [
        (
            StandardScaler(),
            TypeError,
            "found a StandardScaler; expected an MLPClassifier or",
        ),
        (make_pipeline(PCA()), TypeError, "found a PCA"),
        ("net.joblib", TypeError, "found a str"),
        (MLPRegressor(), ValueError, "the MLPRegressor is not fitted; call its fit first"),
    ],
)
def test_other_estimators_are_refused(estimator, kind, message):
    with pytest.raises(kind, match=message):
        from_sklearn(estimator)


def test_outputs_that_no_layer_computes_are_refused():
    x, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="MLPRegressor's activation 'exp' is not supported"):
        from_sklearn(fitted(regressor(4, loss="poisson"), x, y))
