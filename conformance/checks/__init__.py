"""The suite: each module holds the checks of one topic, each check verifies requirements by their literal ids."""
