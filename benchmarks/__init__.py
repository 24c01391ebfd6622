"""Measurements that a command prints as tables; nothing here is asserted by a test."""
