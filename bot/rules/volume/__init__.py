"""Unusual volume of one terminal: silence, drops, spikes, failures, amounts, decay. Standard library only."""

from bot.rules.volume.detector import Detector
from bot.rules.volume.explain import describe
from bot.rules.volume.values import Failure, Minute, Signal, Slot, VolumeSettings

__all__ = ["Detector", "Failure", "Minute", "Signal", "Slot", "VolumeSettings", "describe"]
