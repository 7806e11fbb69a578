"""Where Celery's worker and who publishes for it meet."""

QUEUE = "bench"
TASK = "bench.post"
