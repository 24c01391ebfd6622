"""Demand: signal told from noise on small numbers. Frames and arrays in, a result out."""
