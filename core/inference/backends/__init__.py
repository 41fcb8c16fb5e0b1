"""What computes a network's logits: torch, or ONNX Runtime where there is no torch."""
