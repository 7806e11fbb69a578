"""The recorder: writes what died into the index, where people look it up."""

from pipeline.recorder.service import STAGE, Recorder, recorder_of_suspects, run_recorder

__all__ = ["STAGE", "Recorder", "recorder_of_suspects", "run_recorder"]
