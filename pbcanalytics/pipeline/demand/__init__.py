"""Measures, alerts, forecasts and schemes from what is held."""
