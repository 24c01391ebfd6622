"""From last years' activity to what a practice is offered, step by step, exact."""
