"""Rules: facts about a terminal and settings in, findings out. Pure: no clock, no network, no store."""
