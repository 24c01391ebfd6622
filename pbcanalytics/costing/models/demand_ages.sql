-- One row per provider, specialty, event, kind, source, point of delivery, sex and age: how many, over
-- all practices and months. It gives the shape by age and sex that rates are standardised by.
SELECT provider_code, specialty_code, event, kind, source, pod, sex, age_years,
       CAST(SUM(n_events) AS BIGINT) AS n_events, CAST(SUM(n_days) AS BIGINT) AS n_days
FROM demand_events
GROUP BY provider_code, specialty_code, event, kind, source, pod, sex, age_years
