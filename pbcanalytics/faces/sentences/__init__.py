"""What the commands say of their results."""
