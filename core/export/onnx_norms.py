"""Instance and group norm of an ONNX graph, with means and variances in float64.

ONNX Runtime adds the thousands of values of a feature map up in float32, one after the other: on whole slices that
moves probabilities by some 1e-4, and torch's do not move with them. In float64 both agree to 1e-6.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NORM = "InstanceNormalization"  # group norm is exported as one between two reshapes


def with_precise_norms(graph: Any) -> None:
    """Replace every instance norm of an `onnx.GraphProto` by its definition, (x - mean) / sqrt(variance + epsilon).

    Reference: ONNX, operator InstanceNormalization-6; Ulyanov et al. Instance Normalization. 2016.
    """
    from onnx import numpy_helper

    nodes = list(graph.node)
    if not any(node.op_type == NORM for node in nodes):
        return
    for name, values in (("norm.flat", [0, 0, -1]), ("norm.column", [-1, 1]), ("norm.places", [2])):
        graph.initializer.append(numpy_helper.from_array(np.array(values, np.int64), name))
    del graph.node[:]
    for node in nodes:
        graph.node.extend(_defined(node, graph) if node.op_type == NORM else [node])


def _defined(node: Any, graph: Any) -> list[Any]:
    from onnx import TensorProto, helper, numpy_helper

    images, scale, shift = node.input
    name = node.output[0]
    epsilon = next(float(attribute.f) for attribute in node.attribute if attribute.name == "epsilon")
    graph.initializer.append(numpy_helper.from_array(np.array(epsilon, np.float64), f"{name}.epsilon"))
    made: list[Any] = []

    def step(operator: str, what: str, *inputs: str, **attributes: Any) -> str:
        made.append(helper.make_node(operator, inputs, [f"{name}.{what}"], f"{name}.{what}", **attributes))
        return f"{name}.{what}"

    shape = step("Shape", "shape", images)
    flat = step("Cast", "wide", step("Reshape", "flat", images, "norm.flat"), to=TensorProto.DOUBLE)
    centred = step("Sub", "centred", flat, step("ReduceMean", "mean", flat, "norm.places"))
    squares = step("Mul", "squares", centred, centred)
    variance = step("Add", "variance", step("ReduceMean", "spread", squares, "norm.places"), f"{name}.epsilon")
    wide = step("Div", "normal.wide", centred, step("Sqrt", "deviation", variance))
    normal = step("Cast", "normal", wide, to=TensorProto.FLOAT)
    scaled = step("Mul", "scaled", normal, step("Reshape", "scale", scale, "norm.column"))
    shifted = step("Add", "shifted", scaled, step("Reshape", "shift", shift, "norm.column"))
    made.append(helper.make_node("Reshape", [shifted, shape], [name], name))
    return made
