"""Where messages live: exchanges, queues and bindings as data; imports nothing of ours."""
