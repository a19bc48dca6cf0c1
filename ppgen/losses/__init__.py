"""Objectives as pure functions or tiny layers, each with its formula and paper."""
