"""The pages: each asks the published file one question and shows the answer to any reader."""
