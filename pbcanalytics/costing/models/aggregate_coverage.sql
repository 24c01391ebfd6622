-- One row per setting, as the file names it, and version of the HRGs: how much of it has a price.
SELECT setting_given, setting, hrg_version, COUNT(*) AS n_lines,
       COUNT(n_activity) AS n_lines_counted,
       CAST(COALESCE(SUM(n_activity), 0) AS BIGINT) AS n_activity,
       CAST(COALESCE(SUM(CASE WHEN is_code_held THEN n_activity END), 0) AS BIGINT) AS n_in_tariff,
       CAST(COALESCE(SUM(CASE WHEN price_pence IS NOT NULL THEN n_activity END), 0) AS BIGINT) AS n_priced,
       COUNT(price_pence) AS n_lines_priced,
       CAST(COALESCE(SUM(price_pence), 0) AS BIGINT) AS price_pence,
       CAST(COALESCE(SUM(CASE WHEN price_pence IS NOT NULL THEN supplied_pence END), 0) AS BIGINT)
         AS supplied_priced_pence,
       CAST(COALESCE(SUM(CASE WHEN supplied_pence IS NOT NULL THEN price_pence END), 0) AS BIGINT)
         AS price_supplied_pence,
       CAST(COALESCE(SUM(CASE WHEN supplied_pence IS NOT NULL THEN lowest_pence END), 0) AS BIGINT)
         AS lowest_supplied_pence,
       CAST(COALESCE(SUM(supplied_pence), 0) AS BIGINT) AS supplied_pence
FROM priced_aggregates
GROUP BY setting_given, setting, hrg_version
ORDER BY price_pence DESC, n_activity DESC, setting_given, hrg_version
