"""One attempt at one service: sending, judging what came of it, and what follows."""
