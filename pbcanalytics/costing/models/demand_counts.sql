-- The cube of demand: one row per practice, provider, specialty, month, event, kind, source and point
-- of delivery. The squares of days tell how uneven stays are, which decides how far chance moves them.
SELECT practice_code, provider_code, specialty_code, month, event, kind, source, pod,
       CAST(SUM(n_events) AS BIGINT) AS n_events, CAST(SUM(n_days) AS BIGINT) AS n_days,
       CAST(SUM(n_square_days) AS BIGINT) AS n_square_days
FROM demand_events
GROUP BY practice_code, provider_code, specialty_code, month, event, kind, source, pod
