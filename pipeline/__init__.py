"""The road of a message: what travels, the stages that carry it, and the rooms they share."""
