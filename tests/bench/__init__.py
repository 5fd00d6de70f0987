"""Benchmarks, run on demand from the checkout: ``python -m tests.bench.merge`` and its neighbours."""
