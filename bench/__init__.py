"""Benchmarks; what they need is in requirements.lock, which nothing else uses."""
