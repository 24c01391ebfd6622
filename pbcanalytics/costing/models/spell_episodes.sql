-- One row per episode: the spell it belongs to, and its place in it (domain 2.1).
SELECT * FROM lone_episodes
UNION ALL
SELECT * FROM linked_episodes
