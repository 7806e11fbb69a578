"""Moodle as a destination: its form, its token, and what its answers mean; pure but for reading the token."""

from pipeline.attempt.moodle.call import FunctionName, MoodleCalls, WsTokenAuth, misfits

__all__ = ["FunctionName", "MoodleCalls", "WsTokenAuth", "misfits"]
