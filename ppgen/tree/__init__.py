"""A tree of trainings by groups of people, and the router that chooses among its generators.

Nothing else depends on this package but what starts it: the command that trains, and a predictor with `routing=`.
"""
